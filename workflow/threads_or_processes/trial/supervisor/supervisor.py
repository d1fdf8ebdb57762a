"""Starts a measured process, watches it, and outlives it however it ends."""

import contextlib
import json
import os
import secrets
import selectors
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from threads_or_processes.common.files import is_full, temporary_folder
from threads_or_processes.records.trial import Supervised, TrialHealth
from threads_or_processes.trial.measured.probe_client import WORDS, ProbeReading
from threads_or_processes.trial.measured.proc import children
from threads_or_processes.trial.supervisor import health
from threads_or_processes.trial.supervisor.faults import (
    HarnessError,
    NoRoomError,
    NotStartedError,
    RefusedError,
    SentinelDiedError,
)
from threads_or_processes.trial.supervisor.leftovers import (
    PREFIX,
    end_leftovers,
    marked_folder,
)
from threads_or_processes.trial.supervisor.outcome import exit_words, explained, unanswered
from threads_or_processes.trial.supervisor.pipeline_idle import ancestors, await_idle, cpu_ns
from threads_or_processes.trial.supervisor.reaper import (
    BROKEN,
    ENDS_WITHIN_S,
    LONGEST_REPORT_BYTES,
    POLITE,
    PREFIX_VARIABLE,
    REFUSED,
    SHARED_MEMORY,
    ReaperRequest,
    adopt_orphans,
    end_children,
    fork_reaper,
    postponed,
    unlink_shared_memory,
)

MEASURED = "threads_or_processes.trial.measured.measure"
PACKAGE_ROOT = Path(__file__).resolve().parents[3]
STDERR_TAIL_BYTES = 4000


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a measured process ended: its answer, or why there is none, and what was seen of it.

    `version` and `library`, the path of its shared library, are what the interpreter said of itself
    when it started.
    """

    answer: dict[str, Any]
    seen: Supervised
    version: str
    library: str | None


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
    place = temporary_folder()
    try:
        if is_full(place):  # not on another disk, whatever there is
            raise _no_room(place)
        ending = _run_measured(command, spec, environment, timeout_s, read_sentinel)
    except OSError as error:
        raise RefusedError(error) from error
    if ending.answer.get("outcome", "ok") != "ok" and is_full(place):
        raise _no_room(place)
    return ending


def _no_room(place: Path) -> NoRoomError:
    return NoRoomError(f"the disk is full where trials keep temporary files: {place}")


def _run_measured(
    command: Sequence[str],
    spec: Mapping[str, Any],
    environment: Mapping[str, str],
    timeout_s: float,
    read_sentinel: Callable[[], list[ProbeReading]] | None,
) -> Ending:
    end_leftovers()
    prefix = f"{PREFIX}{secrets.token_hex(4)}-"
    with (
        _interruptible(),
        # Removed by the reaper, unless it never came to be.
        marked_folder(prefix) as folder,
        # Files without a name: the work can't remove them.
        _file_in_memory() as spec_file,
        _file_in_memory() as answer_file,
        tempfile.TemporaryFile() as stderr_file,
        contextlib.ExitStack() as stack,
    ):
        line = _SentinelLine(read_sentinel) if read_sentinel else None
        if line:
            stack.callback(line.close)
            asks, answers = line.measured_ends
            spec = {**spec, "probe": {**spec["probe"], "asks": asks, "answers": answers}}
        spec_file.write(json.dumps({**spec, "answer": answer_file.fileno()}).encode())
        spec_file.seek(0)
        request = ReaperRequest(
            command=[*command, "-m", MEASURED],
            environment={**environment, **_places(folder, prefix)},
            folder=folder,
            spec=spec_file.fileno(),
            stderr=stderr_file.fileno(),
            pass_fds=(answer_file.fileno(), *(line.measured_ends if line else ())),
            shared_memory_prefix=prefix,
        )
        reaper = stack.enter_context(_reaper(request, not_its=line.own_ends if line else ()))
        if line:
            line.open(on_fault=reaper.end)  # after the fork, which copies no threads
        pipeline = ancestors()
        waited_ns = await_idle(pipeline)
        beside_cpu_ns = cpu_ns(pipeline)
        health_before = health.read()
        started_unix_ns, started_monotonic_ns = time.time_ns(), time.perf_counter_ns()
        reaper.start()
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
        if line and line.fault:
            raise SentinelDiedError(f"the sentinel died while a trial ran: {line.fault}")
        flags = health.flags(health_before, health_after)
        stderr_tail = _tail(stderr_file)
        start, answer = _told(answer_file)
        missing = unanswered(exit_code, timeout_s if timed_out else None)
        if start is None:
            raise NotStartedError(
                f"{command[0]} did not start: {missing['explanation']}"
                + (f"; its last words were:\n{stderr_tail.rstrip()}" if stderr_tail else "")
            )
        seen = Supervised(
            stderr_tail=stderr_tail,
            health=TrialHealth(before=health_before, after=health_after, flags=flags),
            waited_ns=waited_ns,
            beside_cpu_ns=beside_cpu_ns,
            started_unix_ns=started_unix_ns,
            ended_unix_ns=ended_unix_ns,
            started_monotonic_ns=started_monotonic_ns,
            ended_monotonic_ns=ended_monotonic_ns,
        )
        stderr_file.seek(0)
        answer = explained(answer or missing, flags, stderr_file)
        return Ending(
            answer=answer,
            seen=seen,
            version=str(start.get("version")),
            library=start.get("library"),
        )


def _file_in_memory() -> IO[bytes]:
    """A file that a full disk does not concern; elsewhere than on Linux one on the disk."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("trial"), "w+b")
    return tempfile.TemporaryFile()


