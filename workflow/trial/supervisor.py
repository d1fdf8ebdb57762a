"""Starts a measured process, watches it, and outlives whatever becomes of it."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
STDERR_TAIL_BYTES = 4000


class HarnessError(Exception):
    """The harness itself went wrong; never something that the measured code did."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What became of a measured process: its answer, or why there is none."""

    answer: dict[str, Any]
    stderr_tail: str
    started_unix_ns: int
    ended_unix_ns: int
    started_monotonic_ns: int
    ended_monotonic_ns: int


def run_measured(
    command: Sequence[str],
    order: Mapping[str, Any],
    environment: Mapping[str, str],
    timeout_s: float,
) -> Ending:
    """Run `command -m workflow.trial.measure` with an order, in a session and folder of its own.

    Whatever the process leaves running is killed when it ends, when its time is over, and when
    this process is interrupted.
    """
    with tempfile.TemporaryDirectory(prefix="trial-") as folder, _interruptible():
        answer_file = Path(folder) / "answer.json"
        stderr_file = Path(folder) / "stderr"
        started_unix_ns, started_monotonic_ns = time.time_ns(), time.perf_counter_ns()
        with stderr_file.open("wb") as stderr:
            process = subprocess.Popen(
                [*command, "-m", "workflow.trial.measure"],
                stdin=subprocess.PIPE,
                stdout=stderr,
                stderr=stderr,
                env=dict(environment),
                cwd=folder,
                start_new_session=True,
            )
            timed_out = False
            try:
                process.communicate(
                    json.dumps({**order, "answer": str(answer_file)}).encode(), timeout=timeout_s
                )
            except subprocess.TimeoutExpired:
                timed_out = True
            finally:
                _kill_session(process)
        ended_unix_ns, ended_monotonic_ns = time.time_ns(), time.perf_counter_ns()
        return Ending(
            answer=_answer(answer_file, process.returncode, timeout_s if timed_out else None),
            stderr_tail=_tail(stderr_file),
            started_unix_ns=started_unix_ns,
            ended_unix_ns=ended_unix_ns,
            started_monotonic_ns=started_monotonic_ns,
            ended_monotonic_ns=ended_monotonic_ns,
        )


def _answer(answer_file: Path, exit_code: int, timeout_s: float | None) -> dict[str, Any]:
    if answer_file.exists():
        return _parsed(answer_file)
    if timeout_s is not None:
        return {"outcome": "timeout", "explanation": f"not finished after {timeout_s:g} s"}
    if exit_code < 0:
        name = signal.Signals(-exit_code).name
        return {"outcome": "crashed", "explanation": f"the process was ended by {name}"}
    return {"outcome": "crashed", "explanation": f"the process ended with exit code {exit_code}"}


def _parsed(answer_file: Path) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(answer_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise HarnessError(
            f"the measured process left an answer that is no JSON: {error}"
        ) from error
    return answer


def _tail(file: Path) -> str:
    return file.read_bytes()[-STDERR_TAIL_BYTES:].decode("utf-8", errors="replace")


def _kill_session(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process and all that it started, then reap it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Turn SIGTERM into an exception for a while, so that `finally` clauses run."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
