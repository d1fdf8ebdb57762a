"""Starts a measured process, watches it, and outlives it however it ends."""

import contextlib
import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.records.trial import Supervised, TrialHealth
from threads_or_processes.trial.measured.probe_client import WORDS, ProbeReading
from threads_or_processes.trial.measured.proc import children
from threads_or_processes.trial.supervisor import health
from threads_or_processes.trial.supervisor.outcome import explained, unanswered
from threads_or_processes.trial.supervisor.pipeline_idle import ancestors, await_idle, cpu_ns
from threads_or_processes.trial.supervisor.reaper import (
    LENGTH,
    SHARED_MEMORY,
    ReaperRequest,
    adopt_orphans,
    end_children,
    unlink_shared_memory,
)

REAPER = "threads_or_processes.trial.supervisor.reaper"
MEASURED = "threads_or_processes.trial.measured.measure"
PACKAGE_ROOT = Path(__file__).resolve().parents[3]
STDERR_TAIL_BYTES = 4000
ENDS_WITHIN_S = 30.0


class HarnessError(Exception):
    """The harness itself went wrong; never something that the measured code did."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a measured process ended: its answer, or why there is none, and what was seen of it."""

    answer: dict[str, Any]
    seen: Supervised


def run_measured(
    command: Sequence[str],
    spec: Mapping[str, Any],
    environment: Mapping[str, str],
    timeout_s: float,
    read_sentinel: Callable[[], list[ProbeReading]] | None = None,
) -> Ending:
    """Run `command -m MEASURED` with a spec, in a session and folder of its own.

    The environment gets `SHARED_MEMORY_PREFIX`, with which the trial begins the names of all shared
    memory. `read_sentinel` answers the process's questions about its neighbours, over two pipes
    whose ends are added to the spec's `probe`. Whatever the process leaves is ended and removed:
    when it ends, when its time is over, and when this process is interrupted or killed.
    """
    prefix = f"top-{secrets.token_hex(4)}-"
    with (
        _interruptible(),
        # Removed by the reaper, unless it never came to know of it.
        tempfile.TemporaryDirectory(prefix="trial-", ignore_cleanup_errors=True) as folder,
        _answering(read_sentinel) as ends,
        _reaper(ends, prefix) as reaper,
    ):
        if ends:
            spec = {**spec, "probe": {**spec["probe"], "asks": ends[0], "answers": ends[1]}}
        spec_file, answer_file, stderr_file = (
            Path(folder) / name for name in ("spec.json", "answer.json", "stderr")
        )
        spec_file.write_text(json.dumps({**spec, "answer": str(answer_file)}), encoding="utf-8")
        pipeline = ancestors()
        waited_ns = await_idle(pipeline)
        beside_cpu_ns = cpu_ns(pipeline)
        health_before = health.read()
        started_unix_ns, started_monotonic_ns = time.time_ns(), time.perf_counter_ns()
        reaper.start(
            ReaperRequest(
                command=[*command, "-m", MEASURED],
                environment={**environment, **_places(folder, prefix)},
                folder=folder,
                spec=str(spec_file),
                stderr=str(stderr_file),
                pass_fds=list(ends),
                shared_memory_prefix=prefix,
            )
        )
        exit_code = reaper.exit_code(timeout_s)
        timed_out = exit_code is None
        if exit_code is None:
            reaper.end()
            exit_code = reaper.exit_code(ENDS_WITHIN_S)
        if exit_code is None:
            raise HarnessError("a process of the trial can't be ended")
        ended_unix_ns, ended_monotonic_ns = time.time_ns(), time.perf_counter_ns()
        health_after = health.read()
        # A shell above the pipeline may end meanwhile, and its time is no longer counted then.
        beside_cpu_ns = max(0, cpu_ns(pipeline) - beside_cpu_ns)
        flags = health.flags(health_before, health_after)
        if answer_file.exists():
            answer = _parsed(answer_file)
        else:
            answer = unanswered(exit_code, timeout_s if timed_out else None)
        seen = Supervised(
            stderr_tail=stderr_file.read_bytes()[-STDERR_TAIL_BYTES:].decode(errors="replace"),
            health=TrialHealth(before=health_before, after=health_after, flags=flags),
            waited_ns=waited_ns,
            beside_cpu_ns=beside_cpu_ns,
            started_unix_ns=started_unix_ns,
            ended_unix_ns=ended_unix_ns,
            started_monotonic_ns=started_monotonic_ns,
            ended_monotonic_ns=ended_monotonic_ns,
        )
        return Ending(answer=explained(answer, flags, stderr_file), seen=seen)


