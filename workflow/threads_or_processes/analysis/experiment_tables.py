"""Tables of single experiments: the notebook's replay, start-up, memory, lost updates."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.estimates import Floats, estimate_median
from threads_or_processes.analysis.frames import frame
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.experiments import (
    MemoryRow,
    NotebookRow,
    StartupRow,
    UpdatesRow,
)
from threads_or_processes.records.tables.groups import Bounded, Spread
from threads_or_processes.records.vocabulary import NOTEBOOK_WORKLOAD, Basis, Timing


def notebook_table(plan: Plan, trials: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """One row (`NotebookRow`) for each planned cell of the replay, in the order of cells.

    Times are medians over the ok trials (`values`, from `trial_values`); the lists and spans are
    those of the first ok trial's first measured repetition (from `trials`, in canonical order).
    """
    versions = trials.drop_duplicates("arm").set_index("arm")["version"]
    rows = []
    for cell in plan.in_order():
        if cell.workload != NOTEBOOK_WORKLOAD or not cell.is_compared:
            continue
        of_cell = values[values["cell"] == cell.id]
        rows.append(
            {
                "arm": cell.arm,
                "version": versions.get(cell.arm),
                "model": cell.model,
                "workers": cell.workers,
                "trials": len(of_cell),
                **(_times(of_cell) if len(of_cell) else {}),
                **_printed(trials[trials["cell"] == cell.id]),
            }
        )
    return frame(rows, NotebookRow)


def _times(values: pd.DataFrame) -> dict[str, float]:
    medians = {
        "wall_ns": "wall_ns",
        "user_ns": "parent_user_ns",
        "system_ns": "parent_system_ns",
        "tree_user_ns": "user_ns",
        "tree_system_ns": "system_ns",
    }
    return {
        **{name: float(np.median(values[source])) for name, source in medians.items()},
        "wall_low_ns": float(values["wall_ns"].min()),
        "wall_high_ns": float(values["wall_ns"].max()),
    }


def _printed(trials: pd.DataFrame) -> dict[str, Any]:
    """The lists and spans of the first measured repetition of the first ok trial."""
    measured = trials[(trials["outcome"] == "ok") & (trials["phase"] == "measure")]
    if measured.empty:
        return {}
    first = measured.iloc[0]
    return {
        "results": first["results_json"],
        "data": first["data_json"],
        "spans": first["spans_json"],
    }


PARTS = {
    "first_result": "cold_first_result_ns",
    "teardown": "cold_teardown_ns",
    "life": "wall_ns",
}


def startup_table(plan: Plan, values: pd.DataFrame, times: Times) -> pd.DataFrame:
    """One row (`StartupRow`) for each planned cold cell, in the order of cells.

    `values` are the ok trials (`trial_values`); all three times of a cell are on the basis that its
    wall times allow, so that they belong together.
    """
    by_cell = dict(iter(values.groupby("cell")))
    rows = []
    for cell in plan.in_order():
        if cell.timing != Timing.COLD:
            continue
        row = cell_columns(cell) | {"trials": 0}
        if cell.id in by_cell:
            row |= _startup_numbers(by_cell[cell.id], times.basis(cell.id), plan.confidence)
        rows.append(row)
    return frame(rows, StartupRow)


def _startup_numbers(values: pd.DataFrame, basis: Basis, confidence: float) -> dict[str, Any]:
    prefix = "quiet_" if basis is Basis.QUIET else ""
    numbers: dict[str, Any] = {
        "basis": basis,
        "trials": int(values[f"{prefix}wall_ns"].notna().sum()),
    }
    for part, column in PARTS.items():
        known: Floats = values[prefix + column].dropna().to_numpy(dtype=np.float64)
        if not known.size:
            continue
        numbers[part] = Bounded(value=float(np.median(known)))
        if interval := estimate_median(known, confidence=confidence):
            numbers[part] = replace(numbers[part], low=interval.low, high=interval.high)
            numbers["ci_level"] = interval.level
    return numbers


WEIGHTS = ("before", "idle", "peak", "after")


def memory_table(plan: Plan, trials: pd.DataFrame) -> pd.DataFrame:
    """One row (`MemoryRow`) for each planned cell that is weighed, in the order of cells."""
    weighed = trials[trials["outcome"] == "ok"].drop_duplicates("trial_id")
    by_cell = dict(iter(weighed.groupby("cell")))
    rows = []
    for cell in plan.in_order():
        if cell.timing == Timing.MEMORY:
            of_cell = by_cell.get(cell.id, weighed.iloc[:0])
            rows.append(cell_columns(cell) | {"trials": len(of_cell)} | _memory_numbers(of_cell))
    return frame(rows, MemoryRow)


def _memory_numbers(trials: pd.DataFrame) -> dict[str, Any]:
    """Median, least and most of each weight; none without a trial."""
    if trials.empty:
        return {}
    numbers: dict[str, Any] = {"processes": int(trials["processes"].median())}
    for name in WEIGHTS:
        weights = trials[f"memory_{name}_bytes"].astype("float64")
        numbers[name] = Spread(
            value=float(weights.median()), min=float(weights.min()), max=float(weights.max())
        )
    return numbers


def updates_table(plan: Plan, trials: pd.DataFrame) -> pd.DataFrame:
    """One row (`UpdatesRow`) for each cell whose repetitions counted, in the order of cells.

    A trial counts whatever became of it: where a lost update makes a result wrong, the trial that
    failed for it is the finding.
    """
    counted = trials[(trials["phase"] == "measure") & trials["lost_updates"].notna()]
    by_cell = dict(iter(counted.groupby("cell")))
    rows = [
        cell_columns(cell) | _updates_numbers(by_cell[cell.id])
        for cell in plan.in_order()
        if cell.id in by_cell
    ]
    return frame(rows, UpdatesRow)


def _updates_numbers(repetitions: pd.DataFrame) -> dict[str, Any]:
    lost = repetitions["lost_updates"].astype("float64")
    losing = repetitions[lost > 0]
    shares = lost / repetitions["updates"].astype("float64")
    return {
        "trials": repetitions["trial_id"].nunique(),
        "losing_trials": losing["trial_id"].nunique(),
        "repetitions": len(repetitions),
        "losing_repetitions": len(losing),
        "updates": float(repetitions["updates"].median()),
        "lost_updates": float(lost.median()),
        "lost_ratio": float(shares.median()),
        "lost_max_ratio": float(shares.max()),
    }
