"""Starts a measured process, watches it, and outlives whatever becomes of it."""

import contextlib
import json
import os
import signal
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.trial.beside import ancestors, await_idle, cpu_ns

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
STDERR_TAIL_BYTES = 4000
ENDS_WITHIN_S = 5.0


class HarnessError(Exception):
    """The harness itself went wrong; never something that the measured code did."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What became of a measured process: its answer, or why there is none."""

    answer: dict[str, Any]
    stderr_tail: str
    waited_ns: int
    beside_cpu_ns: int
    started_unix_ns: int
    ended_unix_ns: int
    started_monotonic_ns: int
    ended_monotonic_ns: int


def run_measured(
    command: Sequence[str],
    order: Mapping[str, Any],
    environment: Mapping[str, str],
    timeout_s: float,
    read_sentinel: Callable[[], list[int]] | None = None,
) -> Ending:
    """Run `command -m workflow.trial.measure` with an order, in a session and folder of its own.

    `read_sentinel` answers the process's questions about its neighbours, over two pipes whose ends
    are added to the order's `watch`. Whatever the process leaves running is killed when it ends,
    when its time is over, and when this process is interrupted.
    """
    with (
        tempfile.TemporaryDirectory(prefix="trial-") as folder,
        _interruptible(),
        _answering(read_sentinel) as ends,
    ):
        if ends:
            order = {**order, "watch": {**order["watch"], "asks": ends[0], "answers": ends[1]}}
        pipeline = ancestors()
        waited_ns = await_idle(pipeline)
        beside_cpu_ns = cpu_ns(pipeline)
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
                pass_fds=ends,
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
        beside_cpu_ns = cpu_ns(pipeline) - beside_cpu_ns
        return Ending(
            answer=_answer(answer_file, process.returncode, timeout_s if timed_out else None),
            stderr_tail=_tail(stderr_file),
            waited_ns=waited_ns,
            beside_cpu_ns=beside_cpu_ns,
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
def _answering(read: Callable[[], list[int]] | None) -> Iterator[tuple[int, ...]]:
    """Answer each byte on one pipe with a reading on another; yields the measured side's ends."""
    if read is None:
        yield ()
        return
    asks_ours, asks = os.pipe()
    answers, answers_ours = os.pipe()

    def answer() -> None:
        while os.read(asks_ours, 1):
            reading = read()
            os.write(answers_ours, struct.pack(f"{len(reading)}q", *reading))

    answering = threading.Thread(target=answer, daemon=True)
    answering.start()
    try:
        yield asks, answers
    finally:
        # The measured process and its workers are dead: with our copy the last end closes.
        os.close(asks)
        answering.join(timeout=ENDS_WITHIN_S)
        for end in (answers, asks_ours, answers_ours):
            os.close(end)


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