def _places(folder: Path, prefix: str) -> dict[str, str]:
    """Where libraries put things aside, so that they go with the trial.

    joblib takes shared memory for large arrays by default, and so it does here.
    """
    in_memory = SHARED_MEMORY / f"{prefix}joblib" if SHARED_MEMORY.is_dir() else folder
    return {
        "JOBLIB_TEMP_FOLDER": str(in_memory),
        PREFIX_VARIABLE: prefix,
        "TMPDIR": str(folder),
    }


@dataclass(kw_only=True)
class _Reaper:
    """The supervisor's end of a reaper process, which is told by a pipe and reports by one.

    `ended` is its wait status, once it is known.
    """

    pid: int
    control: int
    report: int
    ended: int | None = None

    def start(self) -> None:
        """Have it start what it shall answer for."""
        self._tell(b"!")

    def end(self) -> None:
        """Have it end what it started."""
        self._tell(b"!")

    def exit_code(self, timeout_s: float) -> int | None:
        """The measured process's, once nothing of it runs any more; None when time is over.

        A negative one is a signal's number. Raises `RefusedError` or `NotStartedError` where there
        never was one.
        """
        if not self._speaks_within(timeout_s):
            return None
        content = os.read(self.report, LONGEST_REPORT_BYTES).decode(errors="replace")
        if not content:
            how = exit_words(os.waitstatus_to_exitcode(self._wait()))
            raise HarnessError(
                f"the process that guards a trial {how}; the work may have ended its own parent"
            )
        if content.startswith(REFUSED):
            raise RefusedError(content.removeprefix(REFUSED))
        if content.startswith(BROKEN):
            raise NotStartedError(f"the interpreter did not start: {content.removeprefix(BROKEN)}")
        return int(content)

    def dismiss(self) -> bool:
        """Let it leave nothing, and wait until it is gone; whether it came to its proper end."""
        os.close(self.control)
        while gone := self._speaks_within(ENDS_WITHIN_S):
            if not os.read(self.report, LONGEST_REPORT_BYTES):
                break
        os.close(self.report)
        return gone and self._wait() == 0

    def _wait(self) -> int:
        if self.ended is None:
            self.ended = os.waitpid(self.pid, 0)[1]
        return self.ended

    def _speaks_within(self, seconds: float) -> bool:
        """Whether it reports, or ends, in that time."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.report, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def _tell(self, words: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):  # the missing report will tell
            os.write(self.control, words)


@contextlib.contextmanager
def _reaper(request: ReaperRequest, *, not_its: tuple[int, ...]) -> Iterator[_Reaper]:
    """A reaper that waits for its start; when the block is left, all of it is gone.

    `not_its` are open ends that are no business of it. Should the reaper itself be killed, what it
    answered for comes to this process.
    """
    adopt_orphans()
    others = [int(child) for child in children("self")]
    its_control, control = os.pipe()
    report, its_report = os.pipe()
    pid = fork_reaper(request, its_control, its_report, not_its=(control, report, *not_its))
    os.close(its_control)
    os.close(its_report)
    reaper = _Reaper(pid=pid, control=control, report=report)
    try:
        yield reaper
    finally:
        with postponed(POLITE):
            if not reaper.dismiss():
                end_children(spared=others)
                unlink_shared_memory(request.shared_memory_prefix)
            adopt_orphans(adopt=False)


def _tail(stderr: IO[bytes]) -> str:
    """The end of what the process printed, and that it is not all."""
    size = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, size - STDERR_TAIL_BYTES))
    tail = stderr.read().decode(errors="replace")
    return tail if size <= STDERR_TAIL_BYTES else f"[…the last of {size:,} bytes…]\n{tail}"


def _told(answer_file: IO[bytes]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What the process said when it started, and its answer; None for what is not there.

    It says what it is in the first line, before it runs anything of the work, and answers in the
    last one. A line that is none of its own was left by the work.
    """
    answer_file.seek(0)
    lines = [line for line in answer_file.read().split(b"\n") if line]
    if not lines:
        return None, None
    answer = _object(lines[-1]).get("answer")
    return _object(lines[0]), answer if isinstance(answer, dict) else None


