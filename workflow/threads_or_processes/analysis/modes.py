"""The fast mode of each cell and amount, and its slow trials beside it instead of inside it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from threads_or_processes.analysis.amounts import TimesAt
from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.contrasts import planned_contrasts
from threads_or_processes.analysis.estimates import Floats, bounded_median
from threads_or_processes.analysis.flags import squares_within
from threads_or_processes.analysis.placement import Placed, co_placement
from threads_or_processes.analysis.ratios import compare
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.trial_values import Times, wall_times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.groups import Bounded, Ratio
from threads_or_processes.records.tables.measured import ModesRow, SlowModesRow
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    SLOW_GAP,
    ContrastKind,
    Family,
    Timing,
)

#: The gap is also at least so many standard deviations within the two groups.
LEAST_APART = 3.0


#: Cell and amount -> where the workers of its measured repetitions ran; ok trials only.
PlacedAt = Mapping[str, Mapping[int, Placed]]


def modes_table(plan: Plan, placed: PlacedAt, times: TimesAt, rules: Rules) -> list[ModesRow]:
    """A row for each cell and amount that ok trials measured, in the order of cells and amounts.

    `times` are the trials' times at each amount.
    """
    free = {
        contrast.cell.id: contrast.baseline
        for contrast in planned_contrasts(plan)
        if contrast.question is ContrastKind.PINNED_OVER_FREE
    }
    return [
        replace(
            _row(cell, amount, placed[cell.id][amount], times[amount], plan),
            over_free=_over_free(cell, free.get(cell.id), times[amount], rules),
        )
        for cell in plan.in_order()
        for amount in sorted(placed.get(cell.id, ()))
    ]


def _over_free(cell: Cell, free: Cell | None, times: Times, rules: Rules) -> Ratio | None:
    comparison = compare(times, cell=cell, baseline=free, rules=rules) if free else None
    return comparison.as_ratio if comparison else None


def slow_modes_table(plan: Plan, modes: Iterable[ModesRow]) -> list[SlowModesRow]:
    """A row for each family and amount: what a single cell has too few trials to tell."""
    groups: dict[tuple[Family, int], list[ModesRow]] = {}
    for row in modes:
        cell = plan.cells_by_id[row.cell]
        if cell.timing is Timing.WARM and row.slow_trials is not None and not plan.is_pinned(cell):
            groups.setdefault((plan.family(cell), row.amount), []).append(row)
    order = list(Family)
    return [
        _together(family, amount, groups[family, amount], plan.confidence)
        for family, amount in sorted(groups, key=lambda key: (key[1], order.index(key[0])))
    ]


def _together(
    family: Family, amount: int, rows: Sequence[ModesRow], confidence: float
) -> SlowModesRow:
    trials, slow = (sum(row.trials for row in rows), sum(row.slow_trials or 0 for row in rows))
    return SlowModesRow(
        family=family,
        amount=amount,
        cells=len(rows),
        trials=trials,
        slow_trials=slow,
        slow_share=share(slow, trials, confidence),
        placed=sum(row.placed or 0 for row in rows),
        co_placed=sum(row.co_placed or 0 for row in rows),
    )


def _row(cell: Cell, amount: int, found: Placed, times: Times, plan: Plan) -> ModesRow:
    basis = times.basis(cell.id)
    wall_ns = wall_times(times.on(basis), cell.id)
    slow = slow_trials(np.log(wall_ns))
    row = ModesRow(
        **cell_columns(cell),
        amount=amount,
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
    placed = co_placement(found) if cell.workers > 1 else None
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

    The gap counts if it is `SLOW_GAP` wide and `LEAST_APART` standard deviations
    within the two groups, pooled. A single trial may be slow: whether it is one of a mode, trials
    of other cells tell. Below `FEWEST_BLOCKS` none is. Simulated at 6 to 10 trials, in quiet noise
    no cell has a slow trial by chance, in skewed noise 4 % (0.7 % of trials at most). Where one
    trial in five is a quarter slower, all of these are found in quiet noise, 70 to 79 % in skewed.
    """
    slow = np.zeros(log_times.size, dtype=bool)
    if log_times.size < FEWEST_BLOCKS:
        return slow
    ordered = np.sort(log_times)
    gaps = np.diff(ordered)
    within = np.sqrt(squares_within(ordered) / (ordered.size - 2))
    counts = gaps > np.maximum(math.log1p(SLOW_GAP), LEAST_APART * within)
    counts[: (ordered.size - 1) // 2] = False  # the faster half is fast
    if counts.any():
        slow = log_times > ordered[np.where(counts, gaps, 0.0).argmax()]
    return slow


@cache  # few numbers of trials come again and again
def share(found: int, of: int, confidence: float) -> Bounded:
    """A share with its exact interval.

    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26, 1934.
    """
    interval = stats.binomtest(found, of).proportion_ci(confidence, method="exact")
    return Bounded(value=found / of, low=float(interval.low), high=float(interval.high))
