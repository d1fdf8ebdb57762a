"""CPU time and context switches: of a trial's process tree, and of one worker's thread."""

import os
import resource
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Usage(NamedTuple):
    """Totals of one process since it was born."""

    user_ns: int
    system_ns: int
    voluntary_switches: int
    involuntary_switches: int

    def plus(self, other: "Usage") -> "Usage":
        """Add field by field."""
        return Usage(*(a + b for a, b in zip(self, other, strict=True)))

    def since(self, earlier: "Usage") -> "Usage":
        """Subtract field by field."""
        return Usage(*(a - b for a, b in zip(self, earlier, strict=True)))


NOTHING = Usage(0, 0, 0, 0)


class ThreadUsage(NamedTuple):
    """Totals of one thread since it was born; `run_queue_ns` is None where the kernel won't say.

    The latter is the time in which the thread could have run and had no CPU. `cpu_ns` is exact;
    user and system time lag behind it by up to a tick of the scheduler, some milliseconds.
    """

    usage: Usage
    cpu_ns: int
    run_queue_ns: int | None

    def since(self, earlier: "ThreadUsage") -> "ThreadUsage":
        """What was used since then; user and system time add up to the CPU time."""
        known = self.run_queue_ns is not None and earlier.run_queue_ns is not None
        usage, cpu_ns = self.usage.since(earlier.usage), self.cpu_ns - earlier.cpu_ns
        system_ns = min(max(usage.system_ns, 0), cpu_ns)
        return ThreadUsage(
            usage=usage._replace(user_ns=cpu_ns - system_ns, system_ns=system_ns),
            cpu_ns=cpu_ns,
            run_queue_ns=(self.run_queue_ns or 0) - (earlier.run_queue_ns or 0) if known else None,
        )


class Reported(Protocol):
    """The part of a chunk's report that says what its worker used."""

    @property
    def pid(self) -> int: ...  # noqa: D102
    @property
    def usage_start(self) -> Usage: ...  # noqa: D102
    @property
    def usage_end(self) -> Usage: ...  # noqa: D102


def process_usage() -> Usage:
    """Give the totals of the calling process (getrusage, RUSAGE_SELF), all its threads included."""
    return _usage(resource.RUSAGE_SELF)


def thread_usage(*, at_end: bool = False) -> ThreadUsage:
    """Give the totals of the calling thread; where the system has none, those of its process.

    Run-queue wait is read next to the span: the last thing before it, the first after it. On a busy
    machine a worker often lost its CPU while its other totals were read (Linux 6.18), and that wait
    is not the span's.
    """
    who = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)
    waited_ns = _run_queue_ns() if at_end else None
    usage, cpu_ns = _usage(who), time.thread_time_ns()
    return ThreadUsage(usage, cpu_ns, waited_ns if at_end else _run_queue_ns())


_schedstat = threading.local()


def _run_queue_ns() -> int | None:
    """The second number of /proc/thread-self/schedstat (Documentation/scheduler/sched-stats.rst).

    The file stays open: it is read in each chunk, inside the timed region.
    """
    thread_id = threading.get_native_id()
    # A forked child has its parent's open file, which is about the parent.
    if getattr(_schedstat, "thread_id", None) != thread_id:
        _schedstat.thread_id = thread_id
        try:
            _schedstat.file = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            _schedstat.file = None
    if _schedstat.file is None:
        return None
    return int(os.pread(_schedstat.file, 100, 0).split()[1])


def _usage(who: int) -> Usage:
    raw = resource.getrusage(who)
    return Usage(
        user_ns=round(raw.ru_utime * 1e6) * 1000,  # the kernel gives whole microseconds
        system_ns=round(raw.ru_stime * 1e6) * 1000,
        voluntary_switches=raw.ru_nvcsw,
        involuntary_switches=raw.ru_nivcsw,
    )


class WorkerUsage:
    """What worker processes used from one repetition to the next.

    A worker reports its totals with every chunk, so its unpickling and waiting since the chunk
    before are counted too. Threads belong to the parent and are not counted here.
    """

    def __init__(self, parent_pid: int, *, born_in_repetition: bool) -> None:
        self._parent_pid = parent_pid
        self._born_in_repetition = born_in_repetition
        self._last: dict[int, Usage] = {}

    def since_last(self, reports: Iterable[Reported]) -> Usage:
        """Sum, over the worker processes of one repetition, of what each used since it last spoke.

        A worker's first report counts from its birth when it was born inside the repetition (cold
        timing), else from the start of the chunk.
        """
        total = NOTHING
        for report in reports:
            if report.pid == self._parent_pid:
                continue
            first = NOTHING if self._born_in_repetition else report.usage_start
            total = total.plus(report.usage_end.since(self._last.get(report.pid, first)))
            self._last[report.pid] = report.usage_end
        return total
