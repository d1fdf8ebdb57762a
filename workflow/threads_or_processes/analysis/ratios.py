"""The table of ratios: each planned contrast, paired by block."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict, TypeVar

import numpy as np
from scipy import stats

from threads_or_processes.analysis.contrasts import Contrast, planned_contrasts
from threads_or_processes.analysis.estimates import Floats, geometric_mean
from threads_or_processes.analysis.ratio_estimates import RatioEstimate, estimate_ratio
from threads_or_processes.analysis.readings import Rules, read_ratio
from threads_or_processes.analysis.samples import Paired, Samples, TwoSamples
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.changes import ChangeRow
from threads_or_processes.records.tables.comparisons import RatioRow
from threads_or_processes.records.tables.groups import Ratio, RatioIntervals
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, Basis, ComparisonResult, Timing

Row = TypeVar("Row", RatioRow, ChangeRow)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A cell against a baseline over the blocks they share; times are geometric means."""

    cell_ns: float
    baseline_ns: float
    basis: Basis
    estimate: RatioEstimate
    reading: ComparisonResult

    @property
    def as_ratio(self) -> Ratio:
        """How many times faster the cell is."""
        interval = self.estimate.interval
        return Ratio(
            value=self.estimate.ratio,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            reading=self.reading,
        )


def compare(times: Times, *, cell: Cell, baseline: Cell, rules: Rules) -> Comparison | None:
    """Compare two cells; None when there is nothing of one of them to compare."""
    basis = times.basis(cell.id, baseline.id)
    samples = samples_of(times, basis, cell=cell.id, baseline=baseline.id)
    if samples is None:
        return None
    beyond = rules.beyond_trials.between(cell, baseline)
    estimate = estimate_ratio(samples, confidence=rules.confidence, beyond=beyond)
    return Comparison(
        cell_ns=geometric_mean(np.exp(samples.cell)),
        baseline_ns=geometric_mean(np.exp(samples.baseline)),
        basis=basis,
        estimate=estimate,
        reading=read_ratio(estimate, rules),
    )


def samples_of(times: Times, basis: Basis, *, cell: str, baseline: str) -> Samples | None:
    """The two cells' trials; None where there are none to compare.

    They are paired by block. Only quiet trials of which too few share a block, `FEWEST_BLOCKS` and
    all of them, are two samples: each cell was quiet when it was.
    """
    of_cell, of_baseline = times.on(basis).get(cell, {}), times.on(basis).get(baseline, {})
    if not of_cell or not of_baseline:
        return None
    shared = paired_blocks(basis, of_cell, of_baseline)
    if shared is None:
        return TwoSamples(_logs(of_baseline, sorted(of_baseline)), _logs(of_cell, sorted(of_cell)))
    return Paired(_logs(of_baseline, shared), _logs(of_cell, shared)) if shared else None


def paired_blocks(
    basis: Basis, of_cell: Mapping[int, float], of_baseline: Mapping[int, float]
) -> list[int] | None:
    """The blocks by which two cells' trials are paired; None where they are two samples."""
    shared = sorted(of_cell.keys() & of_baseline.keys())
    is_paired = (
        basis is Basis.TYPICAL
        or len(shared) >= FEWEST_BLOCKS
        or len(shared) == len(of_cell) == len(of_baseline)
    )
    return shared if is_paired else None


def _logs(values: Mapping[int, float], blocks: Sequence[int]) -> Floats:
    return np.log(np.array([values[block] for block in blocks], dtype=np.float64))


def ratios_table(plan: Plan, times: Times, rules: Rules) -> list[RatioRow]:
    """One row for each planned contrast that was measured in a shared block."""
    rows = []
    for contrast in planned_contrasts(plan):
        comparison = compare(times, cell=contrast.cell, baseline=contrast.baseline, rules=rules)
        if comparison is not None:
            rows.append(_row(contrast, comparison, rules))
    return with_q_values(rows)


def with_q_values(rows: Sequence[Row]) -> list[Row]:
    """The rows with the false discovery rate of each p value among all of them."""
    q_values = iter(false_discovery([row.p_value for row in rows if row.p_value is not None]))
    return [row if row.p_value is None else replace(row, q_value=next(q_values)) for row in rows]


def false_discovery(p_values: list[float]) -> list[float]:
    """Each p value as the false discovery rate at which it would be called a difference.

    Benjamini and Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B 57, 1995.
    """
    return [float(q) for q in stats.false_discovery_control(p_values)] if p_values else []


def _row(contrast: Contrast, comparison: Comparison, rules: Rules) -> RatioRow:
    estimate = comparison.estimate
    row = RatioRow(
        contrast=contrast.question,
        **cell_columns(contrast.cell),
        baseline_cell=contrast.baseline.id,
        basis=comparison.basis,
        cell_ns=comparison.cell_ns,
        baseline_ns=comparison.baseline_ns,
        **ratio_columns(estimate),
        p_value=p_of_no_difference(estimate),
        reading=comparison.reading,
    )
    if not estimate.methods:
        return row
    return replace(
        row,
        exact_p_value=estimate.samples.exact_p(0.0),
        equivalence_p_value=equivalence_p(estimate, rules),
    )


class CellColumns(TypedDict):
    """The columns that say which cell a row is about."""

    workload: str
    model: str
    workers: int
    arm: str
    timing: Timing
    cell: str


def cell_columns(cell: Cell) -> CellColumns:
    """Those columns of a cell."""
    return CellColumns(
        workload=cell.workload,
        model=cell.model,
        workers=cell.workers,
        arm=cell.arm,
        timing=cell.timing,
        cell=cell.id,
    )


class RatioColumns(TypedDict):
    """The columns of a ratio, with what it rests on."""

    ratio: float
    blocks: int
    intervals: RatioIntervals


def ratio_columns(estimate: RatioEstimate) -> RatioColumns:
    """Those columns of an estimate."""
    return RatioColumns(
        ratio=estimate.ratio, blocks=estimate.blocks, intervals=intervals_of(estimate)
    )


def p_of_no_difference(estimate: RatioEstimate) -> float | None:
    """The two-sided p for a ratio of 1; None below two blocks."""
    return two_sided(estimate.one_sided_p(0.0)) if estimate.methods else None


def intervals_of(estimate: RatioEstimate) -> RatioIntervals:
    """The interval and those of both methods; none below two blocks."""
    interval, equivalence = estimate.interval, estimate.equivalence
    if interval is None or equivalence is None:
        return RatioIntervals()
    first, second = estimate.methods
    return RatioIntervals(
        ci_low_ratio=interval.low,
        ci_high_ratio=interval.high,
        ci_level=interval.level,
        ci_method=interval.method,
        first_low_ratio=first.interval.low,
        first_high_ratio=first.interval.high,
        second_low_ratio=second.interval.low,
        second_high_ratio=second.interval.high,
        equivalence_low_ratio=equivalence.low,
        equivalence_high_ratio=equivalence.high,
        beyond_trials_sd=math.sqrt(estimate.beyond.variance),
    )


def two_sided(p: float) -> float:
    """The two-sided p that belongs to a one-sided one."""
    return min(1.0, 2 * min(p, 1 - p))


def equivalence_p(estimate: RatioEstimate, rules: Rules) -> float:
    """Student's p of the two one-sided tests for "beyond the margin"; at least two blocks."""
    not_below = estimate.one_sided_p(-rules.log_margin)
    not_above = 1 - estimate.one_sided_p(rules.log_margin)
    return max(not_below, not_above)
