"""The tables of cells: absolute times with intervals, and how repetitions spread."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from threads_or_processes.analysis.estimates import (
    Floats,
    coefficient_of_variation,
    estimate_median,
    geometric_mean,
)
from threads_or_processes.analysis.flags import is_slow_start, signs
from threads_or_processes.analysis.frames import names
from threads_or_processes.analysis.trial_values import (
    TRIAL_KEY,
    Times,
    undisturbed_share,
    wall_times,
)
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.groups import CellKey
from threads_or_processes.records.tables.measured import CellRow, DistributionRow, QualityRow
from threads_or_processes.records.vocabulary import Basis, CellFlag, Outcome

#: Shares of the repetitions at which a distribution is given: 0 is the fastest, 1 the slowest.
SHARES: Floats = np.arange(21) / 20

#: Sums of shares are exact to rounding only: 0.1 + 0.2 is to reach 0.3.
ROUNDING = 1e-12


def cells_table(
    plan: Plan,
    repetitions: pd.DataFrame,
    trials: pd.DataFrame,
    values: pd.DataFrame,
    times: Times,
    quality: Iterable[QualityRow],
) -> list[CellRow]:
    """One row for each planned cell; a cell without ok trial has no numbers.

    `values` are the ok trials (`trial_values`), `times` their wall times, `quality` the rows of
    all timed cells.
    """
    planned = Counter(trial.cell for trial in plan.trials)
    ok = Counter(trials.loc[trials["outcome"] == Outcome.OK, "cell"])
    failed = set(trials.loc[trials["outcome"] != Outcome.OK, "cell"])
    losing = set(repetitions.loc[(repetitions["lost_updates"] > 0).fillna(value=False), "cell"])
    by_cell = dict(iter(values.groupby("cell")))
    of_cell = {row.cell: row for row in quality}
    slow_starts = _slow_starts(plan, repetitions)
    batches = trials.drop_duplicates("cell").set_index("cell")
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
        if cell.id in by_cell and cell.id in of_cell:
            found = signs(of_cell[cell.id], cv_ratio=row.between_trial_cv_ratio, margin=plan.margin)
            row = replace(row, flags=(*found, *row.flags))
        if cell.id in slow_starts:
            row = replace(row, flags=(*row.flags, CellFlag.SLOW_START))
        if cell.id in failed:
            row = replace(row, flags=(*row.flags, CellFlag.FAILURES))
        if cell.id in losing:
            row = replace(row, flags=(*row.flags, CellFlag.LOST_UPDATES))
        rows.append(row)
    return rows


def _slow_starts(plan: Plan, repetitions: pd.DataFrame) -> set[str]:
    """Cells of a user's own work whose first batch takes many times as long as the others."""
    own = {cell.id for cell in plan.in_order() if ":" in cell.function}
    if not own:
        return set()
    ok = (repetitions["outcome"] == Outcome.OK) & repetitions["cell"].isin(own)
    trials = repetitions[ok.fillna(value=False)].astype({"cell": object})
    trials = trials.assign(ns=trials["wall_ns"] / trials["amount"])
    first_ns = trials[trials["phase"] == "warmup"].groupby(TRIAL_KEY)["ns"].first()
    others_ns = trials[trials["phase"] == "measure"].groupby(TRIAL_KEY)["ns"].median()
    ratios = (first_ns / others_ns).dropna().groupby("cell")
    return {str(cell) for cell, found in ratios if is_slow_start(found.to_numpy(np.float64))}


def _with_estimates(row: CellRow, values: pd.DataFrame, times: Times, plan: Plan) -> CellRow:
    """Numbers from the ok trials of one cell, on the basis that it allows."""
    basis = times.basis(row.cell)
    wall_ns = wall_times(times.on(basis), row.cell)
    interval = estimate_median(wall_ns, confidence=plan.confidence)
    # A user of the machine meets every repetition, the disturbed ones too.
    p90_ns, p95_ns, slowest_ns = quantiles(list(values["walls_ns"]), np.array([0.90, 0.95, 1.0]))
    watched = int(values["watched"].sum())
    return replace(
        row,
        basis=basis,
        quiet_trials=int(values["quiet_wall_ns"].notna().sum()),
        quiet_share_ratio=float(values["quiet"].sum()) / watched if watched else None,
        imputed=int(values["imputed"].sum()),
        undisturbed_chunks_ratio=undisturbed_share(
            values["undisturbed_chunks"].sum(), values["chunks"].sum()
        ),
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
        between_trial_cv_ratio=coefficient_of_variation(wall_ns),
        within_trial_cv_ratio=median_of_known(values["within_cv_ratio"]),
        setup_ns=median_of_known(values["setup_ns"]),
        first_result_ns=median_of_known(values["first_result_ns"]),
        teardown_ns=median_of_known(values["teardown_ns"]),
        user_ns=median_of_known(values["user_ns"]),
        system_ns=median_of_known(values["system_ns"]),
        flags=(CellFlag.DISTURBED,) if basis is Basis.TYPICAL and watched else (),
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


def distributions_table(plan: Plan, values: pd.DataFrame) -> list[DistributionRow]:
    """Rows for each cell with an ok trial, in the order of cells.

    `values` are the ok trials (`trial_values`). Quiet times are there where a trial has enough of
    them, whatever the basis of the cell.
    """
    by_cell = dict(iter(values.groupby("cell")))
    rows: list[DistributionRow] = []
    for cell in plan.in_order():
        if cell.id not in by_cell:
            continue
        trials = by_cell[cell.id]
        typical_ns = quantiles(list(trials["walls_ns"]), SHARES)
        quiet = [times for times in trials["quiet_walls_ns"] if times.size]
        quiet_ns = quantiles(quiet, SHARES) if quiet else [None] * SHARES.size
        rows += [
            DistributionRow(
                cell=cell.id, share_ratio=share, typical_ns=typical, quiet_ns=quiet_time
            )
            for share, typical, quiet_time in zip(SHARES, typical_ns, quiet_ns, strict=True)
        ]
    return rows


def quantiles(repetitions: Sequence[Floats], shares: Floats) -> Floats:
    """Times that these shares of the repetitions do not exceed; each trial weighs the same.

    The inverse of the empirical distribution function averaged over the trials, so every quantile
    is a time that was measured (definition 1 of Hyndman and Fan, "Sample quantiles in statistical
    packages", Am. Stat. 50, 1996). Where the repetitions beyond a share would be less than one, it
    is the slowest of all. A trial that is repeated more often weighs no more; repetitions that are
    shuffled or all doubled change nothing. `repetitions` is not empty, nor are its arrays.
    """
    found: Floats = np.quantile(
        np.concatenate(repetitions),
        np.maximum(shares - ROUNDING, 0.0),
        weights=np.concatenate([np.full(times.size, 1 / times.size) for times in repetitions]),
        method="inverted_cdf",
    )
    return found
