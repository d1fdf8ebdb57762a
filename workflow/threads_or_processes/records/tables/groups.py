"""Groups of columns that several tables share, and values that several packages compare."""

from dataclasses import dataclass
from typing import Annotated

from threads_or_processes.records import vocabulary
from threads_or_processes.records.fields import Field
from threads_or_processes.records.vocabulary import (
    Basis,
    ComparisonResult,
    Family,
    Timing,
    WorkerKind,
)

#: What identifies a cell, part by part.
CellId = Annotated[str, Field("workload/model/workers/arm/timing, with `-2` for a replicate")]
Workload = Annotated[str, Field("workload, with the parameters that an experiment varies")]
Function = Annotated[str, Field("task function of the workload")]
Model = Annotated[str, Field("how the batch is executed")]
StartMethod = Annotated[
    vocabulary.StartMethod,
    Field("how worker processes start; `none` without processes"),
]
Workers = Annotated[int, Field("number of workers", minimum=1)]
OfWorkers = Annotated[
    WorkerKind,
    Field("the last border of the machine that so many workers cross"),
]
Arm = Annotated[str, Field("interpreter build with its GIL setting")]
OfTiming = Annotated[
    Timing,
    Field(
        "`warm`: the batch alone; `cold`: startup, batch and teardown; `memory`: memory, no times"
    ),
]
OnBasis = Annotated[
    Basis | None, Field("`quiet`: undisturbed repetitions only; `typical`: all of them")
]


@dataclass(frozen=True, kw_only=True)
class CellKey:
    """What identifies a cell, in every table with a row for each."""

    cell: CellId
    workload: Workload
    function: Function
    model: Model
    start_method: StartMethod
    workers: Workers
    worker_kind: OfWorkers
    arm: Arm
    timing: OfTiming
    replicate: Annotated[
        int, Field("2 and more: the same cell measured once more (A/A control)", minimum=1)
    ]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A cell that a decision names."""

    cell: CellId
    model: Model
    family: Annotated[Family, Field("the model's family")]
    workers: Workers


@dataclass(frozen=True, kw_only=True)
class Bounded:
    """A number and the two ends of its interval."""

    value: Annotated[float | None, Field("the number")] = None
    low: Annotated[float | None, Field("lower end of the interval")] = None
    high: Annotated[float | None, Field("upper end of the interval")] = None


NO_NUMBER = Bounded()


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A number for a cell, with the minimum and maximum of its trials."""

    value: Annotated[float | None, Field("median of the trials")] = None
    min: Annotated[float | None, Field("least of the trials")] = None
    max: Annotated[float | None, Field("most of the trials")] = None


NO_SPREAD = Spread()


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """How the intervals of a row were made."""

    ci_level: Annotated[float | None, Field("level of the intervals")] = None
    ci_method: Annotated[str | None, Field("how the intervals were made")] = None


NO_INTERVALS = Intervals()


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Whether times change in the order of execution."""

    tau: Annotated[float, Field("rank correlation with the order of execution, -1 to 1")]
    p_value: Annotated[float, Field("p of no change, two-sided")]
    change_ratio: Annotated[float, Field("last / first, by the median of the slopes")]


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How many times faster than its baseline something is: baseline time / own time."""

    value: Annotated[float, Field("baseline time / own time")]
    low: Annotated[float | None, Field("lower end of the interval")] = None
    high: Annotated[float | None, Field("upper end of the interval")] = None
    reading: Annotated[ComparisonResult, Field("what both methods say of it")] = (
        ComparisonResult.INCONCLUSIVE
    )

    @classmethod
    def of(
        cls,
        value: float | None,
        low: float | None,
        high: float | None,
        reading: ComparisonResult | None = None,
    ) -> "Ratio | None":
        """A ratio from four table fields; None when there is no value.

        Half an interval is none: a bound alone would be read as the whole.
        """
        if value is None or value <= 0:
            return None
        if low is None or high is None:
            low = high = None
        reading = reading or ComparisonResult.INCONCLUSIVE
        return cls(value=value, low=low, high=high, reading=reading)

    @property
    def has_interval(self) -> bool:
        """Whether there were enough blocks for an interval."""
        return self.low is not None and self.high is not None

    @property
    def apart(self) -> float:
        """How far from 1 it is, in either direction, as a share: 0.25 for 1.25 and for 0.8."""
        return max(self.value, 1 / self.value) - 1

    def inverted(self) -> "Ratio":
        """The same comparison seen from the baseline; the reading turns round with it."""
        return Ratio(
            value=1 / self.value,
            low=1 / self.high if self.high else None,
            high=1 / self.low if self.low else None,
            reading=self.reading.inverted,
        )


@dataclass(frozen=True, kw_only=True)
class RatioIntervals:
    """The interval of a ratio, which encloses those of both methods; missing below two blocks."""

    ci_low_ratio: Annotated[float | None, Field("lower end: the lower of both methods' ends")] = (
        None
    )
    ci_high_ratio: Annotated[float | None, Field("upper end: the higher of both methods' ends")] = (
        None
    )
    ci_level: Annotated[float | None, Field("level of each method's interval")] = None
    ci_method: Annotated[str | None, Field("the two methods")] = None
    first_low_ratio: Annotated[float | None, Field("lower end by the first method")] = None
    first_high_ratio: Annotated[float | None, Field("upper end by the first method")] = None
    second_low_ratio: Annotated[float | None, Field("lower end by the second method")] = None
    second_high_ratio: Annotated[float | None, Field("upper end by the second method")] = None
    equivalence_low_ratio: Annotated[
        float | None, Field("lower end of the interval for equivalence, by both methods")
    ] = None
    equivalence_high_ratio: Annotated[
        float | None, Field("upper end of the interval for equivalence, by both methods")
    ] = None
    beyond_trials_sd: Annotated[
        float | None,
        Field("standard deviation of log ratio that trials don't show and the interval includes"),
    ] = None


NO_RATIO_INTERVALS = RatioIntervals()
