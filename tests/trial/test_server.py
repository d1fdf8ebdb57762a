"""The server of trials: a command runs as if its client ran it, however either ends."""

import contextlib
import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from threads_or_processes.trial.client import ADDRESS
from threads_or_processes.trial.server import start_server

from tests.trial.conftest import processes_with, until_gone

PACKAGES = Path(__file__).parents[2] / "workflow"
CLIENT = PACKAGES / "threads_or_processes/trial/client.py"

# Commands that a server runs in place of trials.
COMMANDS = """
import os, signal, socket, sys, time
from threads_or_processes.trial.server import serve

def run(arguments):
    name, *rest = arguments
    globals()[name](*rest)

def say(out, err):
    print(out, os.getppid() == server)
    sys.stderr.write(err)

def leave(code):
    sys.exit(int(code))

def fail():
    raise ValueError("told")

def interrupted():
    raise KeyboardInterrupt

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def wait(place):
    try:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        open(place, "w").write(str(os.getpid()))
        time.sleep(600)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        os.unlink(place)

server = os.getpid()
if len(sys.argv) > 2:
    os.getuid = lambda: int(sys.argv[2])
listener = socket.socket(fileno=int(sys.argv[1]))
serve(listener, run)
"""


@dataclass(frozen=True)
class Server:
    """A running server: its process, and the environment of its clients."""

    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]

    def ask(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a client."""
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(CLIENT), *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def test_a_system_without_a_server_runs_the_command_itself() -> None:
    """macOS has no SO_PEERCRED, which this takes away, nor a server to name."""
    without = f"""
import _socket, runpy, sys
del _socket.SO_PEERCRED
sys.argv[1:] = ["--help"]
runpy.run_path({str(CLIENT)!r}, run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", without],
        env={"PYTHONPATH": str(PACKAGES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "usage: python -m threads_or_processes.trial" in done.stdout, done.stderr


@contextlib.contextmanager
def started(*arguments: str, first: str = "") -> Iterator[Server]:
    """A server with a name of its own, which runs some code `first`."""
    name = secrets.token_hex(8)
    environment = {"PYTHONPATH": str(PACKAGES), ADDRESS: name}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        process = subprocess.Popen(
            [sys.executable, "-c", first + COMMANDS, str(listener.fileno()), *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
    yield Server(process, environment)
    process.kill()
    process.communicate()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of its own for each test."""
    with started() as server:
        yield server


def test_a_command_writes_to_its_client_s_streams_from_a_process_of_its_own(server: Server) -> None:
    for words in ("one", "another\n{}"):
        assert server.ask("say", words, "error").communicate() == (f"{words} True\n", "error")


@pytest.mark.parametrize(
    ("command", "exit_code"),
    [
        pytest.param(["say", "", ""], 0, id="it ends"),
        pytest.param(["leave", "2"], 2, id="it leaves"),
        pytest.param(["fail"], 1, id="it fails"),
        pytest.param(["die"], 128 + signal.SIGKILL, id="it is killed"),
    ],
)
def test_a_client_ends_as_its_command_does(
    server: Server, command: list[str], exit_code: int
) -> None:
    client = server.ask(*command)
    _, said = client.communicate()
    assert client.returncode == exit_code
    assert ("ValueError: told" in said) is (command == ["fail"])


@pytest.mark.parametrize(
    ("sent", "exit_code"),
    [
        pytest.param(signal.SIGINT, 130, id="an interrupt is passed on"),
        pytest.param(signal.SIGKILL, -signal.SIGKILL, id="a dead client's command is ended"),
    ],
)
def test_what_becomes_of_a_client_becomes_of_its_command(
    server: Server, tmp_path: Path, sent: signal.Signals, exit_code: int
) -> None:
    waiting = tmp_path / "waiting"
    client = server.ask("wait", str(waiting))
    while not (waiting.exists() and waiting.read_text()):
        assert client.poll() is None
    client.send_signal(sent)
    client.communicate()
    assert client.returncode == exit_code
    until_gone(lambda: [path for path in (waiting,) if path.exists()])
    assert server.ask("say", "on", "").communicate()[0] == "on True\n"


# While Python's hooks of a fork run, it prints and drops what is raised.
AT_A_FORK = """
import os, signal
os.register_at_fork(after_in_child=lambda: signal.raise_signal(signal.SIGINT))
"""


@pytest.mark.parametrize(
    ("first", "command"),
    [
        pytest.param(AT_A_FORK, ["say", "words", ""], id="during the fork"),
        pytest.param("", ["interrupted"], id="before the command begins"),
    ],
)
def test_an_interrupt_ends_a_process_that_begins(first: str, command: list[str]) -> None:
    with started(first=first) as server:
        client = server.ask(*command)
        assert client.communicate() == ("", "")
    assert client.returncode == 128 + signal.SIGINT


@pytest.mark.parametrize("step", ["connect", "sendmsg", "recv"])
def test_a_client_that_is_interrupted_at_any_step_ends(server: Server, step: str) -> None:
    """At the last one twice, of which the first is passed on."""
    code = f"""
import _socket, runpy, sys
class Interrupted(_socket.socket):
    def {step}(self, *_):
        self.__class__ = Twice
        raise KeyboardInterrupt
class Twice(Interrupted):
    def sendmsg(self, *_):
        raise KeyboardInterrupt
_socket.socket = Interrupted
sys.argv[1:] = ["wait", "/nowhere/at/all"]
runpy.run_path({str(CLIENT)!r}, run_name="__main__")
"""
    client = subprocess.run(
        [sys.executable, "-c", code],
        env=server.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (client.returncode, client.stdout, client.stderr) == (128 + signal.SIGINT, "", "")


def test_a_command_ends_with_a_killed_server_and_is_run_again(
    server: Server, tmp_path: Path
) -> None:
    waiting = tmp_path / "waiting"
    client = server.ask("wait", str(waiting))
    while not (waiting.exists() and waiting.read_text()):
        assert client.poll() is None
    server.process.kill()
    said = client.communicate()[1]
    assert said.startswith("warning: the server of trials was killed; trying again without it\n")
    assert "invalid choice: 'wait'" in said  # by the command itself, which has no such
    assert client.returncode == 2
    until_gone(lambda: [path for path in (waiting,) if path.exists()])


def test_another_user_s_clients_are_sent_away() -> None:
    with started(str(os.getuid() + 1)) as other:
        client = other.ask("say", "words", "")
        said, warning = client.communicate()
    assert "words True" not in said
    assert "invalid choice: 'say'" in warning  # by the command itself, which has no such


def test_another_user_s_server_is_asked_nothing() -> None:
    address = secrets.token_hex(8)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"\0{address}")
        listener.listen()
        code = (
            "import os, runpy, sys; os.getuid = lambda: -1; "
            "runpy.run_path(sys.argv.pop(1), run_name='__main__')"
        )
        client = subprocess.run(
            [sys.executable, "-c", code, str(CLIENT), "say", "words"],
            env={"PYTHONPATH": str(PACKAGES), ADDRESS: address},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "invalid choice: 'say'" in client.stderr
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(1) == b""


@pytest.mark.parametrize("address", [None, "no server listens here"])
def test_without_a_server_the_client_runs_the_command(server: Server, address: str | None) -> None:
    environment = {**server.environment, ADDRESS: address or ""}
    if address is None:
        del environment[ADDRESS]
    out, _ = Server(server.process, environment).ask("measure", "--help").communicate()
    assert out.startswith("usage: python -m threads_or_processes.trial measure")


def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Killed, it can do nothing for that."""
    code = """
        import os, tempfile, time
        from threads_or_processes.trial.server import start_server
        start_server()
        print(os.environ["TRIAL_SERVER"], flush=True)
        time.sleep(600)
    """
    marker = f"MARKER={tmp_path}"
    starter = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"PYTHONPATH": str(PACKAGES), "TMPDIR": str(tmp_path), "MARKER": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout
    address = starter.stdout.readline().strip()
    environment = {"PYTHONPATH": str(PACKAGES), ADDRESS: address}
    client = Server(starter, environment).ask("measure", "--help")  # type: ignore[arg-type]
    assert client.communicate()[0].startswith("usage: python -m threads_or_processes.trial measure")
    assert list(tmp_path.iterdir()) == []
    assert len(processes_with(marker)) == 2
    starter.kill()
    starter.communicate()
    until_gone(lambda: processes_with(marker))


def test_where_no_socket_can_be_there_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, "no names without files here")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    monkeypatch.delenv(ADDRESS, raising=False)
    start_server()
    assert ADDRESS not in os.environ
