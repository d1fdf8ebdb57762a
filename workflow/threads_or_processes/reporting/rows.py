"""The rows of the analysis tables, typed; a missing value is `None`, never NaN and never zero."""

import csv
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from threads_or_processes.common.errors import UserError
from threads_or_processes.records.vocabulary import ComparisonResult

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How many times faster than its baseline something is: baseline time / own time."""

    value: float
    low: float | None = None
    high: float | None = None
    reading: ComparisonResult = ComparisonResult.UNRESOLVED

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
        turned = {
            ComparisonResult.FASTER: ComparisonResult.SLOWER,
            ComparisonResult.SLOWER: ComparisonResult.FASTER,
        }
        return Ratio(
            value=1 / self.value,
            low=1 / self.high if self.high else None,
            high=1 / self.low if self.low else None,
            reading=turned.get(self.reading, self.reading),
        )


def as_ratio(
    value: float | None, low: float | None, high: float | None, reading: str
) -> Ratio | None:
    """A ratio from four table fields; `None` when there is no value.

    Half an interval is none: a bound alone would be read as the whole.
    """
    if value is None or value <= 0:
        return None
    known = (
        ComparisonResult(reading)
        if reading in set(ComparisonResult)
        else ComparisonResult.UNRESOLVED
    )
    if low is None or high is None:
        return Ratio(value=value, reading=known)
    return Ratio(value=value, low=low, high=high, reading=known)


@dataclass(frozen=True, kw_only=True)
class CellRow:
    """A row of cells.csv: the times of one cell over its trials."""

    cell: str
    workload: str
    model: str
    workers: int
    worker_kind: str
    arm: str
    timing: str
    replicate: int
    planned: int
    ok: int
    tasks: int | None
    size: int | None
    basis: str
    quiet_trials: int | None
    quiet_share_ratio: float | None
    typical_ns: float | None
    median_ns: float | None
    ci_low_ns: float | None
    ci_high_ns: float | None
    ci_level: float | None
    min_ns: float | None
    max_ns: float | None
    between_trial_cv_ratio: float | None
    within_trial_cv_ratio: float | None
    setup_ns: float | None
    user_ns: float | None
    system_ns: float | None
    flags: str


@dataclass(frozen=True, kw_only=True)
class ValueRow:
    """A row of values.csv: what one trial says, of all its repetitions and of the quiet ones."""

    cell: str
    block: int
    typical_ns: float
    quiet_ns: float | None
    measured: int
    watched: int
    quiet: int


@dataclass(frozen=True, kw_only=True)
class RatioRow:
    """A row of ratios.csv: one cell against one baseline, paired by block."""

    contrast: str
    workload: str
    model: str
    workers: int
    arm: str
    timing: str
    cell: str
    baseline_cell: str
    basis: str
    cell_ns: float | None
    baseline_ns: float | None
    ratio: float | None
    ci_low_ratio: float | None
    ci_high_ratio: float | None
    ci_level: float | None
    blocks: int
    reading: str

    @property
    def estimate(self) -> Ratio | None:
        """The ratio with its interval and reading."""
        return as_ratio(self.ratio, self.ci_low_ratio, self.ci_high_ratio, self.reading)


@dataclass(frozen=True, kw_only=True)
class DecisionRow:
    """A row of decisions.csv: what was fastest for a workload on an arm."""

    workload: str
    arm: str
    best_cell: str
    best_model: str
    best_family: str
    best_workers: int | None
    best_ns: float | None
    speedup_ratio: float | None
    speedup_low_ratio: float | None
    speedup_high_ratio: float | None
    speedup_reading: str
    own_speedup_ratio: float | None
    own_speedup_low_ratio: float | None
    own_speedup_high_ratio: float | None
    own_speedup_reading: str
    pays_from_ns: float | None
    runner_up_cell: str
    runner_up_model: str
    runner_up_family: str
    runner_up_workers: int | None
    advantage_ratio: float | None
    advantage_low_ratio: float | None
    advantage_high_ratio: float | None
    advantage_reading: str
    threads_model: str
    threads_workers: int | None
    threads_speedup_ratio: float | None
    threads_low_ratio: float | None
    threads_high_ratio: float | None
    threads_reading: str
    processes_model: str
    processes_workers: int | None
    processes_speedup_ratio: float | None
    processes_low_ratio: float | None
    processes_high_ratio: float | None
    processes_reading: str
    coroutines_model: str
    coroutines_workers: int | None
    coroutines_speedup_ratio: float | None
    coroutines_low_ratio: float | None
    coroutines_high_ratio: float | None
    coroutines_reading: str
    interpreters_model: str
    interpreters_workers: int | None
    interpreters_speedup_ratio: float | None
    interpreters_low_ratio: float | None
    interpreters_high_ratio: float | None
    interpreters_reading: str

    @property
    def speedup(self) -> Ratio | None:
        """The best cell against serial on the reference arm."""
        return as_ratio(
            self.speedup_ratio,
            self.speedup_low_ratio,
            self.speedup_high_ratio,
            self.speedup_reading,
        )

    @property
    def own_speedup(self) -> Ratio | None:
        """The best cell against serial on the same arm."""
        return as_ratio(
            self.own_speedup_ratio,
            self.own_speedup_low_ratio,
            self.own_speedup_high_ratio,
            self.own_speedup_reading,
        )

    @property
    def advantage(self) -> Ratio | None:
        """The best cell against the best cell of any other family."""
        return as_ratio(
            self.advantage_ratio,
            self.advantage_low_ratio,
            self.advantage_high_ratio,
            self.advantage_reading,
        )

    def champion(self, family: str) -> Ratio | None:
        """The best cell of a family against serial on the same arm."""
        return as_ratio(
            getattr(self, f"{family}_speedup_ratio"),
            getattr(self, f"{family}_low_ratio"),
            getattr(self, f"{family}_high_ratio"),
            getattr(self, f"{family}_reading"),
        )


@dataclass(frozen=True, kw_only=True)
class OutcomeRow:
    """A row of outcomes.csv: how many trials ended in one way."""

    outcome: str
    trials: int
    example_cell: str
    example_explanation: str


@dataclass(frozen=True, kw_only=True)
class NotebookRow:
    """A row of notebook.csv: the notebook's timed region on one arm."""

    arm: str
    version: str
    model: str
    workers: int
    trials: int
    wall_ns: float | None
    user_ns: float | None
    system_ns: float | None
    wall_low_ns: float | None
    wall_high_ns: float | None
    results: list[Any] | None
    data: list[Any] | None
    spans: list[Any] | None


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """A row of claims.csv: a sentence stated before the measurement, and its verdict."""

    claim: str
    sentence: str
    source: str
    answer: str
    file: str
    expects: str
    measure: str
    claimed_ratio: float | None
    cell: str
    baseline_cell: str
    verdict: str
    finding: str
    reason: str
    blocks_needed: int | None
    cell_value: float | None
    baseline_value: float | None
    ratio: float | None
    ci_low_ratio: float | None
    ci_high_ratio: float | None
    blocks: int | None
    adjusted_p_value: float | None
    losing_trials: int | None
    lost_ratio: float | None
    losing_high_ratio: float | None
    published_low_ratio: float | None
    published_high_ratio: float | None
    agreement: str

    @property
    def estimate(self) -> Ratio | None:
        """The ratio with its interval."""
        return as_ratio(self.ratio, self.ci_low_ratio, self.ci_high_ratio, "")


