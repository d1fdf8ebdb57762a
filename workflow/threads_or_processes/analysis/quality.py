"""The table of quality: how good the times of each cell are, as numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.estimates import estimate_median
from threads_or_processes.analysis.flags import drift, two_modes, warm_up
from threads_or_processes.analysis.trial_values import Times, trials_of_cell
from threads_or_processes.analysis.variation import lag1_autocorrelation, nesting, outliers
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.measured import QualityRow
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, Basis, Timing

NO_TRIAL = "no ok trial"
TOO_FEW = f"fewer than {FEWEST_BLOCKS} trials, too few to tell"
CONSTANT = "all trials took the same time"


def quality_table(plan: Plan, values: pd.DataFrame, times: Times) -> list[QualityRow]:
    """One row for each planned cell that is timed, in the order of cells.

    `values` are the ok trials (`trial_values`). All numbers of a cell are on the basis that its
    wall times allow; `note` says why some are missing.
    """
    by_cell = dict(iter(values.groupby("cell")))
    return [
        _row(cell, by_cell[cell.id], times.basis(cell.id), plan)
        if cell.id in by_cell
        else QualityRow(**cell_columns(cell), trials=0, note=NO_TRIAL)
        for cell in plan.in_order()
        if cell.timing is not Timing.MEMORY
    ]


def _row(cell: Cell, values: pd.DataFrame, basis: Basis, plan: Plan) -> QualityRow:
    trials = trials_of_cell(values, basis)
    wall_ns, log_times = np.sort(trials.wall_ns), np.log(trials.wall_ns)
    row = QualityRow(**cell_columns(cell), trials=wall_ns.size, basis=basis)
    if interval := estimate_median(wall_ns, confidence=plan.confidence):
        half_width_ns = (interval.high - interval.low) / 2
        row = replace(row, half_width_ratio=half_width_ns / float(np.median(wall_ns)))
    if wall_ns.size < FEWEST_BLOCKS:
        return replace(row, note=TOO_FEW)
    mild, severe = outliers(wall_ns)
    trend, start = drift(log_times), warm_up(trials.repetitions_ns)
    parts = nesting(trials.repetitions_ns)
    return replace(
        row,
        mild_outliers=mild,
        severe_outliers=severe,
        modes_ratio=two_modes(log_times, margin=plan.margin),
        lag1_autocorrelation=lag1_autocorrelation(log_times),
        drift=trend,
        note=None if trend else CONSTANT,
        first_ratio=start.first_ratio if start else None,
        first_p_value=start.p_value if start else None,
        repetitions=parts.repetitions if parts else None,
        icc_ratio=parts.icc_ratio if parts else None,
        effective_repetitions=parts.effective_repetitions if parts else None,
    )
