"""The A/A control: the same cell measured as two, so that every difference is noise."""

from typing import Any

import pandas as pd

from workflow.analysis import columns
from workflow.analysis.estimates import coefficient_of_variation
from workflow.analysis.planned import Cell, Plan, Timing
from workflow.analysis.ratios import compare
from workflow.analysis.trial_values import Times, TimesByBlock, wall_times


def control_table(plan: Plan, times: Times) -> pd.DataFrame:
    """One row (`columns.CONTROL`) for each timed replicate, in the order of cells.

    It is compared with the first of its kind. A pair without a shared block has no ratio.
    """
    firsts = {_place(cell): cell for cell in plan.cells if cell.replicate == 1}
    rows = []
    for cell in plan.in_order():
        first = firsts.get(_place(cell))
        if cell.replicate > 1 and cell.timing != Timing.MEMORY and first is not None:
            rows.append(_row(cell, first, plan, times))
    return columns.frame(rows, columns.CONTROL)


def _place(cell: Cell) -> tuple[str, str, int, str, str]:
    return cell.workload, cell.model, cell.workers, cell.arm, cell.timing


def _row(cell: Cell, first: Cell, plan: Plan, times: Times) -> dict[str, Any]:
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
    comparison = compare(
        times, cell=cell.id, baseline=first.id, confidence=plan.confidence, margin=plan.margin
    )
    if comparison is None:
        return row
    estimate = comparison.estimate
    row |= {
        "basis": comparison.basis.value,
        "ratio": estimate.ratio,
        "blocks": estimate.blocks,
    }
    if estimate.interval is not None:
        row |= {
            "ci_low_ratio": estimate.interval.low,
            "ci_high_ratio": estimate.interval.high,
            "ci_level": estimate.interval.level,
        }
    return row


def _variation(times: TimesByBlock, cell: Cell) -> float | None:
    return coefficient_of_variation(wall_times(times, cell.id))
