"""The table of the notebook's replay: what its two cells would have printed, arm by arm."""

from typing import Any

import numpy as np
import pandas as pd

from threads_or_processes.analysis.frames import frame
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.experiments import NotebookRow
from threads_or_processes.records.vocabulary import NOTEBOOK_WORKLOAD


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
