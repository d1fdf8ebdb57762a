"""Tables of amounts of work: the time at each, and the line through them."""

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
    Ratio,
)
from threads_or_processes.records.vocabulary import LineState, Pays


@dataclass(frozen=True, kw_only=True)
class AmountRow(CellKey):
    """A warm cell and an amount of work: its time, and what it gains there."""

    amount: Annotated[int, Field("the work as a multiple of the batch", minimum=1)]
    work_ns: Annotated[
        float | None, Field("the work as time that serial on the reference arm takes for it")
    ] = None
    trials: Annotated[int, Field("ok trials that the time rests on")]
    basis: OnBasis = None
    time: Annotated[Bounded, Field("wall time; median of the trials", unit="ns")] = NO_NUMBER
    intervals: Intervals = NO_INTERVALS
    speedup: Annotated[
        Ratio | None,
        Field("against serial on the same arm at the same amount", unit="ratio"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class OverheadRow(CellKey):
    """A warm cell: time = overhead + work / rate, and from which amount of work on it pays."""

    least_amount: Annotated[int, Field("least amount planned, a multiple of the batch", minimum=1)]
    check_amount: Annotated[
        int | None, Field("the amount between at which the line is checked")
    ] = None
    largest_amount: Annotated[int, Field("largest amount planned", minimum=1)]
    work_ns: Annotated[
        float | None,
        Field("the largest amount as time that serial on the reference arm takes for it"),
    ] = None
    basis: OnBasis = None
    trials: Annotated[int, Field("ok trials with a line from the smallest amount to the largest")]
    state: Annotated[
        LineState,
        Field(
            "`holds`: the time at the amount between is within the margin of the line; `bends`: "
            "it is beyond the margin; `unsettled`: neither is sure; `unchecked`: there is no "
            "amount between; `one_amount`: no line"
        ),
    ]
    miss: Annotated[
        Bounded,
        Field(
            "time at the amount between, less that of the line / time; median of the trials",
            unit="ratio",
        ),
    ] = NO_NUMBER
    overhead: Annotated[
        Bounded,
        Field("the line without any work; median of the trials; missing where it bends", unit="ns"),
    ] = NO_NUMBER
    batch: Annotated[
        Bounded,
        Field(
            "what each batch more takes; median of the trials; missing where it bends", unit="ns"
        ),
    ] = NO_NUMBER
    intervals: Intervals = NO_INTERVALS
    baseline_cell: Annotated[
        str | None, Field("serial on the same arm; what follows is missing where its line bends")
    ] = None
    rate: Annotated[
        Bounded,
        Field(
            "speedup without the overheads: what each batch more takes the baseline / this cell",
            unit="ratio",
        ),
    ] = NO_NUMBER
    pays: Annotated[
        Pays | None,
        Field(
            "for which amounts it is faster than the baseline by the margin, among those up to "
            "the largest: `from` some amount on, `always`, `never`, `below` some amount only; "
            "`unsettled`: that is open at the largest"
        ),
    ] = None
    break_even: Annotated[
        Bounded,
        Field(
            "the amount of work in a batch from which on it is; an end is missing that is not "
            "within 0 and the largest amount",
            unit="ns",
        ),
    ] = NO_NUMBER
    compared: Annotated[Intervals, Field("rate and break-even")] = NO_INTERVALS
