"""The table of start-ups: the parts of a cold cell's life."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.estimates import Floats, estimate_median
from threads_or_processes.analysis.frames import frame
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.experiments import StartupRow
from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.records.vocabulary import Basis, Timing

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
            row |= _numbers(by_cell[cell.id], times.basis(cell.id), plan.confidence)
        rows.append(row)
    return frame(rows, StartupRow)


def _numbers(values: pd.DataFrame, basis: Basis, confidence: float) -> dict[str, Any]:
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
