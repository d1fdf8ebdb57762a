"""The table of cells: absolute times with intervals."""

from collections import Counter
from dataclasses import replace
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
from threads_or_processes.analysis.frames import names
from threads_or_processes.analysis.trial_values import Times, trials_of_cell, wall_times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.groups import CellKey
from threads_or_processes.records.tables.measured import CellRow
from threads_or_processes.records.vocabulary import Basis, CellFlag


def cells_table(
    plan: Plan, trials: pd.DataFrame, values: pd.DataFrame, times: Times
) -> list[CellRow]:
    """One row for each planned cell; a cell without ok trial has no numbers.

    `trials` is the data set, `values` its ok trials (`trial_values`), `times` their wall times.
    """
    each_trial = trials.drop_duplicates("trial_id")
    planned = Counter(trial.cell for trial in plan.trials)
    ok = Counter(each_trial.loc[each_trial["outcome"] == "ok", "cell"])
    failed = set(each_trial.loc[each_trial["outcome"] != "ok", "cell"])
    losing = set(trials.loc[(trials["lost_updates"] > 0).fillna(value=False), "cell"])
    by_cell = dict(iter(values.groupby("cell")))
    batches = each_trial.drop_duplicates("cell").set_index("cell")
    rows = []
    for cell in plan.in_order():
        row = CellRow(
            **cell_columns(cell),
            planned=planned[cell.id],
            ok=ok[cell.id],
            tasks=batches["tasks"].get(cell.id),
            size=batches["size"].get(cell.id),
        )
        if cell.id in by_cell:
            row = _with_estimates(row, by_cell[cell.id], times, plan)
        if cell.id in failed:
            row = replace(row, flags=(*row.flags, CellFlag.FAILURES))
        if cell.id in losing:
            row = replace(row, flags=(*row.flags, CellFlag.LOST_UPDATES))
        rows.append(row)
    return rows


def _with_estimates(row: CellRow, values: pd.DataFrame, times: Times, plan: Plan) -> CellRow:
    """Numbers and signs from the ok trials of one cell, on the basis that it allows."""
    basis = times.basis(row.cell)
    wall_ns = wall_times(times.on(basis), row.cell)
    interval = estimate_median(wall_ns, confidence=plan.confidence)
    cv_ratio = coefficient_of_variation(wall_ns)
    # A user of the machine meets every repetition, the disturbed ones too.
    p90_ns, p95_ns, slowest_ns = quantiles(list(values["walls_ns"]), np.array([0.90, 0.95, 1.0]))
    watched = int(values["watched"].sum())
    trials = trials_of_cell(values, basis)
    flags = list(
        signs(np.log(trials.wall_ns), trials.repetitions_ns, cv_ratio=cv_ratio, margin=plan.margin)
    )
    if basis is Basis.TYPICAL and watched:
        flags.append(CellFlag.DISTURBED)
    return replace(
        row,
        basis=basis,
        quiet_trials=int(values["quiet_wall_ns"].notna().sum()),
        quiet_share_ratio=float(values["quiet"].sum()) / watched if watched else None,
        typical_ns=float(values["wall_ns"].median()),
        median_ns=float(np.median(wall_ns)),
        ci_low_ns=interval.low if interval else None,
        ci_high_ns=interval.high if interval else None,
        ci_level=interval.level if interval else None,
        ci_method=interval.method if interval else None,
        min_ns=float(wall_ns.min()),
        max_ns=float(wall_ns.max()),
        geometric_mean_ns=geometric_mean(wall_ns),
        repetitions=sum(walls_ns.size for walls_ns in values["walls_ns"]),
        p90_ns=float(p90_ns),
        p95_ns=float(p95_ns),
        max_repetition_ns=float(slowest_ns),
        between_trial_cv_ratio=cv_ratio,
        within_trial_cv_ratio=median_of_known(values["within_cv_ratio"]),
        setup_ns=median_of_known(values["setup_ns"]),
        first_result_ns=median_of_known(values["first_result_ns"]),
        teardown_ns=median_of_known(values["teardown_ns"]),
        user_ns=median_of_known(values["user_ns"]),
        system_ns=median_of_known(values["system_ns"]),
        flags=tuple(flags),
    )


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
