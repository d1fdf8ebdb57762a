"""The table of cells: absolute times with intervals."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from threads_or_processes.analysis.distributions import quantiles
from threads_or_processes.analysis.estimates import (
    Floats,
    coefficient_of_variation,
    estimate_median,
    geometric_mean,
)
from threads_or_processes.analysis.flags import signs
from threads_or_processes.analysis.frames import frame, names
from threads_or_processes.analysis.trial_values import Times, trials_of_cell, wall_times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.groups import CellKey
from threads_or_processes.records.tables.measured import CellRow
from threads_or_processes.records.vocabulary import Basis, CellFlag

MEDIANS = ("setup_ns", "first_result_ns", "teardown_ns", "user_ns", "system_ns")


def cells_table(
    plan: Plan, trials: pd.DataFrame, values: pd.DataFrame, times: Times
) -> pd.DataFrame:
    """One row for each planned cell (`CellRow`); a cell without ok trial has no numbers.

    `trials` is the data set, `values` its ok trials (`trial_values`), `times` their wall times.
    """
    each_trial = trials.drop_duplicates("trial_id")
    planned = Counter(trial.cell for trial in plan.trials)
    ok = Counter(each_trial.loc[each_trial["outcome"] == "ok", "cell"])
    failed = Counter(each_trial.loc[each_trial["outcome"] != "ok", "cell"])
    by_cell = dict(iter(values.groupby("cell")))
    batches = each_trial.drop_duplicates("cell").set_index("cell")
    losing = set(trials.loc[(trials["lost_updates"] > 0).fillna(value=False), "cell"])
    rows = []
    for cell in plan.in_order():
        numbers: dict[str, Any] = {}
        warnings: list[CellFlag] = []
        if cell.id in by_cell:
            numbers, warnings = _estimates(by_cell[cell.id], times, cell.id, plan)
        if failed[cell.id]:
            warnings.append(CellFlag.FAILURES)
        if cell.id in losing:
            warnings.append(CellFlag.LOST_UPDATES)
        rows.append(
            {
                **cell_columns(cell),
                "planned": planned[cell.id],
                "ok": ok[cell.id],
                "tasks": batches["tasks"].get(cell.id),
                "size": batches["size"].get(cell.id),
                **numbers,
                "flags": tuple(warnings),
            }
        )
    return frame(rows, CellRow)


def _estimates(
    values: pd.DataFrame, times: Times, cell: str, plan: Plan
) -> tuple[dict[str, Any], list[CellFlag]]:
    """Numbers and signs from the ok trials of one cell, on the basis that it allows."""
    basis = times.basis(cell)
    wall_ns = wall_times(times.on(basis), cell)
    cv_ratio = coefficient_of_variation(wall_ns)
    watched = int(values["watched"].sum())
    numbers: dict[str, Any] = {
        "basis": basis,
        "quiet_trials": int(values["quiet_wall_ns"].notna().sum()),
        "quiet_share_ratio": float(values["quiet"].sum()) / watched if watched else None,
        **_times(wall_ns, plan.confidence),
        **_tails(list(values["walls_ns"])),
        "typical_ns": float(values["wall_ns"].median()),
        "between_trial_cv_ratio": cv_ratio,
        "within_trial_cv_ratio": median_of_known(values["within_cv_ratio"]),
        **{name: median_of_known(values[name]) for name in MEDIANS},
    }
    trials = trials_of_cell(values, basis)
    warnings = list(
        signs(np.log(trials.wall_ns), trials.repetitions_ns, cv_ratio=cv_ratio, margin=plan.margin)
    )
    if basis is Basis.TYPICAL and watched:
        warnings.append(CellFlag.DISTURBED)
    return numbers, warnings


def _times(wall_ns: Floats, confidence: float) -> dict[str, Any]:
    """Where the trials of a cell lie, with the interval of their median."""
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
        "median_ns": float(np.median(wall_ns)),
        **bounds,
        "min_ns": float(wall_ns.min()),
        "max_ns": float(wall_ns.max()),
        "geometric_mean_ns": geometric_mean(wall_ns),
    }


def _tails(repetitions: Sequence[Floats]) -> dict[str, Any]:
    """How slow it gets: a user of the machine meets every repetition, the disturbed ones too."""
    p90_ns, p95_ns, max_ns = quantiles(repetitions, np.array([0.90, 0.95, 1.0]))
    return {
        "repetitions": sum(times.size for times in repetitions),
        "p90_ns": float(p90_ns),
        "p95_ns": float(p95_ns),
        "max_repetition_ns": float(max_ns),
    }


def median_of_known(values: pd.Series) -> float | None:
    """Median of the values that are there; None if there are none."""
    known: Floats = values.dropna().to_numpy(dtype=np.float64)
    return float(np.median(known)) if known.size else None


def cell_columns(cell: Cell) -> dict[str, Any]:
    """What identifies a cell in a table (`CellKey`)."""
    return {
        "cell": cell.id,
        **{name: getattr(cell, name) for name in names(CellKey) if name != "cell"},
    }
