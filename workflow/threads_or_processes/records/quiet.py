"""What is quiet: the one rule, by which a trial goes on and by which the analysis reads it.

The sentinel is the same small piece of work, timed on every CPU just before and just after each
repetition. A CPU's floor is a low percentile of its readings, of each mode its own.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from threads_or_processes.records.vocabulary import FEWEST_BLOCKS

#: Low enough to be the undisturbed mode even where that is rare, high enough not to be one lucky
#: reading.
FLOOR_PERCENTILE = 1
#: A reading so far above its floor is that of a sentinel which waited while another program ran:
#: what a neighbour on the same hardware does to one is less.
TAKEN_RATIO = 2.0
#: With more CPUs than these, a reading in turn would take as long as a batch.
MOST_SEQUENTIAL = 4
#: With more workers than these, moments at which all their CPUs are quiet are too rare to wait for:
#: then each chunk is judged by its own CPU.
MOST_TOGETHER = 4
#: A repetition of which fewer chunks were undisturbed says too little.
LEAST_SHARE = 0.25


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


def quiet_trials_wanted(trials: int) -> int:
    """How many of a cell's trials must have quiet time, so that quiet times speak for the cell.

    Half of them, and as many as a verdict needs.
    """
    return max(1, (trials + 1) // 2, min(FEWEST_BLOCKS, trials))


def floor_of(readings_ns: Collection[int]) -> int:
    """A CPU's floor (ns) from one or more of its readings in one mode; the lowest of up to 100."""
    return sorted(readings_ns)[place_of_floor(len(readings_ns))]


def place_of_floor(readings: int) -> int:
    """Which of so many readings in ascending order is the floor, from 0."""
    return (readings - 1) * FLOOR_PERCENTILE // 100


def cpu_ratios(
    *,
    cpus: Sequence[int],
    floor_ns: Sequence[float],
    before_ns: Sequence[int],
    after_ns: Sequence[int],
) -> dict[int, float]:
    """The higher of the two readings beside a repetition over the floor, of each watched CPU.

    `cpus`, their floors and their readings go together.
    """
    return {
        cpu: max(before, after) / floor
        for cpu, floor, before, after in zip(cpus, floor_ns, before_ns, after_ns, strict=True)
    }


def disturbance_ratio(ratios: Mapping[int, float], used: Collection[int], *, workers: int) -> float:
    """The highest of the ratios (`cpu_ratios`) of the CPUs that took part in a repetition.

    Where a CPU in `used` isn't watched, or none is known, all count. Where other programs have
    taken so many CPUs that there is not one for each worker, it is that of the best one that lacks:
    the kernel keeps workers from a taken CPU, and two that share a CPU for that reason are
    disturbed although theirs is quiet.
    """
    judged = used if used and ratios.keys() >= set(used) else ratios
    worst = max(map(ratios.__getitem__, judged))
    if max(ratios.values()) <= TAKEN_RATIO:
        return worst
    wanted = _ratio_of_last_wanted(ratios, workers)
    return max(worst, wanted) if wanted > TAKEN_RATIO else worst


def judges_chunks(*, workers: int, cpus: int) -> bool:
    """Whether chunks are judged by themselves: of many workers, each with a CPU that is watched."""
    return MOST_TOGETHER < workers <= cpus


def chunk_ratios(
    ratios: Mapping[int, float],
    chunks: Sequence[Collection[int]],
    dispatch: Collection[int],
    *,
    workers: int,
) -> list[float]:
    """How disturbed each chunk was: the highest ratio of its own and of the dispatching CPUs.

    `chunks` has the CPUs of each, `dispatch` those of the threads that send and collect. Empty
    where chunks are not judged by themselves: workers are few or more than CPUs, a CPU isn't known
    or watched, or other programs have taken so many that workers had to share.
    """
    known = [dispatch, *chunks]
    if (
        not judges_chunks(workers=workers, cpus=len(ratios))
        or not all(cpus and ratios.keys() >= set(cpus) for cpus in known)
        or _ratio_of_last_wanted(ratios, workers) > TAKEN_RATIO
    ):
        return []
    of_dispatch = max(ratios[cpu] for cpu in dispatch)
    return [max(of_dispatch, *(ratios[cpu] for cpu in cpus)) for cpus in chunks]


def _ratio_of_last_wanted(ratios: Mapping[int, float], workers: int) -> float:
    """The ratio of the last CPU that is wanted when each worker takes the best that is left."""
    return sorted(ratios.values())[min(max(workers, 1), len(ratios)) - 1]


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

    def ratios(self, before_ns: Sequence[int], after_ns: Sequence[int]) -> dict[int, float]:
        """How disturbed each CPU was just before and just after a repetition."""
        return cpu_ratios(
            cpus=self.cpus, floor_ns=self.floor_ns, before_ns=before_ns, after_ns=after_ns
        )

    def allows(self, ratio: float) -> bool:
        """Whether so much disturbance is none."""
        return ratio <= most_disturbance(self.threshold)

    def is_quiet(
        self,
        used: Collection[int],
        before_ns: Sequence[int],
        after_ns: Sequence[int],
        *,
        workers: int,
    ) -> bool:
        """Whether a repetition that ran on `used` was undisturbed just before and just after."""
        return self.allows(
            disturbance_ratio(self.ratios(before_ns, after_ns), used, workers=workers)
        )

    def is_quiet_moment(self, reading_ns: Sequence[int], *, workers: int) -> bool:
        """Whether so many CPUs are undisturbed that a trial may begin.

        One for each worker and one for their parent, or, where chunks are judged by themselves, the
        share of these that a repetition needs.
        """
        wanted = min(workers + 1, len(self.cpus))
        if judges_chunks(workers=workers, cpus=len(self.cpus)):
            wanted = math.ceil(wanted * LEAST_SHARE)
        return sum(map(self.allows, self.ratios(reading_ns, reading_ns).values())) >= wanted
