"""A server for one run of Snakemake: it forks a process for each trial, with everything imported.

A trial's command takes 0.1 s to start and to import its modules, and the server none. All else is
as if Snakemake had started it: a process of its own for each trial, which takes the machine's lock
and ends when its client is killed. The server ends with the process that started it, whatever ends
that: the pipe that is its standard input closes.
"""

import atexit
import contextlib
import ctypes
import gc
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from threads_or_processes.common.decoding import MismatchError, decode, problem_with
from threads_or_processes.common.streams import open_closed_streams
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.trial import Answer
from threads_or_processes.trial.client import ADDRESS, is_of_this_user

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
LIFELINE = 0
LONGEST_REQUEST_BYTES = 2**20
PR_SET_PDEATHSIG = 1


def start_server() -> None:
    """Start a server that lives as long as this process, and tell the clients below it of it.

    Where the system lacks what it needs there is none, and clients do without.
    """
    if sys.platform != "linux":
        return
    # A name without a file: a killed server leaves none.
    address = f"trials-{secrets.token_hex(16)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        try:
            listener.bind(f"\0{address}")
        except OSError:
            return
        listener.listen()
        server = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listener.fileno())],
            env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            start_new_session=True,  # an interrupt at the terminal reaches it through its client
        )
    os.environ[ADDRESS] = address
    atexit.register(server.communicate)


def serve(listener: socket.socket, run: Callable[[Sequence[str]], None]) -> None:
    """Fork a process for each client that `run`s its arguments, until the lifeline ends.

    Another user's clients are sent away.
    """
    # Python drops what is raised while its hooks of a fork run: an interrupt ends a child then.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    while LIFELINE not in _ready([LIFELINE, listener]):
        client, _ = listener.accept()
        with client:
            if not is_of_this_user(client):
                continue
            content, streams, _, _ = socket.recv_fds(client, LONGEST_REQUEST_BYTES, 2)
            if not content:
                continue  # it has ended already
            pid = os.fork()
            if pid == 0:
                listener.close()
                client.close()
                _run_in_child(content.decode().split("\0"), streams, run)
            for stream in streams:
                os.close(stream)
            _answer(client, pid)


def _answer(client: socket.socket, pid: int) -> None:
    """Wait for a process, pass on what its client sends to it, and send the exit code."""
    ended = os.pidfd_open(pid)
    watched = [ended, client]
    while ended not in _ready(watched):
        word = client.recv(1)
        if not word:
            watched.remove(client)
        os.kill(pid, word[0] if word else signal.SIGTERM)
    os.close(ended)
    exit_code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(OSError):  # the client has ended
        client.send(str(exit_code if exit_code >= 0 else 128 - exit_code).encode())


def _ready(watched: list[Any]) -> list[Any]:
    """Those of sockets and other ends that have something to read, once one has."""
    return select.select(watched, [], [])[0]


def _run_in_child(
    arguments: Sequence[str], streams: Sequence[int], run: Callable[[Sequence[str]], None]
) -> NoReturn:
    """Run a command as a process of its own would, with the client's output streams."""
    exit_code = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), LIFELINE)
        for stream, end in zip(streams, (1, 2), strict=True):
            os.dup2(stream, end)
            os.close(stream)
        run(arguments)
        exit_code = 0
    except SystemExit as leaving:
        exit_code = leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))
    except KeyboardInterrupt:
        exit_code = 128 + signal.SIGINT
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


def _prepared() -> Callable[[Sequence[str]], None]:
    """The commands of this package, with all that takes time at its first use done."""
    # Not where a server is only started.
    from threads_or_processes.trial.__main__ import command_line_parser, run_command
    from threads_or_processes.trial.machine import fingerprint
    from threads_or_processes.trial.supervisor import health
    from threads_or_processes.trial.supervisor.sentinel import work
    from threads_or_processes.trial.workloads import all_workloads

    for prepare in (command_line_parser, all_workloads, work, fingerprint, health.read):
        prepare()
    with contextlib.suppress(MismatchError):
        decode({}, Identity)
    problem_with({}, Answer)
    gc.freeze()  # or each process would copy all of it, to note that it was looked at
    return run_command


def main() -> None:
    """Serve the socket whose number the command line names."""
    open_closed_streams()
    run_command = _prepared()
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        serve(listener, run_command)


if __name__ == "__main__":
    main()
