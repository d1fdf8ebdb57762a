"""The table of ratios: each planned contrast, paired by block."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workflow.analysis import columns
from workflow.analysis.contrasts import planned_contrasts
from workflow.analysis.estimates import RatioEstimate, estimate_ratio, geometric_mean
from workflow.analysis.planned import Plan
from workflow.analysis.readings import Reading, read_ratio
from workflow.analysis.trial_values import Basis, Times


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A cell against a baseline over the blocks they share; times are geometric means."""

    cell_ns: float
    baseline_ns: float
    basis: Basis
    estimate: RatioEstimate
    reading: Reading


def compare(
    times: Times, *, cell: str, baseline: str, confidence: float, margin: float
) -> Comparison | None:
    """Compare two cells block by block; None when no block has an ok trial of both."""
    basis = times.basis(cell, baseline)
    on_basis = times.on(basis)
    of_cell, of_baseline = on_basis.get(cell, {}), on_basis.get(baseline, {})
    shared = sorted(of_cell.keys() & of_baseline.keys())
    if not shared:
        return None
    cell_ns = np.array([of_cell[block] for block in shared])
    baseline_ns = np.array([of_baseline[block] for block in shared])
    estimate = estimate_ratio(baseline_ns, cell_ns, confidence=confidence)
    return Comparison(
        cell_ns=geometric_mean(cell_ns),
        baseline_ns=geometric_mean(baseline_ns),
        basis=basis,
        estimate=estimate,
        reading=read_ratio(estimate, margin=margin),
    )


def ratios_table(plan: Plan, times: Times) -> pd.DataFrame:
    """One row (`columns.RATIOS`) for each planned contrast that was measured in a shared block."""
    rows = []
    for contrast in planned_contrasts(plan):
        cell, baseline = contrast.cell, contrast.baseline
        comparison = compare(
            times,
            cell=cell.id,
            baseline=baseline.id,
            confidence=plan.confidence,
            margin=plan.margin,
        )
        if comparison is None:
            continue
        estimate = comparison.estimate
        row = {
            "contrast": contrast.question.value,
            "workload": cell.workload,
            "model": cell.model,
            "workers": cell.workers,
            "arm": cell.arm,
            "timing": cell.timing,
            "cell": cell.id,
            "baseline_cell": baseline.id,
            "basis": comparison.basis.value,
            "cell_ns": comparison.cell_ns,
            "baseline_ns": comparison.baseline_ns,
            "ratio": estimate.ratio,
            "blocks": estimate.blocks,
            "reading": comparison.reading.value,
        }
        if estimate.interval is not None and estimate.equivalence is not None:
            row |= {
                "ci_low_ratio": estimate.interval.low,
                "ci_high_ratio": estimate.interval.high,
                "ci_level": estimate.interval.level,
                "ci_method": estimate.interval.method,
                "equivalence_low_ratio": estimate.equivalence.low,
                "equivalence_high_ratio": estimate.equivalence.high,
            }
        rows.append(row)
    return columns.frame(rows, columns.RATIOS)
