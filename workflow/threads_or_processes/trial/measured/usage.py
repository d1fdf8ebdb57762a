"""CPU time and context switches of a trial's process tree."""

import resource
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
    raw = resource.getrusage(resource.RUSAGE_SELF)
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
