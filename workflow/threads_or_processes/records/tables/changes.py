"""Tables of what changed since a baseline: its measurements, and what they were measured with."""

from dataclasses import dataclass
from typing import Annotated

from threads_or_processes.records.fields import Field
from threads_or_processes.records.tables.comparisons import BothOnBasis
from threads_or_processes.records.tables.groups import (
    Arm,
    CellId,
    Model,
    OfTiming,
    Ratio,
    RatioIntervals,
    Workers,
    Workload,
)
from threads_or_processes.records.vocabulary import ComparisonResult


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    """A configuration now against the same one in the baseline."""

    workload: Workload
    model: Model
    workers: Workers
    arm: Arm
    timing: OfTiming
    cell: CellId
    before_cell: Annotated[
        str, Field("the same in the baseline, whose build may have another name")
    ]
    basis: BothOnBasis
    before_ns: Annotated[
        float, Field("geometric mean of the baseline's trials, for as much work as now")
    ]
    after_ns: Annotated[float, Field("geometric mean of the trials now")]
    work_ratio: Annotated[
        float, Field("work of a batch now over that in the baseline; before_ns is scaled by it")
    ]
    ratio: Annotated[float, Field("after_ns / before_ns: above 1 is slower now")]
    blocks: Annotated[int, Field("ok trials in the state that has fewer")]
    intervals: RatioIntervals
    p_value: Annotated[float | None, Field("p for no difference, two-sided, one test alone")] = None
    q_value: Annotated[
        float | None, Field("false discovery rate over all rows, by Benjamini and Hochberg")
    ] = None
    reading: Annotated[ComparisonResult, Field("what it is now, by both methods")]

    @property
    def estimate(self) -> Ratio:
        """Time now over time before; what it is now."""
        found = Ratio.of(
            self.ratio, self.intervals.ci_low_ratio, self.intervals.ci_high_ratio, self.reading
        )
        assert found is not None
        return found


@dataclass(frozen=True, kw_only=True)
class DifferenceRow:
    """Something that the two states were not measured alike with."""

    kind: Annotated[str, Field("interpreter, library, machine, code, instrument or config")]
    what: Annotated[str, Field("what differs")]
    before: Annotated[str | None, Field("in the baseline; missing if it was not there")] = None
    after: Annotated[str | None, Field("now; missing if it is not there")] = None


#: The files of a comparison with a baseline, each baseline/<name>.csv, with their rows.
BASELINE_TABLES = {"changes": ChangeRow, "differences": DifferenceRow}
