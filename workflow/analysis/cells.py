"""The table of cells: absolute times with intervals."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from workflow.analysis import columns
from workflow.analysis.estimates import (
    Floats,
    coefficient_of_variation,
    estimate_median,
    geometric_mean,
)
from workflow.analysis.planned import Cell, Plan
from workflow.analysis.trial_values import Basis, Times, wall_times

#: Variation between trials from which a cell is called variable, and unstable: half and all of the
#: standard deviation that pyperf warns about (10 % of the mean).
VARIABLE_CV_RATIO = 0.05
UNSTABLE_CV_RATIO = 0.10

MEDIANS = ("setup_ns", "first_result_ns", "teardown_ns", "user_ns", "system_ns")


def cells_table(
    plan: Plan, trials: pd.DataFrame, values: pd.DataFrame, times: Times
) -> pd.DataFrame:
    """One row for each planned cell (`columns.CELLS`); a cell without ok trial has no numbers.

    `trials` is the data set, `values` its ok trials (`trial_values`), `times` their wall times.
    """
    each_trial = trials.drop_duplicates("trial_id")
    planned = Counter(trial.cell for trial in plan.trials)
    ok = Counter(each_trial.loc[each_trial["outcome"] == "ok", "cell"])
    failed = Counter(each_trial.loc[each_trial["outcome"] != "ok", "cell"])
    by_cell = dict(iter(values.groupby("cell")))
    tasks = each_trial.drop_duplicates("cell").set_index("cell")["tasks"]
    losing = set(trials.loc[(trials["lost_updates"] > 0).fillna(value=False), "cell"])
    rows = []
    for cell in plan.in_order():
        numbers = (
            _numbers(by_cell[cell.id], times, cell.id, plan.confidence)
            if cell.id in by_cell
            else {}
        )
        rows.append(
            {
                **cell_columns(cell),
                "planned": planned[cell.id],
                "ok": ok[cell.id],
                "tasks": tasks.get(cell.id),
                **numbers,
                "flags": " ".join(
                    _flags(numbers, failures=failed[cell.id], loses=cell.id in losing)
                )
                or None,
            }
        )
    return columns.frame(rows, columns.CELLS)


def _numbers(values: pd.DataFrame, times: Times, cell: str, confidence: float) -> dict[str, Any]:
    """Estimates from the ok trials of one cell, in block order, on the basis that it allows."""
    basis = times.basis(cell)
    wall_ns = wall_times(times.on(basis), cell)
    interval = estimate_median(wall_ns, confidence=confidence)
    bounds = (
        {
            "ci_low_ns": interval.low,
            "ci_high_ns": interval.high,
            "ci_level": interval.level,
            "ci_method": interval.method,
        }
        if interval is not None
        else {}
    )
    return {
        "basis": basis.value,
        "quiet_trials": int(values["quiet_wall_ns"].notna().sum()),
        "quiet_share_ratio": (
            float(values["quiet"].sum() / values["watched"].sum())
            if values["watched"].sum()
            else None
        ),
        "typical_ns": float(values["wall_ns"].median()),
        "median_ns": float(np.median(wall_ns)),
        **bounds,
        "min_ns": float(wall_ns.min()),
        "max_ns": float(wall_ns.max()),
        "geometric_mean_ns": geometric_mean(wall_ns),
        "between_trial_cv_ratio": coefficient_of_variation(wall_ns),
        "within_trial_cv_ratio": median_of_known(values["within_cv_ratio"]),
        **{name: median_of_known(values[name]) for name in MEDIANS},
    }


def median_of_known(values: pd.Series) -> float | None:
    """Median of the values that are there; None if there are none."""
    known: Floats = values.dropna().to_numpy(dtype=np.float64)
    return float(np.median(known)) if known.size else None


def cell_columns(cell: Cell) -> dict[str, Any]:
    """What identifies a cell in a table (`columns.CELL`)."""
    return {
        "cell": cell.id,
        **{name: getattr(cell, name) for name in columns.names(columns.CELL) if name != "cell"},
    }


def _flags(numbers: Mapping[str, Any], *, failures: int, loses: bool) -> Iterator[str]:
    variation = numbers.get("between_trial_cv_ratio") or 0.0
    if variation > UNSTABLE_CV_RATIO:
        yield "unstable"
    elif variation > VARIABLE_CV_RATIO:
        yield "variable"
    if numbers.get("basis") == Basis.TYPICAL and numbers["quiet_share_ratio"] is not None:
        yield "disturbed"
    if failures:
        yield "failures"
    if loses:
        yield "lost_updates"
