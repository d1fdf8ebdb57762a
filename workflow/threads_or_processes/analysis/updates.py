"""The table of updates: whether what tasks changed together was all there afterwards."""

from typing import Any

import pandas as pd

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.frames import frame
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.experiments import UpdatesRow


def updates_table(plan: Plan, trials: pd.DataFrame) -> pd.DataFrame:
    """One row (`UpdatesRow`) for each cell whose repetitions counted, in the order of cells.

    A trial counts whatever became of it: where a lost update makes a result wrong, the trial that
    failed for it is the finding.
    """
    counted = trials[(trials["phase"] == "measure") & trials["lost_updates"].notna()]
    by_cell = dict(iter(counted.groupby("cell")))
    rows = [
        cell_columns(cell) | _numbers(by_cell[cell.id])
        for cell in plan.in_order()
        if cell.id in by_cell
    ]
    return frame(rows, UpdatesRow)


def _numbers(repetitions: pd.DataFrame) -> dict[str, Any]:
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