@dataclass(frozen=True, kw_only=True)
class StartupRow:
    """A row of startup.csv: the parts of a cold cell's life."""

    cell: str
    trials: int
    basis: str
    first_result_ns: float | None
    teardown_ns: float | None
    life_ns: float | None
    life_low_ns: float | None
    life_high_ns: float | None


@dataclass(frozen=True, kw_only=True)
class ScalingRow:
    """A row of scaling.csv: what a cell makes of its workers."""

    cell: str
    baseline_cell: str
    baseline_ns: float | None
    speedup_ratio: float | None
    speedup_low_ratio: float | None
    speedup_high_ratio: float | None
    efficiency_ratio: float | None
    efficiency_low_ratio: float | None
    efficiency_high_ratio: float | None
    serial_fraction_ratio: float | None
    serial_fraction_low_ratio: float | None
    serial_fraction_high_ratio: float | None


@dataclass(frozen=True, kw_only=True)
class FitRow:
    """A row of fits.csv: the laws that describe how a workload scales with a model on an arm."""

    workload: str
    model: str
    arm: str
    counts: int
    most_workers: int
    believed_to_workers: int
    state: str
    preferred: str
    amdahl_contention_ratio: float | None
    amdahl_contention_low_ratio: float | None
    amdahl_contention_high_ratio: float | None
    usl_contention_ratio: float | None
    usl_contention_low_ratio: float | None
    usl_contention_high_ratio: float | None
    usl_coherency_ratio: float | None
    usl_coherency_low_ratio: float | None
    usl_coherency_high_ratio: float | None
    peak_workers: float | None
    peak_low_workers: float | None
    peak_high_workers: float | None


@dataclass(frozen=True, kw_only=True)
class CrossoverRow:
    """A row of crossovers.csv: from which size on a way beats its baseline on the same arm."""

    workload: str
    parameter: str
    model: str
    workers: int
    arm: str
    baseline_model: str
    state: str
    baseline_to_size: float | None
    faster_from_size: float | None
    crossover_size: float | None
    crossover_low_size: float | None
    crossover_high_size: float | None


