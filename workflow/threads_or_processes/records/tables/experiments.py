"""Tables of single experiments: the notebook, start-up, memory, scaling, sizes, shared state."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from threads_or_processes.records.fields import Field
from threads_or_processes.records.tables.groups import (
    NO_INTERVALS,
    NO_NUMBER,
    NO_SPREAD,
    Arm,
    Bounded,
    CellKey,
    Intervals,
    Model,
    OfTiming,
    OfWorkers,
    OnBasis,
    Spread,
    StartMethod,
    Workers,
    Workload,
)
from threads_or_processes.records.vocabulary import (
    Basis,
    CrossoverState,
    FitState,
    SlopeState,
    Timing,
)

AllOnBasis = Annotated[Basis | None, Field("`quiet` or `typical` times, for all alike")]
OkTrials = Annotated[int, Field("ok trials")]
CoveredBlocks = Annotated[int, Field("blocks in which all counts have an ok trial")]


@dataclass(frozen=True, kw_only=True)
class NotebookRow:
    """A cell of the notebook's replay: its timed region on one arm."""

    arm: Arm
    version: Annotated[str | None, Field("version of the interpreter that ran")]
    model: Model
    workers: Workers
    trials: OkTrials
    wall_ns: Annotated[float | None, Field("wall time, median of the trials")] = None
    user_ns: Annotated[
        float | None, Field("CPU time of the parent in user mode, as %%time prints it; median")
    ] = None
    system_ns: Annotated[
        float | None, Field("CPU time of the parent in the kernel, as %%time; median")
    ] = None
    tree_user_ns: Annotated[
        float | None, Field("CPU time in user mode, parent and workers; median")
    ] = None
    tree_system_ns: Annotated[
        float | None, Field("CPU time in the kernel, parent and workers; median")
    ] = None
    wall_low_ns: Annotated[float | None, Field("fastest trial")] = None
    wall_high_ns: Annotated[float | None, Field("slowest trial")] = None
    results: Annotated[
        list[Any] | None, Field("list that the batch returned, first trial", json="array")
    ] = None
    data: Annotated[
        list[Any] | None, Field("list `data` after the batch, first trial", json="array")
    ] = None
    spans: Annotated[
        list[Any] | None,
        Field(
            "list of worker, start_ns, end_ns since the repetition's start, first trial",
            json="array",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class StartupRow(CellKey):
    """A cold cell: the parts of its life."""

    trials: Annotated[int, Field("trials that the times rest on")]
    basis: OnBasis = None
    first_result: Annotated[
        Bounded,
        Field("start of the workers until the first chunk's end; median of trials", unit="ns"),
    ] = NO_NUMBER
    first_ever: Annotated[
        Bounded,
        Field(
            "`first_result` of the first start in its process, a warm-up; median of trials",
            unit="ns",
        ),
    ] = NO_NUMBER
    teardown: Annotated[Bounded, Field("stopping the workers; median of trials", unit="ns")] = (
        NO_NUMBER
    )
    life: Annotated[
        Bounded,
        Field("startup, batch and teardown; median of trials", unit="ns"),
    ] = NO_NUMBER
    ci_level: Annotated[float | None, Field("level that the intervals attain")] = None


@dataclass(frozen=True, kw_only=True)
class MemoryRow(CellKey):
    """A weighed cell: what its process tree takes (PSS: shared pages count in parts)."""

    trials: OkTrials
    processes: Annotated[
        int | None, Field("processes of the tree, the parent among them; median")
    ] = None
    before: Annotated[Spread, Field("PSS of the process before it has workers", unit="bytes")] = (
        NO_SPREAD
    )
    idle: Annotated[Spread, Field("PSS of the tree, all workers up", unit="bytes")] = NO_SPREAD
    peak: Annotated[Spread, Field("the most that was seen while batches ran", unit="bytes")] = (
        NO_SPREAD
    )
    after: Annotated[Spread, Field("PSS of the tree, workers idle again", unit="bytes")] = NO_SPREAD
    private: Annotated[
        Spread, Field("then, the part that no two processes share (USS)", unit="bytes")
    ] = NO_SPREAD


@dataclass(frozen=True, kw_only=True)
class SlopeRow:
    """A workload, model, arm and quantity: what workers cost in all, and what each adds."""

    workload: Workload
    model: Model
    start_method: StartMethod
    arm: Arm
    timing: Annotated[Literal[Timing.COLD, Timing.MEMORY], Field("of the cells")]
    quantity: Annotated[
        str,
        Field(
            "`first_result_ns`, `teardown_ns`, `life_ns` or `idle_bytes`: what it is a line of; "
            "the last word is the unit of the numbers that follow"
        ),
    ]
    counts: Annotated[int, Field("different numbers of workers")]
    least_workers: Annotated[int | None, Field("the smallest of them")] = None
    most_workers: Annotated[int | None, Field("the most of them")] = None
    basis: Annotated[Basis | None, Field("`quiet` or `typical` times; missing for memory")] = None
    blocks: CoveredBlocks
    state: Annotated[
        SlopeState,
        Field(
            "`fitted`; `too_few_counts`: fewer than 2, no line; `too_few_blocks`: fewer than 2, "
            "no interval"
        ),
    ]
    fixed: Annotated[Bounded, Field("the line without any worker; median of the blocks' lines")] = (
        NO_NUMBER
    )
    per_worker: Annotated[Bounded, Field("what each worker adds; median of the blocks' lines")] = (
        NO_NUMBER
    )
    misfit_ratio: Annotated[
        float | None,
        Field(
            "how far the line misses the worst count / the largest value; missing for two counts"
        ),
    ] = None
    intervals: Intervals = NO_INTERVALS


@dataclass(frozen=True, kw_only=True)
class ScalingRow(CellKey):
    """A warm parallel cell: what it makes of its workers."""

    baseline_cell: Annotated[str, Field("serial on the same arm")]
    basis: AllOnBasis = None
    blocks: Annotated[int, Field("blocks in which both cells have an ok trial")]
    cell_ns: Annotated[float | None, Field("geometric mean of the cell over the shared blocks")] = (
        None
    )
    baseline_ns: Annotated[
        float | None, Field("geometric mean of the baseline over the shared blocks")
    ] = None
    speedup: Annotated[Bounded, Field("baseline_ns / cell_ns", unit="ratio")] = NO_NUMBER
    efficiency: Annotated[Bounded, Field("speedup / workers", unit="ratio")] = NO_NUMBER
    serial_fraction: Annotated[
        Bounded,
        Field(
            "Karp and Flatt's: the share of the work that, done by one worker at a time, explains "
            "the speedup; below 0 where that is more than the workers; missing for one worker",
            unit="ratio",
        ),
    ] = NO_NUMBER
    intervals: Intervals = NO_INTERVALS


@dataclass(frozen=True, kw_only=True)
class Law:
    """What both laws of scaling have."""

    one_worker_ns: Annotated[float, Field("time with one worker")]
    contention: Annotated[Bounded, Field("share of the work done by one at a time", unit="ratio")]
    aicc: Annotated[float, Field("corrected Akaike criterion, less is better")]
    misfit_ratio: Annotated[float, Field("how far it misses the worst count; 0.03: 3 %")]


@dataclass(frozen=True, kw_only=True)
class FitRow:
    """A workload, model and arm: the laws that describe how it scales."""

    workload: Workload
    model: Model
    arm: Arm
    counts: Annotated[int, Field("different numbers of workers within all borders of the machine")]
    most_workers: Annotated[int | None, Field("the largest of them")] = None
    believed_to_workers: Annotated[
        int | None, Field("no law is believed beyond: twice the largest")
    ] = None
    basis: AllOnBasis = None
    blocks: CoveredBlocks
    state: Annotated[
        FitState,
        Field(
            "`too_few_counts` (fewer than 4) and `too_few_blocks` (fewer than 6): no parameters; "
            "`poor_fit`: even the universal law misses a count by more than the margin; "
            "`weakly_identified`: coherency may be 0, so no peak is known; `peak_beyond`: there "
            "is a peak, beyond twice the largest count; `identified`"
        ),
    ]
    preferred: Annotated[Literal["amdahl", "usl"] | None, Field("the law with the lesser aicc")] = (
        None
    )
    amdahl: Annotated[Law | None, Field("Amdahl's law")] = None
    usl: Annotated[Law | None, Field("universal scalability law")] = None
    usl_coherency: Annotated[
        Bounded, Field("universal scalability law: what each pair of workers costs", unit="ratio")
    ] = NO_NUMBER
    peak: Annotated[
        Bounded,
        Field(
            "universal scalability law: fastest number of workers, where identified; an end of "
            "its interval is missing where it is out of reach",
            unit="workers",
        ),
    ] = NO_NUMBER
    intervals: Intervals = NO_INTERVALS


@dataclass(frozen=True, kw_only=True)
class CrossoverRow:
    """A model, workers, arm and baseline: from which size of a task on the model is faster."""

    workload: Annotated[str, Field("workload, without the parameter")]
    parameter: Annotated[str, Field("the size that is varied; its unit is the last word")]
    model: Annotated[str, Field("what is compared with the baseline on the same arm")]
    workers: Workers
    worker_kind: OfWorkers
    arm: Arm
    baseline_model: Annotated[
        Literal["serial", "threads"], Field("what it must beat: `serial`, or as many `threads`")
    ]
    timing: OfTiming
    sizes: Annotated[int, Field("sizes planned")]
    measured_sizes: Annotated[int, Field("of these, those with a block that both share")]
    least_size: Annotated[float, Field("least size planned")]
    largest_size: Annotated[float, Field("largest size planned")]
    state: Annotated[
        CrossoverState,
        Field(
            "`bracketed`: between the two sizes that follow; `always_faster`: at every size; "
            "`not_reached`: at no size, and certainly not at the largest; `faster_below`: at "
            "smaller sizes, not at the largest; `unresolved`"
        ),
    ]
    baseline_to_size: Annotated[
        float | None,
        Field(
            "largest size, below the next, at which the baseline is at least as good within the "
            "margin"
        ),
    ]
    faster_from_size: Annotated[
        float | None, Field("size from which on the model is faster at every size")
    ]
    crossover: Annotated[
        Bounded,
        Field(
            "indicative: size from which parallel is faster than serial by the margin",
            unit="size",
        ),
    ] = NO_NUMBER
    intervals: Intervals = NO_INTERVALS


@dataclass(frozen=True, kw_only=True)
class UpdatesRow(CellKey):
    """A cell whose tasks change something together: whether it was all there afterwards."""

    trials: Annotated[int, Field("trials that counted, whatever their outcome")]
    losing_trials: Annotated[int, Field("of these, with a lost update")]
    repetitions: Annotated[int, Field("measured repetitions that counted")]
    losing_repetitions: Annotated[int, Field("of these, with a lost update")]
    updates: Annotated[float | None, Field("updates made in a repetition; median")]
    lost_updates: Annotated[float | None, Field("updates lost in a repetition; median")]
    lost_ratio: Annotated[float | None, Field("lost / made in a repetition; median")]
    lost_max_ratio: Annotated[float | None, Field("lost / made in the worst repetition")]
