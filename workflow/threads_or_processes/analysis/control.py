"""The A/A control: the same cell measured as two, so that every difference is noise."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from threads_or_processes.analysis.estimates import coefficient_of_variation
from threads_or_processes.analysis.ratios import compare, intervals_of
from threads_or_processes.analysis.readings import NoiseFloor, Rules
from threads_or_processes.analysis.trial_values import Times, TimesByBlock, wall_times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.comparisons import ControlRow
from threads_or_processes.records.vocabulary import SERIAL, Timing


def control_table(plan: Plan, times: Times, rules: Rules) -> list[ControlRow]:
    """One row for each timed replicate, in the order of cells.

    It is compared with the first of its kind. A pair without a shared block has no ratio.
    """
    firsts = {_place(cell): cell for cell in plan.cells if cell.replicate == 1}
    return [
        _row(cell, firsts[_place(cell)], times, rules)
        for cell in plan.in_order()
        if cell.replicate > 1 and cell.timing is not Timing.MEMORY and _place(cell) in firsts
    ]


def noise_floor(control: Sequence[ControlRow], *, confidence: float) -> NoiseFloor:
    """The ratio that two measurements of one cell exceed in one pair of twenty, for 95 %.

    Serial cells and others apart. 1.0 where there is no pair.
    """
    serial, parallel = (
        [row.ratio for row in control if row.ratio and (row.model == SERIAL) == is_serial]
        for is_serial in (True, False)
    )
    return NoiseFloor(serial=_floor(serial, confidence), parallel=_floor(parallel, confidence))


def _floor(ratios: Sequence[float], confidence: float) -> float:
    """Log ratios of n pairs have mean zero by design: t(n) * their root mean square."""
    if not ratios:
        return 1.0
    log_ratios = np.log(ratios)
    quantile = stats.t.ppf((1 + confidence) / 2, log_ratios.size)
    return math.exp(float(quantile * np.sqrt(np.mean(log_ratios**2))))


def _place(cell: Cell) -> tuple[str, str, int, str, str]:
    return cell.workload, cell.model, cell.workers, cell.arm, cell.timing


def _row(cell: Cell, first: Cell, times: Times, rules: Rules) -> ControlRow:
    row = ControlRow(
        workload=cell.workload,
        model=cell.model,
        workers=cell.workers,
        worker_kind=cell.worker_kind,
        arm=cell.arm,
        timing=cell.timing,
        cell=cell.id,
        baseline_cell=first.id,
        blocks=0,
        quiet_cv_ratio=_variation(times.quiet, cell),
        quiet_baseline_cv_ratio=_variation(times.quiet, first),
        typical_cv_ratio=_variation(times.typical, cell),
        typical_baseline_cv_ratio=_variation(times.typical, first),
    )
    comparison = compare(times, cell=cell, baseline=first, rules=rules)
    if comparison is None:
        return row
    return replace(
        row,
        basis=comparison.basis,
        ratio=comparison.estimate.ratio,
        blocks=comparison.estimate.blocks,
        intervals=intervals_of(comparison.estimate),
    )


def _variation(times: TimesByBlock, cell: Cell) -> float | None:
    return coefficient_of_variation(wall_times(times, cell.id))
