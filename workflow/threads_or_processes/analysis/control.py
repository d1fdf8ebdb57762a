"""The A/A control: the same cell measured as two, so that every difference is noise."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from threads_or_processes.analysis.estimates import coefficient_of_variation
from threads_or_processes.analysis.frames import frame
from threads_or_processes.analysis.ratios import compare, intervals_of
from threads_or_processes.analysis.readings import NoiseFloor, Rules
from threads_or_processes.analysis.trial_values import Times, TimesByBlock, wall_times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.comparisons import ControlRow
from threads_or_processes.records.vocabulary import SERIAL, Timing


def control_table(plan: Plan, times: Times, rules: Rules) -> pd.DataFrame:
    """One row (`ControlRow`) for each timed replicate, in the order of cells.

    It is compared with the first of its kind. A pair without a shared block has no ratio.
    """
    firsts = {_place(cell): cell for cell in plan.cells if cell.replicate == 1}
    rows = []
    for cell in plan.in_order():
        first = firsts.get(_place(cell))
        if cell.replicate > 1 and cell.timing != Timing.MEMORY and first is not None:
            rows.append(_row(cell, first, times, rules))
    return frame(rows, ControlRow)


def noise_floor(control: pd.DataFrame, *, confidence: float) -> NoiseFloor:
    """The ratio that two measurements of one cell exceed in one pair of twenty, for 95 %.

    `control` is the table of that name; serial cells and others apart. 1.0 where there is no pair.
    """
    is_serial = control["model"] == SERIAL
    return NoiseFloor(
        serial=_floor(control.loc[is_serial, "ratio"], confidence),
        parallel=_floor(control.loc[~is_serial, "ratio"], confidence),
    )


def _floor(ratios: pd.Series, confidence: float) -> float:
    """Log ratios of n pairs have mean zero by design: t(n) * their root mean square."""
    log_ratios = np.log(ratios.dropna().to_numpy(dtype=np.float64))
    if not log_ratios.size:
        return 1.0
    quantile = stats.t.ppf((1 + confidence) / 2, log_ratios.size)
    return math.exp(float(quantile * np.sqrt(np.mean(log_ratios**2))))


def _place(cell: Cell) -> tuple[str, str, int, str, str]:
    return cell.workload, cell.model, cell.workers, cell.arm, cell.timing


def _row(cell: Cell, first: Cell, times: Times, rules: Rules) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(cell, name)
        for name in ("workload", "model", "workers", "worker_kind", "arm", "timing")
    }
    row |= {
        "cell": cell.id,
        "baseline_cell": first.id,
        "blocks": 0,
        "quiet_cv_ratio": _variation(times.quiet, cell),
        "quiet_baseline_cv_ratio": _variation(times.quiet, first),
        "typical_cv_ratio": _variation(times.typical, cell),
        "typical_baseline_cv_ratio": _variation(times.typical, first),
    }
    comparison = compare(times, cell=cell, baseline=first, rules=rules)
    if comparison is None:
        return row
    estimate = comparison.estimate
    return row | {
        "basis": comparison.basis,
        "ratio": estimate.ratio,
        "blocks": estimate.blocks,
        "intervals": intervals_of(estimate),
    }


def _variation(times: TimesByBlock, cell: Cell) -> float | None:
    return coefficient_of_variation(wall_times(times, cell.id))
