"""The table of memory: how much the process tree of each model takes."""

from typing import Any

import pandas as pd

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.frames import frame
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.experiments import MemoryRow
from threads_or_processes.records.tables.groups import Spread
from threads_or_processes.records.vocabulary import Timing

WEIGHTS = ("before", "idle", "peak", "after")


def memory_table(plan: Plan, trials: pd.DataFrame) -> pd.DataFrame:
    """One row (`MemoryRow`) for each planned cell that is weighed, in the order of cells."""
    weighed = trials[trials["outcome"] == "ok"].drop_duplicates("trial_id")
    by_cell = dict(iter(weighed.groupby("cell")))
    rows = []
    for cell in plan.in_order():
        if cell.timing == Timing.MEMORY:
            of_cell = by_cell.get(cell.id, weighed.iloc[:0])
            rows.append(cell_columns(cell) | {"trials": len(of_cell)} | _numbers(of_cell))
    return frame(rows, MemoryRow)


def _numbers(trials: pd.DataFrame) -> dict[str, Any]:
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
