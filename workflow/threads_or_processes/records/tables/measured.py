"""Tables of what was measured, cell by cell, and of how good it is."""

from dataclasses import dataclass
from typing import Annotated

from threads_or_processes.records.fields import Field
from threads_or_processes.records.tables.groups import (
    NO_NUMBER,
    Bounded,
    CellId,
    CellKey,
    OfTiming,
    OnBasis,
    Ratio,
    Trend,
    Workload,
)
from threads_or_processes.records.vocabulary import Basis, CellFlag, Family

UndisturbedChunks = Annotated[
    float | None,
    Field(
        "share of the chunks that were undisturbed; missing where chunks are not judged by "
        "themselves, as with few workers"
    ),
]


@dataclass(frozen=True, kw_only=True)
class ValueRow:
    """A trial: its values from all repetitions and from the undisturbed ones."""

    cell: CellId
    block: Annotated[int, Field("block of the randomised design")]
    typical_ns: Annotated[float, Field("the trial's value: median of its measured repetitions")]
    quiet_ns: Annotated[
        float | None, Field("median of its undisturbed repetitions; missing when they are too few")
    ]
    measured: Annotated[int, Field("measured repetitions")]
    watched: Annotated[int, Field("of these, with readings of the sentinel")]
    quiet: Annotated[int, Field("of these, undisturbed")]
    imputed: Annotated[
        int,
        Field("of these, those in which undisturbed chunks stand for disturbed ones"),
    ]
    undisturbed_chunks_ratio: UndisturbedChunks = None


@dataclass(frozen=True, kw_only=True)
class CellRow(CellKey):
    """A planned cell: its times over its trials."""

    planned: Annotated[int, Field("trials planned")]
    ok: Annotated[int, Field("trials that count; the others are in the table of outcomes")]
    tasks: Annotated[int | None, Field("tasks in the batch")]
    size: Annotated[int | None, Field("calibrated size of a task; missing when the task has none")]
    basis: OnBasis = None
    quiet_trials: Annotated[int | None, Field("ok trials with enough undisturbed repetitions")] = (
        None
    )
    quiet_share_ratio: Annotated[
        float | None, Field("quiet / measured repetitions; missing without a sentinel")
    ] = None
    imputed: Annotated[
        int | None,
        Field("undisturbed repetitions in which undisturbed chunks replace disturbed ones"),
    ] = None
    undisturbed_chunks_ratio: UndisturbedChunks = None
    typical_ns: Annotated[
        float | None, Field("median of the trials over all their repetitions")
    ] = None
    median_ns: Annotated[
        float | None,
        Field("median of the trials on the basis; a trial is the median of its repetitions"),
    ] = None
    ci_low_ns: Annotated[float | None, Field("lower end of the interval of the median")] = None
    ci_high_ns: Annotated[float | None, Field("upper end of the interval of the median")] = None
    ci_level: Annotated[float | None, Field("level that the interval attains")] = None
    ci_method: Annotated[str | None, Field("how the interval was made")] = None
    min_ns: Annotated[float | None, Field("fastest trial")] = None
    max_ns: Annotated[float | None, Field("slowest trial")] = None
    geometric_mean_ns: Annotated[float | None, Field("geometric mean of the trials")] = None
    repetitions: Annotated[
        int | None, Field("measured repetitions of the ok trials, quiet or not")
    ] = None
    p90_ns: Annotated[
        float | None,
        Field("time that 90 % of these repetitions don't exceed; every trial weighs the same"),
    ] = None
    p95_ns: Annotated[
        float | None,
        Field("the same of 95 %; the slowest where fewer than 20 trials have but one"),
    ] = None
    max_repetition_ns: Annotated[float | None, Field("slowest of these repetitions")] = None
    between_trial_cv_ratio: Annotated[
        float | None, Field("standard deviation / mean of the trials")
    ] = None
    within_trial_cv_ratio: Annotated[
        float | None,
        Field("standard deviation / mean of the repetitions of a trial; median of the trials"),
    ] = None
    setup_ns: Annotated[
        float | None, Field("start of the workers until each has answered; median")
    ] = None
    first_result_ns: Annotated[
        float | None, Field("start of the workers until the first answer; median")
    ] = None
    teardown_ns: Annotated[float | None, Field("stopping the workers; median")] = None
    user_ns: Annotated[float | None, Field("CPU time in user mode, parent and workers; median")] = (
        None
    )
    system_ns: Annotated[
        float | None, Field("CPU time in the kernel, parent and workers; median")
    ] = None
    flags: Annotated[tuple[CellFlag, ...], Field("reasons to read the times with care")] = ()