@dataclass(frozen=True, kw_only=True)
class SlopeRow:
    """A row of slopes.csv: what workers cost in all and each; units are those of `quantity`."""

    workload: str
    model: str
    arm: str
    quantity: str
    state: str
    fixed: float | None
    fixed_low: float | None
    fixed_high: float | None
    per_worker: float | None
    per_worker_low: float | None
    per_worker_high: float | None


@dataclass(frozen=True, kw_only=True)
class MemoryRow:
    """A row of memory.csv: what the process tree of a cell weighs."""

    cell: str
    trials: int
    processes: int | None
    before_bytes: float | None
    idle_bytes: float | None
    idle_min_bytes: float | None
    idle_max_bytes: float | None
    peak_bytes: float | None
    peak_min_bytes: float | None
    peak_max_bytes: float | None
    after_bytes: float | None


@dataclass(frozen=True, kw_only=True)
class UpdatesRow:
    """A row of updates.csv: whether what tasks changed together was all there."""

    cell: str
    trials: int
    losing_trials: int
    repetitions: int
    losing_repetitions: int
    updates: float | None
    lost_ratio: float | None
    lost_max_ratio: float | None


@dataclass(frozen=True, kw_only=True)
class ControlRow:
    """A row of control.csv: a cell against itself."""

    cell: str
    baseline_cell: str
    basis: str
    ratio: float | None
    ci_low_ratio: float | None
    ci_high_ratio: float | None
    second_ratio: float | None
    blocks: int
    quiet_cv_ratio: float | None
    quiet_baseline_cv_ratio: float | None
    typical_cv_ratio: float | None
    typical_baseline_cv_ratio: float | None

    @property
    def estimate(self) -> Ratio | None:
        """The ratio with its interval."""
        return as_ratio(self.ratio, self.ci_low_ratio, self.ci_high_ratio, "")


@dataclass(frozen=True, kw_only=True)
class HealthRow:
    """A row of health.csv: in how many trials something was odd with the machine."""

    flag: str
    trials: int
    example_cell: str
    example_block: int | None


@dataclass(frozen=True, kw_only=True)
class QualityRow:
    """A row of quality.csv: outliers, drift and first repetitions of a cell."""

    cell: str
    trials: int
    basis: str
    mild_outliers: int | None
    severe_outliers: int | None
    modes_ratio: float | None
    drift_p_value: float | None
    drift_change_ratio: float | None
    lag1_autocorrelation: float | None
    first_ratio: float | None
    icc_ratio: float | None
    note: str


@dataclass(frozen=True, kw_only=True)
class PairingRow:
    """A row of pairing.csv: what the blocks of a kind of work have in common, and their drift."""

    workload: str
    timing: str
    basis: str
    cells: int
    blocks: int
    block_share_ratio: float | None
    residual_sd_ratio: float | None
    block_autocorrelation: float | None
    drift_p_value: float | None
    drift_change_ratio: float | None
    note: str


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """A row of order.csv: how far a block's trials lie from their cells' medians, as blocks ran."""

    basis: str
    place: int
    trials: int
    median_ratio: float
    lower_quartile_ratio: float
    upper_quartile_ratio: float


@dataclass(frozen=True, kw_only=True)
class DistributionRow:
    """A row of distributions.csv: the time that a share of a cell's repetitions does not exceed."""

    cell: str
    share_ratio: float
    typical_ns: float | None
    quiet_ns: float | None


def _number(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _whole(text: str) -> int:
    return int(float(text or 0))


def _maybe_whole(text: str) -> int | None:
    return int(float(text)) if text else None


def _json_list(text: str) -> list[Any] | None:
    return json.loads(text) if text else None


_READERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: _whole,
    float: float,
    int | None: _maybe_whole,
    float | None: _number,
    list[Any] | None: _json_list,
}


def read_rows(path: Path, row_type: type[Row]) -> tuple[Row, ...]:
    """Read a table into rows of `row_type`; columns it does not name are left out.

    Raises `UserError` that names the file and the column when the table cannot be read.
    """
    hints = get_type_hints(row_type)
    names = [field.name for field in fields(row_type)]  # type: ignore[arg-type]
    hint = "delete the file and run snakemake again; it will be made anew"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            absent = [name for name in names if name not in (reader.fieldnames or ())]
            if absent:
                what = f"a table lacks the column {absent[0]!r}"
                raise UserError(what, where=str(path), hint=hint)
            return tuple(
                row_type(**{name: _READERS[hints[name]](record[name] or "") for name in names})
                for record in reader
            )
    except FileNotFoundError:
        raise UserError("a table is missing", where=str(path), hint="run snakemake again") from None
    except (ValueError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"a table cannot be read ({error})", where=str(path), hint=hint) from None
