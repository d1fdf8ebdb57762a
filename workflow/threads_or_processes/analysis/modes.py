"""The fast mode of each cell and amount, and its slow trials beside it instead of inside it."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.estimates import Floats, bounded_median
from threads_or_processes.analysis.placement import co_placement
from threads_or_processes.analysis.trial_values import Times, times_of, trial_values, wall_times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.records.tables.measured import ModesRow
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, Outcome

#: Slow trials lie beyond a gap of at least this factor, and of so many standard deviations within
#: the two groups.
LEAST_GAP_RATIO = 1.12
LEAST_APART = 3.0


def modes_table(plan: Plan, trials: pd.DataFrame) -> list[ModesRow]:
    """A row for each cell and amount that ok trials measured, in the order of cells and amounts.

    `trials` is the data set with all its amounts.
    """
    counts = (trials["outcome"] == Outcome.OK) & (trials["phase"] == "measure")
    measured = trials[counts.fillna(value=False)]
    found: dict[str, list[ModesRow]] = {}
    for _, at_amount in measured.groupby("amount", sort=True):
        times = times_of(trial_values(at_amount, quiet_threshold=plan.quiet_threshold))
        for cell, repetitions in at_amount.groupby("cell"):
            row = _row(plan.cells_by_id[str(cell)], repetitions, times, plan)
            found.setdefault(row.cell, []).append(row)
    return [row for cell in plan.in_order() for row in found.get(cell.id, [])]


def _row(cell: Cell, repetitions: pd.DataFrame, times: Times, plan: Plan) -> ModesRow:
    basis = times.basis(cell.id)
    wall_ns = wall_times(times.on(basis), cell.id)
    slow = slow_trials(np.log(wall_ns))
    row = ModesRow(
        **cell_columns(cell),
        amount=int(repetitions["amount"].iloc[0]),
        basis=basis,
        trials=wall_ns.size,
        fast=bounded_median(wall_ns[~slow], plan.confidence)[0],
    )
    if wall_ns.size >= FEWEST_BLOCKS:
        row = replace(
            row,
            slow_trials=int(slow.sum()),
            slow_share=share(int(slow.sum()), wall_ns.size, plan.confidence),
            slow_times_ratio=(
                float(np.median(wall_ns[slow]) / np.median(wall_ns[~slow])) if slow.any() else None
            ),
        )
    placed = co_placement(repetitions, cpus=plan.machine.logical_cpus) if cell.workers > 1 else None
    if placed is None:
        return row
    return replace(
        row,
        placed=placed.told,
        co_placed=placed.co_placed,
        co_placed_times_ratio=placed.times_ratio,
    )


def slow_trials(log_times: Floats) -> NDArray[np.bool_]:
    """Which trials, shape (k,), lie beyond the widest gap above the faster half or more; bools.

    The gap counts if it is a factor of `LEAST_GAP_RATIO` and `LEAST_APART` standard deviations
    within the two groups, pooled. A single trial may be slow: whether it is one of a mode, trials
    of other cells tell. Below `FEWEST_BLOCKS` none is. Simulated at 6 to 10 trials, in quiet noise
    no cell has a slow trial by chance, in skewed noise 4 % (0.8 % of trials). Where one trial in
    five is a quarter slower, 98 % of these are found in quiet noise, 75 % in skewed noise.
    """
    slow = np.zeros(log_times.size, dtype=bool)
    if log_times.size < FEWEST_BLOCKS:
        return slow
    ordered = np.sort(log_times)
    widest = 0.0
    for fast, gap in _gaps(ordered):
        groups = ordered[:fast], ordered[fast:]
        squares = sum(float(np.sum((group - group.mean()) ** 2)) for group in groups)
        within = math.sqrt(squares / (ordered.size - 2))
        if gap > max(widest, math.log(LEAST_GAP_RATIO), LEAST_APART * within):
            widest, slow = gap, log_times > groups[0][-1]
    return slow


def _gaps(ordered: Floats) -> Iterator[tuple[int, float]]:
    """Each cut that leaves half or more on the fast side: how many are there, and the gap above."""
    for fast in range((ordered.size + 1) // 2, ordered.size):
        yield fast, float(ordered[fast] - ordered[fast - 1])


def share(found: int, of: int, confidence: float) -> Bounded:
    """A share with its exact interval.

    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26, 1934.
    """
    interval = stats.binomtest(found, of).proportion_ci(confidence, method="exact")
    return Bounded(value=found / of, low=float(interval.low), high=float(interval.high))
