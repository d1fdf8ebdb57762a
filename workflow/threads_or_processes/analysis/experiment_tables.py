"""Tables of single experiments: the notebook's replay, start-up, memory, lost updates."""

import json
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.estimates import Floats, bounded_median
from threads_or_processes.analysis.trial_values import (
    Times,
    column_on,
    counted_updates,
    ok_trials,
)
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.experiments import (
    MemoryRow,
    NotebookRow,
    StartupRow,
    UpdatesRow,
)
from threads_or_processes.records.tables.groups import NO_SPREAD, Spread
from threads_or_processes.records.vocabulary import NOTEBOOK_WORKLOAD, Basis, Outcome, Timing


def notebook_table(
    plan: Plan, repetitions: pd.DataFrame, trials: pd.DataFrame, values: pd.DataFrame
) -> list[NotebookRow]:
    """One row for each planned cell of the replay, in the order of cells.

    Times are medians over the ok trials (`values`, from `trial_values`); the lists and spans are
    those of the first ok trial's first measured repetition, in canonical order.
    """
    versions = trials.drop_duplicates("arm").set_index("arm")["version"]
    replay = [cell.id for cell in plan.cells if cell.workload == NOTEBOOK_WORKLOAD]
    counts = (repetitions["outcome"] == Outcome.OK) & (repetitions["phase"] == "measure")
    measured = repetitions[counts.fillna(value=False) & repetitions["cell"].isin(replay)]
    rows = []
    for cell in plan.in_order():
        if cell.workload != NOTEBOOK_WORKLOAD or not cell.is_compared:
            continue
        of_cell = values[values["cell"] == cell.id]
        row = NotebookRow(
            arm=cell.arm,
            version=versions.get(cell.arm),
            model=cell.model,
            workers=cell.workers,
            trials=len(of_cell),
        )
        if len(of_cell):
            printed = measured[measured["cell"] == cell.id].iloc[0]
            row = replace(
                row,
                wall_ns=float(np.median(of_cell["wall_ns"])),
                user_ns=float(np.median(of_cell["parent_user_ns"])),
                system_ns=float(np.median(of_cell["parent_system_ns"])),
                tree_user_ns=float(np.median(of_cell["user_ns"])),
                tree_system_ns=float(np.median(of_cell["system_ns"])),
                wall_low_ns=float(of_cell["wall_ns"].min()),
                wall_high_ns=float(of_cell["wall_ns"].max()),
                results=_listed(printed["results_json"]),
                data=_listed(printed["data_json"]),
                spans=_listed(printed["spans_json"]),
            )
        rows.append(row)
    return rows


def _listed(text: Any) -> list[Any] | None:
    return None if pd.isna(text) else list(json.loads(text))


#: Parts of a cold trial's life, each with its column in `trial_values`.
PARTS = {
    "first_result": "cold_first_result_ns",
    "teardown": "cold_teardown_ns",
    "life": "wall_ns",
}


def startup_table(
    plan: Plan, trials: pd.DataFrame, values: pd.DataFrame, times: Times
) -> list[StartupRow]:
    """One row for each planned cold cell, in the order of cells.

    `values` are the ok trials of the data set `trials` (`trial_values`). Three times of a cell are
    on the basis that its wall times allow, so that they belong together. The first start in a
    process happens once a trial, disturbed or not.
    """
    by_cell = dict(iter(values.groupby("cell")))
    first_ever = _first_starts(trials)
    return [
        replace(
            _startup(cell, by_cell[cell.id], times.basis(cell.id), plan.confidence),
            first_ever=bounded_median(first_ever[cell.id], plan.confidence)[0],
        )
        if cell.id in by_cell
        else StartupRow(**cell_columns(cell), trials=0)
        for cell in plan.in_order()
        if cell.timing is Timing.COLD
    ]


def _first_starts(trials: pd.DataFrame) -> defaultdict[str, Floats]:
    """Time until the first result of each ok trial's first warm-up, by cell."""
    warmups = ok_trials(trials[trials["phase"] == "warmup"])  # its first row
    return defaultdict(
        lambda: np.empty(0),
        {
            str(cell): found.dropna().to_numpy(dtype=np.float64)
            for cell, found in warmups.groupby("cell")["cold_first_result_ns"]
        },
    )


def _startup(cell: Cell, values: pd.DataFrame, basis: Basis, confidence: float) -> StartupRow:
    known = {
        part: values[column_on(basis, column)].dropna().to_numpy(dtype=np.float64)
        for part, column in PARTS.items()
    }
    estimated = {part: bounded_median(of_part, confidence) for part, of_part in known.items()}
    life, intervals = estimated["life"]
    return StartupRow(
        **cell_columns(cell),
        trials=known["life"].size,
        basis=basis,
        first_result=estimated["first_result"][0],
        teardown=estimated["teardown"][0],
        life=life,
        ci_level=intervals.ci_level,
    )


def memory_table(plan: Plan, trials: pd.DataFrame) -> list[MemoryRow]:
    """One row for each planned cell that is weighed, in the order of cells."""
    by_cell = dict(iter(ok_trials(trials).groupby("cell")))
    return [
        _memory(cell, by_cell[cell.id])
        if cell.id in by_cell
        else MemoryRow(**cell_columns(cell), trials=0)
        for cell in plan.in_order()
        if cell.timing is Timing.MEMORY
    ]


def _memory(cell: Cell, trials: pd.DataFrame) -> MemoryRow:
    def spread(moment: str) -> Spread:
        weights = trials[f"memory_{moment}_bytes"].astype("float64").dropna()
        if weights.empty:  # measured by a version that did not record it
            return NO_SPREAD
        return Spread(
            value=float(weights.median()), min=float(weights.min()), max=float(weights.max())
        )

    return MemoryRow(
        **cell_columns(cell),
        trials=len(trials),
        processes=int(trials["processes"].median()),
        before=spread("before"),
        idle=spread("idle"),
        peak=spread("peak"),
        after=spread("after"),
        private=spread("private"),
    )


def updates_table(plan: Plan, trials: pd.DataFrame) -> list[UpdatesRow]:
    """One row for each cell whose repetitions counted, in the order of cells.

    A trial counts whatever became of it: where a lost update makes a result wrong, the trial that
    failed for it is the finding.
    """
    by_cell = dict(iter(counted_updates(trials).groupby("cell")))
    return [_updates(cell, by_cell[cell.id]) for cell in plan.in_order() if cell.id in by_cell]


def _updates(cell: Cell, repetitions: pd.DataFrame) -> UpdatesRow:
    lost = repetitions["lost_updates"].astype("float64")
    losing = repetitions[lost > 0]
    shares = lost / repetitions["updates"].astype("float64")
    return UpdatesRow(
        **cell_columns(cell),
        trials=repetitions["trial_id"].nunique(),
        losing_trials=losing["trial_id"].nunique(),
        repetitions=len(repetitions),
        losing_repetitions=len(losing),
        updates=float(repetitions["updates"].median()),
        lost_updates=float(lost.median()),
        lost_ratio=float(shares.median()),
        lost_max_ratio=float(shares.max()),
    )