def _places(folder: str, prefix: str) -> dict[str, str]:
    """Where libraries put things aside, so that they go with the trial.

    joblib takes shared memory for large arrays by default, and so it does here.
    """
    in_memory = str(SHARED_MEMORY / f"{prefix}joblib") if SHARED_MEMORY.is_dir() else folder
    return {"JOBLIB_TEMP_FOLDER": in_memory, "SHARED_MEMORY_PREFIX": prefix, "TMPDIR": folder}


class _Reaper:
    """The supervisor's end of a reaper process, which is told by a pipe and reports by one."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin
        assert process.stdout
        self._process, self._control, self._report = process, process.stdin, process.stdout

    def start(self, request: ReaperRequest) -> None:
        """Have it start what it shall answer for."""
        content = json.dumps(request).encode()
        self._tell(LENGTH.pack(len(content)) + content)

    def end(self) -> None:
        """Have it end what it started."""
        self._tell(b"!")

    def exit_code(self, timeout_s: float) -> int | None:
        """The measured process's, once nothing of it runs any more; None when time is over.

        A negative one is a signal's number.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._report, selectors.EVENT_READ)
            if not selector.select(timeout_s):
                return None
        content = self._report.read()
        if not content:
            raise HarnessError("the reaper of a trial ended without a report")
        return int(content)

    def dismiss(self) -> bool:
        """Let it leave nothing, and wait until it is gone; whether it came to its proper end."""
        with contextlib.suppress(BrokenPipeError):
            self._control.close()
        self._report.close()
        return self._process.wait(ENDS_WITHIN_S) == 0

    def _tell(self, words: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):  # the missing report will tell
            self._control.write(words)
            self._control.flush()


@contextlib.contextmanager
def _reaper(pass_fds: Sequence[int], shared_memory_prefix: str) -> Iterator[_Reaper]:
    """A reaper that waits for its request; when the block is left, all of it is gone.

    Should the reaper itself be killed, what it answered for comes to this process.
    """
    adopt_orphans()
    others = [int(child) for child in children("self")]
    reaper = _Reaper(
        subprocess.Popen(
            # No more of the interpreter than it needs: it is started for every trial.
            [sys.executable, "-E", "-s", "-S", "-m", REAPER],
            cwd=PACKAGE_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    )
    try:
        yield reaper
    finally:
        if not reaper.dismiss():
            end_children(spared=others)
            unlink_shared_memory(shared_memory_prefix)
        adopt_orphans(adopt=False)


def _parsed(answer_file: Path) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(answer_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise HarnessError(
            f"the measured process left an answer that is no JSON: {error}"
        ) from error
    return answer


@contextlib.contextmanager
def _answering(read: Callable[[], list[ProbeReading]] | None) -> Iterator[tuple[int, ...]]:
    """Answer each byte on one pipe on another, for all CPUs; yields the measured side's ends."""
    if read is None:
        yield ()
        return
    asks_ours, asks = os.pipe()
    answers, answers_ours = os.pipe()

    def answer() -> None:
        while os.read(asks_ours, 1):
            words = (WORDS.pack(answer.work_ns, answer.waited_ns) for answer in read())
            os.write(answers_ours, b"".join(words))

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