def _object(line: bytes) -> dict[str, Any]:
    """A line of JSON; empty if it is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


class _SentinelLine:
    """Two pipes between the measured process and the sentinel; a byte on one asks for an answer."""

    def __init__(self, read: Callable[[], list[ProbeReading]]) -> None:
        self._read = read
        self._asks_ours, self._asks = os.pipe()
        self._answers, self._answers_ours = os.pipe()
        self._answering: threading.Thread | None = None
        self.fault: Exception | None = None

    @property
    def own_ends(self) -> tuple[int, int]:
        """The ends of this process."""
        return self._asks_ours, self._answers_ours

    @property
    def measured_ends(self) -> tuple[int, int]:
        """The ends for the measured process: where it asks, and where it reads answers."""
        return self._asks, self._answers

    def open(self, on_fault: Callable[[], None]) -> None:
        """Answer from now on, in a thread; it calls `on_fault` when it can't any more."""
        answering = threading.Thread(target=self._answer, args=[on_fault], daemon=True)
        try:
            answering.start()
        except RuntimeError as error:  # no more threads are allowed, or no memory for its stack
            raise RefusedError(error) from error
        self._answering = answering

    def close(self) -> None:
        """Answer no more; the measured process and its workers are dead by now."""
        os.close(self._asks)  # the last copy of this end: the thread sees that nobody asks
        if self._answering:
            self._answering.join(timeout=ENDS_WITHIN_S)
        for end in (self._answers, self._asks_ours, self._answers_ours):
            os.close(end)

    def _answer(self, on_fault: Callable[[], None]) -> None:
        try:
            while os.read(self._asks_ours, 1):
                words = (WORDS.pack(answer.work_ns, answer.waited_ns) for answer in self._read())
                os.write(self._answers_ours, b"".join(words))
        except Exception as fault:
            self.fault = fault
            on_fault()


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
