"""The table of quality: how good the times of each cell are, as numbers."""

from typing import Any

import numpy as np
import pandas as pd

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.estimates import estimate_median
from threads_or_processes.analysis.flags import drift, two_modes, warm_up
from threads_or_processes.analysis.frames import frame
from threads_or_processes.analysis.trial_values import Times, TrialsOfCell, trials_of_cell
from threads_or_processes.analysis.variation import lag1_autocorrelation, nesting, outliers
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.measured import QualityRow
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, Timing

NO_TRIAL = "no ok trial"
TOO_FEW = f"fewer than {FEWEST_BLOCKS} trials, too few to tell"
CONSTANT = "all trials took the same time"


def quality_table(plan: Plan, values: pd.DataFrame, times: Times) -> pd.DataFrame:
    """One row (`QualityRow`) for each planned cell that is timed, in the order of cells.

    `values` are the ok trials (`trial_values`). All numbers of a cell are on the basis that its
    wall times allow; `note` says why some are missing.
    """
    by_cell = dict(iter(values.groupby("cell")))
    rows = []
    for cell in plan.in_order():
        if cell.timing == Timing.MEMORY:
            continue
        row = cell_columns(cell) | {"trials": 0, "note": NO_TRIAL}
        if cell.id in by_cell:
            basis = times.basis(cell.id)
            row |= {"basis": basis}
            row |= _numbers(trials_of_cell(by_cell[cell.id], basis), plan)
        rows.append(row)
    return frame(rows, QualityRow)


def _numbers(trials: TrialsOfCell, plan: Plan) -> dict[str, Any]:
    wall_ns = np.sort(trials.wall_ns)
    numbers: dict[str, Any] = {"trials": wall_ns.size, "note": None}
    if interval := estimate_median(wall_ns, confidence=plan.confidence):
        numbers["half_width_ratio"] = (interval.high - interval.low) / 2 / float(np.median(wall_ns))
    if wall_ns.size < FEWEST_BLOCKS:
        return numbers | {"note": TOO_FEW}
    log_times = np.log(trials.wall_ns)
    mild, severe = outliers(wall_ns)
    numbers |= {
        "mild_outliers": mild,
        "severe_outliers": severe,
        "modes_ratio": two_modes(log_times, margin=plan.margin),
        "lag1_autocorrelation": lag1_autocorrelation(log_times),
    }
    if trend := drift(log_times):
        numbers["drift"] = trend
    else:
        numbers["note"] = CONSTANT
    if start := warm_up(trials.repetitions_ns):
        numbers |= {"first_ratio": start.first_ratio, "first_p_value": start.p_value}
    if parts := nesting(trials.repetitions_ns):
        numbers |= {
            "repetitions": parts.repetitions,
            "icc_ratio": parts.icc_ratio,
            "effective_repetitions": parts.effective_repetitions,
        }
    return numbers
