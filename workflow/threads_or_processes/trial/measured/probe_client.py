"""The measured process's side of the sentinel: ask it, and judge a repetition by its answer."""

import ctypes
import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from threads_or_processes.records.quiet import QuietRule

Reading = list[int]
# Two times (ns) on their way through a pipe; an answer's are work and wait.
WORDS = struct.Struct("qq")
# An idle CPU wakes a sentinel up within a quarter of a millisecond; one on which a program runs
# does when that program's slice is over, after some milliseconds.
MOST_WAIT_NS = 500_000


@dataclass(frozen=True)
class ProbeReading:
    """A reading of the sentinel: how long its work took, and how long it waited for its CPU."""

    work_ns: int
    waited_ns: int

    @property
    def reading_ns(self) -> int:
        """The time of the work, and of the wait where somebody else was on the CPU."""
        return self.work_ns + (self.waited_ns if self.waited_ns > MOST_WAIT_NS else 0)


def _find_current_cpu() -> Callable[[], int]:
    """sched_getcpu(3), or a function that answers -1 where the C library has none."""
    try:
        found: Callable[[], int] = ctypes.CDLL(None).sched_getcpu
    except (AttributeError, OSError):
        return lambda: -1
    return found


# The CPU that the calling thread runs on; -1 where the system doesn't say.
current_cpu = _find_current_cpu()


@dataclass(frozen=True, kw_only=True)
class ProbeClient:
    """A line to the sentinel, two pipes, and the rule to judge its readings by."""

    asks: int
    answers: int
    rule: QuietRule

    def read(self) -> Reading:
        """One reading (ns) of each CPU, in the order of the rule's CPUs.

        This process sleeps meanwhile. Where its threads don't, for a BLAS library lets its own look
        for more work for a while, it is they that the sentinel waited for, and its work alone
        counts.
        """
        used_ns = time.process_time_ns()
        answers = self._answers()
        spun = time.process_time_ns() - used_ns > MOST_WAIT_NS
        return [answer.work_ns if spun else answer.reading_ns for answer in answers]

    def _answers(self) -> list[ProbeReading]:
        os.write(self.asks, b"?")
        size = WORDS.size * len(self.rule.cpus)
        answer = b""
        while len(answer) < size:
            part = os.read(self.answers, size - len(answer))
            if not part:
                raise EOFError("the sentinel has ended")
            answer += part
        return [ProbeReading(*words) for words in WORDS.iter_unpack(answer)]
