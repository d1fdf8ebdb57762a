"""The table of parts: where the time of parallel workers went."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from threads_or_processes.records.fields import Field
from threads_or_processes.records.tables.groups import (
    NO_INTERVALS,
    NO_NUMBER,
    Bounded,
    CellKey,
    Intervals,
    OnBasis,
)
from threads_or_processes.records.vocabulary import Cause, Part, PartsState


@dataclass(frozen=True, kw_only=True)
class Efficiencies:
    """The POP project's efficiencies; the share that is useful is the product of the last three."""

    parallel_efficiency_ratio: Annotated[
        float | None,
        Field("share in which workers were on a CPU: load balance x communication efficiency"),
    ] = None
    load_balance_ratio: Annotated[
        float | None, Field("CPU time of a worker, on average / of the one with the most")
    ] = None
    communication_efficiency_ratio: Annotated[
        float | None, Field("CPU time of the worker with the most / wall time")
    ] = None
    computation_scaling_ratio: Annotated[
        float | None, Field("CPU time of the work serially / of all workers")
    ] = None


NO_EFFICIENCIES = Efficiencies()


@dataclass(frozen=True, kw_only=True)
class PartsRow(CellKey):
    """A warm parallel cell and amount of work: the parts of workers x wall time, 1 in all."""

    amount: Annotated[int, Field("how many times each task was executed", minimum=1)]
    baseline_cell: Annotated[str | None, Field("serial on the same arm")]
    state: Annotated[PartsState, Field("`measured`, or why there are no numbers")]
    basis: OnBasis = None
    trials: Annotated[int, Field("trials of the cell that the numbers rest on")] = 0
    worker_time_ns: Annotated[float | None, Field("workers x wall time; mean of the trials")] = None
    useful: Annotated[
        Bounded, Field("CPU time that the same work takes serially on this arm", unit="ratio")
    ] = NO_NUMBER
    inflated: Annotated[
        Bounded,
        Field("more CPU time than that; below 0: less, or noise", unit="ratio"),
    ] = NO_NUMBER
    waiting: Annotated[
        Bounded,
        Field("inside tasks, neither on a CPU nor ready for one: GIL, lock, I/O", unit="ratio"),
    ] = NO_NUMBER
    run_queue: Annotated[
        Bounded, Field("inside tasks, ready to run, without a CPU", unit="ratio")
    ] = NO_NUMBER
    imbalance: Annotated[
        Bounded, Field("from a worker's last task to the last of all", unit="ratio")
    ] = NO_NUMBER
    dispatch: Annotated[
        Bounded,
        Field(
            "before a worker's first task, between its chunks, after the last of all", unit="ratio"
        ),
    ] = NO_NUMBER
    own_waiting_ratio: Annotated[
        float | None, Field("how long the same work waits serially, as a share of the same whole")
    ] = None
    efficiencies: Efficiencies = NO_EFFICIENCIES
    voluntary_switches: Annotated[
        float | None, Field("context switches of workers while waiting, in a repetition; mean")
    ] = None
    involuntary_switches: Annotated[
        float | None, Field("those forced by the scheduler, in a repetition; mean")
    ] = None
    idle_workers: Annotated[
        float | None, Field("workers that had no chunk, in a repetition; mean")
    ] = None
    system_ratio: Annotated[
        float | None, Field("share of the workers' CPU time that the kernel spent")
    ] = None
    inflated_system_ratio: Annotated[
        float | None,
        Field("share of the inflated CPU time that the kernel spent; missing where it is little"),
    ] = None
    causes: Annotated[
        tuple[Cause, ...],
        Field("likely causes of the parts that stand out, the largest first; none: none does"),
    ] = ()
    intervals: Intervals = NO_INTERVALS

    @property
    def parts(self) -> Mapping[Part, Bounded]:
        """Each part's share."""
        return {part: getattr(self, part) for part in Part}
