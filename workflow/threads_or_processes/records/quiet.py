"""What is quiet: the one rule, by which a trial goes on and by which the analysis reads it.

The sentinel is the same small piece of work, timed on every CPU just before and just after each
repetition. A CPU's floor is a low percentile of its readings, of each mode its own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

#: Low enough to be the undisturbed mode even where that is rare, high enough not to be one lucky
#: reading.
FLOOR_PERCENTILE = 1
#: A reading so far above its floor is that of a sentinel which waited while another program ran:
#: what a neighbour on the same hardware does to one is less.
TAKEN_RATIO = 2.0
#: With more CPUs than these, a reading in turn would take as long as a batch.
MOST_SEQUENTIAL = 4


class ProbeMode(StrEnum):
    """How the CPUs are read: all at once, or one after the other; `manner` in records."""

    # A host may put two of its guest's CPUs on the threads of one core for a while. Then they slow
    # each other down when both work, as in a trial of two workers, but not a single worker: a
    # reading of both at once would call it disturbed.
    SIMULTANEOUS = "at_once"
    SEQUENTIAL = "in_turn"

    @classmethod
    def of_trial(cls, *, workers: int, cpus: int) -> "ProbeMode":
        """The one that suits a trial of so many workers on a machine of so many CPUs."""
        return cls.SEQUENTIAL if workers == 1 and cpus <= MOST_SEQUENTIAL else cls.SIMULTANEOUS


def floor_of(readings_ns: Collection[int]) -> int:
    """A CPU's floor (ns) from one or more of its readings in one mode; the lowest of up to 100."""
    return sorted(readings_ns)[(len(readings_ns) - 1) * FLOOR_PERCENTILE // 100]


def disturbance_ratio(
    *,
    cpus: Sequence[int],
    floor_ns: Sequence[float],
    used: Collection[int],
    before_ns: Sequence[int],
    after_ns: Sequence[int],
    workers: int,
) -> float:
    """The highest reading beside a repetition, on the CPUs that took part, over that CPU's floor.

    `cpus`, their floors and their readings go together. Where a CPU in `used` isn't watched, or
    none is known, all count. Where other programs have taken so many CPUs that there is not one for
    each worker, it is that of the best one that lacks: the kernel keeps workers from a taken CPU,
    and two that share a CPU for that reason are disturbed although theirs is quiet.
    """
    judged = set(used) if used and set(used) <= set(cpus) else set(cpus)
    ratios = {
        cpu: max(before, after) / floor
        for cpu, floor, before, after in zip(cpus, floor_ns, before_ns, after_ns, strict=True)
    }
    worst = max(ratios[cpu] for cpu in judged)
    wanted = sorted(ratios.values())[min(max(workers, 1), len(ratios)) - 1]
    return max(worst, wanted) if wanted > TAKEN_RATIO else worst


def most_disturbance(threshold: float) -> float:
    """Up to which disturbance ratio a repetition is quiet; the threshold is 0.12 for 12 %."""
    return 1 + threshold


@dataclass(frozen=True, kw_only=True)
class QuietRule:
    """The rule of one trial: the watched CPUs with their floors (ns), and the threshold.

    The readings that it judges are taken in the same mode as those that its floors are from.
    """

    cpus: Sequence[int]
    floor_ns: Sequence[int]
    threshold: float
    mode: ProbeMode = ProbeMode.SIMULTANEOUS

    def is_quiet(
        self,
        used: Collection[int],
        before_ns: Sequence[int],
        after_ns: Sequence[int],
        *,
        workers: int,
    ) -> bool:
        """Whether a repetition that ran on `used` was undisturbed just before and just after."""
        ratio = disturbance_ratio(
            cpus=self.cpus,
            floor_ns=self.floor_ns,
            used=used,
            before_ns=before_ns,
            after_ns=after_ns,
            workers=workers,
        )
        return ratio <= most_disturbance(self.threshold)
