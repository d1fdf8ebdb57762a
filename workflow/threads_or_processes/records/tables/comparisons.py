"""Tables of comparisons: ratios, decisions, claims and the A/A control."""

from dataclasses import dataclass
from typing import Annotated, Literal

from threads_or_processes.records.fields import Field
from threads_or_processes.records.tables.groups import (
    NO_INTERVALS,
    NO_RATIO_INTERVALS,
    Arm,
    Candidate,
    Intervals,
    Model,
    OfTiming,
    OfWorkers,
    Ratio,
    RatioIntervals,
    Workers,
    Workload,
)
from threads_or_processes.records.vocabulary import (
    Basis,
    ComparisonResult,
    ContrastKind,
    Expects,
    Family,
    Finding,
    Use,
    Verdict,
)

BothOnBasis = Annotated[Basis | None, Field("`quiet` or `typical` times, for both alike")]
SharedBlocks = Annotated[int, Field("blocks in which both cells have an ok trial")]


@dataclass(frozen=True, kw_only=True)
class RatioRow:
    """A planned contrast: one cell against one baseline, paired by block."""

    contrast: Annotated[ContrastKind, Field("which question the ratio answers")]
    workload: Workload
    model: Model
    workers: Workers
    arm: Arm
    timing: OfTiming
    cell: Annotated[str, Field("the cell that is judged")]
    baseline_cell: Annotated[str, Field("what it is judged against")]
    basis: BothOnBasis
    cell_ns: Annotated[float | None, Field("geometric mean of the cell over the shared blocks")]
    baseline_ns: Annotated[
        float | None, Field("geometric mean of the baseline over the shared blocks")
    ]
    ratio: Annotated[
        float | None, Field("baseline_ns / cell_ns: how many times faster the cell is")
    ]
    blocks: SharedBlocks
    intervals: RatioIntervals
    p_value: Annotated[
        float | None, Field("Student's p for no difference, two-sided, one test alone")
    ] = None
    exact_p_value: Annotated[
        float | None, Field("the same by flipping signs: exact, at least 2 / 2^blocks")
    ] = None
    q_value: Annotated[
        float | None, Field("p_value as a false discovery rate over the rows of this table")
    ] = None
    equivalence_p_value: Annotated[
        float | None, Field("Student's p for a difference beyond the margin")
    ] = None
    reading: Annotated[ComparisonResult, Field("the answer, by both methods")]

    @property
    def estimate(self) -> Ratio | None:
        """The ratio with its interval and reading."""
        return Ratio.of(
            self.ratio, self.intervals.ci_low_ratio, self.intervals.ci_high_ratio, self.reading
        )


@dataclass(frozen=True, kw_only=True)
class DecisionRow:
    """A workload and arm: what to use, what was fastest, and by how much."""

    workload: Workload
    arm: Arm
    use: Annotated[Use, Field("what is recommended")] = Use.NO_DATA
    families: Annotated[
        tuple[Family, ...],
        Field(
            "the simplest first: those with a cell that is not shown to be slower than the best, "
            "all cells of the row judged together, or that equals it"
        ),
    ] = ()
    p_value: Annotated[
        float | None,
        Field(
            "largest p of what `use` and `families` say: that a family which is not named is as "
            "fast as the best, for the number of cells; for `serial` also that a parallel family "
            "is faster by the margin; missing where nothing is ruled out"
        ),
    ] = None
    q_value: Annotated[
        float | None,
        Field(
            "p_value as a false discovery rate over the rows of this table that were judged: the "
            "largest, times their number, is how many recommendations chance may have spoilt"
        ),
    ] = None
    best: Annotated[
        Candidate | None, Field("the cell with the smallest geometric mean, warm timing")
    ] = None
    best_ns: Annotated[float | None, Field("its geometric mean")] = None
    work_ns: Annotated[
        float | None,
        Field(
            "the amount of work that the row is about, the largest measured, as time that serial "
            "on the reference arm takes for it"
        ),
    ] = None
    speedup: Annotated[
        Ratio | None, Field("the best against serial on the reference arm", unit="ratio")
    ] = None
    own_speedup: Annotated[
        Ratio | None, Field("the best against serial on the same arm", unit="ratio")
    ] = None
    pays_from_ns: Annotated[
        float | None,
        Field(
            "indicative: duration of a task from which the best beats serial on the same arm by "
            "the margin, when tasks are sent one by one"
        ),
    ] = None
    runner_up: Annotated[Candidate | None, Field("the best cell of any other family")] = None
    advantage: Annotated[Ratio | None, Field("the best against the runner-up", unit="ratio")] = None


@dataclass(frozen=True, kw_only=True)
class MoveRow:
    """A workload and an arm against the reference arm, each in its best way.

    Both ways were chosen from the data that they are judged on; the interval allows for it.
    """

    workload: Workload
    arm: Arm
    basis: BothOnBasis
    best: Annotated[Candidate, Field("the fastest cell on this arm")]
    baseline: Annotated[Candidate, Field("the fastest cell on the arm that it is judged against")]
    best_ns: Annotated[float, Field("geometric mean of the fastest cell on this arm")]
    baseline_ns: Annotated[float, Field("geometric mean of the fastest on the other arm")]
    blocks: Annotated[int, Field("trials of the cell of both that has fewer")]
    speedup: Annotated[Ratio, Field("baseline_ns / best_ns", unit="ratio")]
    intervals: Intervals = NO_INTERVALS


@dataclass(frozen=True, kw_only=True)
class VersionRow(MoveRow):
    """A workload and an arm against the same kind of build of the next lower version of Python.

    Each in its best way, as in moves.csv.
    """

    baseline_arm: Annotated[str, Field("the build of the next lower version")]