@dataclass(frozen=True, kw_only=True)
class DistributionRow:
    """A cell and a share of its repetitions, in steps of 5 %: the time that they don't exceed."""

    cell: CellId
    share_ratio: Annotated[float, Field("share of the measured repetitions; trials weigh the same")]
    typical_ns: Annotated[
        float | None, Field("time that this share of all of them does not exceed")
    ]
    quiet_ns: Annotated[
        float | None,
        Field("the same of the undisturbed repetitions, over the trials that have enough of them"),
    ]


@dataclass(frozen=True, kw_only=True)
class QualityRow(CellKey):
    """A timed cell: outliers, drift and first repetitions."""

    trials: Annotated[int, Field("ok trials that the numbers rest on")]
    basis: OnBasis = None
    half_width_ratio: Annotated[
        float | None, Field("half the width of the median's interval / median")
    ] = None
    mild_outliers: Annotated[
        int | None, Field("trials 1.5 to 3 interquartile ranges beyond a quartile")
    ] = None
    severe_outliers: Annotated[
        int | None, Field("trials further away than that; none is left out for it")
    ] = None
    modes_ratio: Annotated[
        float | None, Field("slower / faster, where the trials fall into two groups (bimodal)")
    ] = None
    drift: Annotated[Trend | None, Field("of the trials' times")] = None
    lag1_autocorrelation: Annotated[
        float | None, Field("correlation of each trial with the next; corrected for bias")
    ] = None
    first_ratio: Annotated[
        float | None, Field("first repetition / median of its trial's others; median")
    ] = None
    first_p_value: Annotated[
        float | None, Field("sign test over trials, one-sided: the first is slower")
    ] = None
    repetitions: Annotated[int | None, Field("repetitions of these trials on this basis")] = None
    icc_ratio: Annotated[
        float | None, Field("variance between trials / all variance of repetitions")
    ] = None
    effective_repetitions: Annotated[
        float | None, Field("independent repetitions that these are worth")
    ] = None
    note: Annotated[str | None, Field("why numbers are missing")] = None


@dataclass(frozen=True, kw_only=True)
class ModesRow(CellKey):
    """A timed cell and an amount: its fast mode, its slow trials, and workers that shared a CPU."""

    amount: Annotated[int, Field("how many times each task was executed")]
    basis: OnBasis = None
    trials: Annotated[int, Field("ok trials that times and slow trials rest on")]
    fast: Annotated[
        Bounded, Field("median of the trials that are not slow, or of all if none is", unit="ns")
    ] = NO_NUMBER
    slow_trials: Annotated[
        int | None,
        Field("trials beyond a gap above the fast ones; missing where there are too few trials"),
    ] = None
    slow_share: Annotated[Bounded, Field("slow trials / trials", unit="ratio")] = NO_NUMBER
    slow_times_ratio: Annotated[float | None, Field("median of the slow trials / fast mode")] = None
    placed: Annotated[
        int | None,
        Field("measured repetitions whose workers told their CPUs; missing for a single worker"),
    ] = None
    co_placed: Annotated[
        int | None,
        Field("of these, those where two workers began or ended on one CPU while another had none"),
    ] = None
    co_placed_times_ratio: Annotated[
        float | None, Field("median time of co-placed repetitions / that of the others")
    ] = None
    over_free: Annotated[
        Ratio | None, Field("pinned workers against the same pool's free ones", unit="ratio")
    ] = None


