"""No program that we start outlives us, and none sees the shell that we came from."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from threads_or_processes.interpreters.process import (
    CancelledError,
    Processes,
    clean_environment,
    last_lines,
    network_environment,
)

from tests.interpreters.waiting import is_running, wait_until, written

ROOT = Path(__file__).parents[2]


def test_a_program_answers_with_its_outputs_and_status(processes: Processes) -> None:
    answer = processes.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (answer.status, answer.stdout, answer.stderr) == (3, "out\n", "err\n")


def test_a_program_that_is_not_there_is_a_status(processes: Processes) -> None:
    assert processes.run(["/nowhere/program"]).status == 127


def test_a_program_that_does_not_answer_is_ended(processes: Processes, tmp_path: Path) -> None:
    # The grandchild must go too: it is what a wrapper script leaves behind.
    command = ["sh", "-c", f"sleep 1000 & echo $! > {tmp_path}/pid; wait"]
    answer = processes.run(command, timeout_s=0.5)
    assert answer.status == -signal.SIGKILL
    assert "no answer within 0.5 s" in answer.stderr
    if (tmp_path / "pid").exists():
        wait_until(lambda: not is_running(int(written(tmp_path / "pid"))))


def test_closing_ends_what_runs_and_refuses_what_comes(tmp_path: Path) -> None:
    processes = Processes()
    caught: list[BaseException] = []

    def build() -> None:
        try:
            with (tmp_path / "log").open("wb") as log:
                command = ["sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 1000"]
                processes.run_logged(command, cwd=tmp_path, env=clean_environment(), log=log)
        except CancelledError as error:
            caught.append(error)

    thread = threading.Thread(target=build)
    thread.start()
    pid = int(written(tmp_path / "pid"))
    processes.close()
    thread.join()
    assert len(caught) == 1
    assert not is_running(pid)
    with pytest.raises(CancelledError):
        processes.run(["true"])


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_we_are_ended_our_children_end(tmp_path: Path, end: signal.Signals) -> None:
    program = (
        "from threads_or_processes.interpreters.process import Processes\n"
        f"Processes().run(['sh', '-c', 'sleep 1000 & echo $! > {tmp_path}/pid; wait'])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.DEVNULL
    ) as parent:
        grandchild = int(written(tmp_path / "pid"))
        assert is_running(grandchild)
        parent.send_signal(end)
    wait_until(lambda: not is_running(grandchild))


def test_the_callers_compiler_flags_and_python_are_not_seen(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFLAGS", "-O0")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    seen = processes.run(["env"]).stdout
    assert "CFLAGS" not in seen
    assert "PYTHONPATH" not in seen
    assert f"PATH={os.environ['PATH']}" in seen


def test_a_downloader_sees_proxies_but_not_the_callers_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example")
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    environment = network_environment()
    assert environment["https_proxy"] == "http://proxy.example"
    assert "VIRTUAL_ENV" not in environment


def test_the_end_of_an_output_is_its_last_lines() -> None:
    assert last_lines("a\nb\nc\n\n", 2) == "b\nc"
