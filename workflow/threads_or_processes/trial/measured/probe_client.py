"""The measured process's side of the sentinel: ask it, and judge a repetition by its answer."""

import ctypes
import os
import struct
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

Reading = list[int]
# Two times (ns) on their way through a pipe; an answer's are work and wait.
WORDS = struct.Struct("qq")
# A reading so far above its floor is that of a sentinel which waited for its CPU: what a neighbour
# on the same hardware does to one is less.
TAKEN_RATIO = 2.0
# An idle CPU wakes a sentinel up within a quarter of a millisecond; one on which a program runs
# does when that program's slice is over, after some milliseconds.
MOST_WAIT_NS = 500_000
# With more CPUs than these, a reading in turn would take as long as a batch.
MOST_SEQUENTIAL = 4


class ProbeMode(StrEnum):
    """How the CPUs are read: all at once, or one after the other.

    A host may put two of its guest's CPUs on the threads of one core for a while. Then they slow
    each other down when both work, as in a trial of two workers, but not a single worker: a reading
    of both at once would call it disturbed.
    """

    SIMULTANEOUS = "at_once"
    SEQUENTIAL = "in_turn"

    @classmethod
    def of_trial(cls, *, workers: int, cpus: int) -> "ProbeMode":
        """The one that suits a trial of so many workers on a machine of so many CPUs."""
        return cls.SEQUENTIAL if workers == 1 and cpus <= MOST_SEQUENTIAL else cls.SIMULTANEOUS


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
class QuietRule:
    """What is quiet: readings up to `floor * (1 + threshold)` on every CPU that took part.

    And enough CPUs that no other program has taken: the kernel keeps workers from one that is, and
    two that share a CPU for that reason are disturbed although theirs is quiet. `cpus` and
    `floor_ns` go together, and so do the readings, which are taken in the same mode
    (`manner` in the records).
    """

    cpus: Sequence[int]
    floor_ns: Sequence[int]
    threshold: float
    manner: ProbeMode = ProbeMode.SIMULTANEOUS

    def is_quiet(
        self, used: Collection[int], before: Reading, after: Reading, *, workers: int
    ) -> bool:
        """Whether every CPU in `used` was undisturbed just before and just after.

        Where a CPU isn't watched, or isn't known, all of them must have been. `workers` may want a
        CPU each.
        """
        judged = set(used) if used and set(used) <= set(self.cpus) else set(self.cpus)
        ratios = {
            cpu: max(reading_before, reading_after) / floor
            for cpu, floor, reading_before, reading_after in zip(
                self.cpus, self.floor_ns, before, after, strict=True
            )
        }
        free = sum(ratio <= TAKEN_RATIO for ratio in ratios.values())
        return free >= min(workers, len(self.cpus)) and all(
            ratios[cpu] <= 1 + self.threshold for cpu in judged
        )


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