@dataclass(frozen=True, kw_only=True)
class SlowModesRow:
    """A family and an amount: slow trials and co-placed repetitions of its warm cells together."""

    family: Annotated[Family, Field("family of the cells' models; pinned ones are left out")]
    amount: Annotated[int, Field("how many times each task was executed")]
    cells: Annotated[int, Field("cells with enough trials to tell")]
    trials: Annotated[int, Field("their trials")]
    slow_trials: Annotated[int, Field("of these, the slow ones of their cell")]
    slow_share: Annotated[Bounded, Field("slow trials / trials", unit="ratio")]
    placed: Annotated[int, Field("measured repetitions whose workers told their CPUs")]
    co_placed: Annotated[
        int,
        Field("of these, those where two workers began or ended on one CPU while another had none"),
    ]


@dataclass(frozen=True, kw_only=True)
class PairingRow:
    """A workload and timing: what the cells of a block have in common, and their drift."""

    workload: Workload
    timing: OfTiming
    basis: OnBasis = None
    cells: Annotated[int, Field("cells with an ok trial")]
    blocks: Annotated[int | None, Field("blocks in which all of these have one")] = None
    block_share_ratio: Annotated[
        float | None, Field("variance of blocks / variance within cells")
    ] = None
    residual_sd_ratio: Annotated[
        float | None, Field("standard deviation that is left, relative to a time")
    ] = None
    residual_autocorrelation: Annotated[
        float | None, Field("correlation of what is left from block to block")
    ] = None
    block_autocorrelation: Annotated[
        float | None, Field("correlation of the blocks' means from block to block")
    ] = None
    drift: Annotated[Trend | None, Field("of the blocks' means")] = None
    note: Annotated[str | None, Field("why numbers are missing")] = None


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """A basis and block: how far its trials lie from their cells' medians, as blocks ran."""

    basis: Annotated[Basis, Field("`quiet` or `typical` times")]
    place: Annotated[int, Field("in the order in which the blocks ran, from 1")]
    block: Annotated[int, Field("number of the block")]
    trials: Annotated[int, Field("its trials with a time, of cells that have more than one")]
    median_ratio: Annotated[
        float, Field("trial / median of its cell's trials, in the median trial")
    ]
    lower_quartile_ratio: Annotated[float, Field("the same, lower quartile of the trials")]
    upper_quartile_ratio: Annotated[float, Field("the same, upper quartile")]


@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """A session: trials that ran without a pause of an hour between them."""

    session: Annotated[int, Field("in the order of time, from 1", minimum=1)]
    blocks: Annotated[int, Field("blocks most of whose trials began in it")]
    trials: Annotated[int, Field("ok trials of these blocks")]
    first_unix_ns: Annotated[int, Field("start of its first trial")]
    last_unix_ns: Annotated[int, Field("start of its last trial")]


#: How a planned trial that has no record counts: within a budget, and without one.
LEFT_OUT = "left_out"
MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class OutcomeRow:
    """An outcome: how many trials ended in it."""

    outcome: Annotated[
        str,
        Field(
            "planned, each outcome, left_out (within a budget), missing; planned is the sum of the "
            "others"
        ),
    ]
    trials: Annotated[int, Field("number of trials")]


@dataclass(frozen=True, kw_only=True)
class FailureRow:
    """An outcome other than `ok` in a cell, or trials of it that have no record."""

    cell: Annotated[str, Field("the cell")]
    outcome: Annotated[str, Field("the outcome, left_out or missing")]
    trials: Annotated[int, Field("number of trials of the cell that ended in it", minimum=1)]
    explanation: Annotated[str | None, Field("what was said of the first of them")] = None


@dataclass(frozen=True, kw_only=True)
class HealthRow:
    """A flag of the machine's health: in how many trials it was raised."""

    flag: Annotated[
        str,
        Field(
            "what was odd with the machine; `any` counts trials with a flag; CPU pressure from the "
            "trial's own workers is left out"
        ),
    ]
    trials: Annotated[int, Field("number of trials")]
    example_cell: Annotated[str | None, Field("first cell where it happened")] = None
    example_block: Annotated[int | None, Field("and its block")] = None