@dataclass(frozen=True, kw_only=True)
class FamilyRow:
    """A workload, arm and family: its best cell, and how fast that is."""

    workload: Workload
    arm: Arm
    family: Annotated[Family, Field("what the reader chooses between")]
    cell: Annotated[str, Field("the family's cell with the smallest geometric mean, warm timing")]
    model: Model
    workers: Workers
    fewest_workers: Annotated[
        int,
        Field(
            "the fewest workers with which its model is not shown to be slower than the best of "
            "all families; its own workers where it is",
            minimum=1,
        ),
    ]
    enough_workers: Annotated[
        int,
        Field("the fewest workers with which its model is as fast within the margin", minimum=1),
    ]
    time_ns: Annotated[float, Field("its geometric mean")]
    speedup: Annotated[
        Ratio | None, Field("that cell against serial on the same arm", unit="ratio")
    ]
    reference_speedup: Annotated[
        Ratio | None, Field("that cell against serial on the reference arm", unit="ratio")
    ]


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """A case of a sentence stated before the measurement, with the sentence's verdict."""

    claim: Annotated[str, Field("its id")]
    sentence: Annotated[str, Field("what is claimed, as its source has it")]
    source: Annotated[str, Field("where it stands")]
    answer: Annotated[str | None, Field("what is to be said besides the numbers")]
    file: Annotated[str, Field("file of claims that states it")]
    expects: Annotated[Expects, Field("what it says of the cell against the baseline")]
    measure: Annotated[
        Literal["time", "first_result", "teardown", "memory", "memory_peak", "updates", "gil"],
        Field("what of the cells is compared"),
    ]
    claimed_ratio: Annotated[
        float | None, Field("smallest ratio for `less`, largest for `not_less`")
    ]
    claimed_lost_ratio: Annotated[
        float | None, Field("largest share of updates that may be lost for `keeps_updates`")
    ] = None
    verdict: Annotated[Verdict, Field("what all its cases say together; the same in all of them")]
    finding: Annotated[Finding | None, Field("what contradicts it, where it is refuted")] = None
    cell: Annotated[str, Field("the cell that this case is about")]
    baseline_cell: Annotated[str | None, Field("what the cell is compared with")]
    case_verdict: Annotated[Verdict, Field("what the measurement says of this case")]
    case_finding: Annotated[
        Finding | None, Field("what contradicts it, where this case is refuted")
    ] = None
    reason: Annotated[
        str | None, Field("why this case is inconclusive, not comparable or not tested")
    ] = None
    blocks_needed: Annotated[
        int | None, Field("blocks that would probably be enough, with the noise seen")
    ] = None
    basis: Annotated[Basis | None, Field("`quiet` or `typical` values, for both alike")] = None
    cell_value: Annotated[float | None, Field("geometric mean of the cell, in ns or bytes")] = None
    baseline_value: Annotated[
        float | None, Field("geometric mean of the baseline, in ns or bytes")
    ] = None
    ratio: Annotated[float | None, Field("baseline_value / cell_value")] = None
    blocks: Annotated[int | None, Field("blocks that it rests on")] = None
    intervals: RatioIntervals = NO_RATIO_INTERVALS
    p_value: Annotated[float | None, Field("Student's p of the verdict, this case alone")] = None
    adjusted_p_value: Annotated[
        float | None, Field("the same, by Holm over all cases about ratios that were tested")
    ] = None
    exact_p_value: Annotated[
        float | None, Field("two-sided p by flipping signs around the claimed ratio")
    ] = None
    losing_trials: Annotated[int | None, Field("trials that lost an update")] = None
    lost_ratio: Annotated[float | None, Field("lost / made in a repetition; median")] = None
    updates: Annotated[int | None, Field("updates made in all measured repetitions")] = None
    lost_high_ratio: Annotated[
        float | None, Field("upper bound of the share of updates that is lost")
    ] = None
    published_low_ratio: Annotated[float | None, Field("smallest published ratio")] = None
    published_high_ratio: Annotated[float | None, Field("largest published ratio")] = None

    @property
    def estimate(self) -> Ratio | None:
        """The ratio with its interval."""
        return Ratio.of(self.ratio, self.intervals.ci_low_ratio, self.intervals.ci_high_ratio)


@dataclass(frozen=True, kw_only=True)
class ControlRow:
    """A cell measured twice: its two measurements against each other (A/A)."""

    workload: Workload
    model: Model
    workers: Workers
    worker_kind: OfWorkers
    arm: Arm
    timing: OfTiming
    cell: Annotated[str, Field("the cell measured once more")]
    baseline_cell: Annotated[str, Field("the same cell, measured first")]
    basis: BothOnBasis = None
    ratio: Annotated[
        float | None, Field("time of the first / time of the second; 1 but for noise")
    ] = None
    blocks: SharedBlocks
    intervals: RatioIntervals = NO_RATIO_INTERVALS
    quiet_cv_ratio: Annotated[
        float | None, Field("undisturbed repetitions: standard deviation / mean, the second")
    ]
    quiet_baseline_cv_ratio: Annotated[float | None, Field("the same of the first")]
    typical_cv_ratio: Annotated[
        float | None, Field("all repetitions: standard deviation / mean, the second")
    ]
    typical_baseline_cv_ratio: Annotated[float | None, Field("the same of the first")]

    @property
    def estimate(self) -> Ratio | None:
        """The ratio with its interval."""
        return Ratio.of(self.ratio, self.intervals.ci_low_ratio, self.intervals.ci_high_ratio)
