"""The table of crossovers: from which size of a task on a parallel model is faster.

A ladder is a workload of which an experiment varies one size, with one model, number of workers
and arm, and what the model must beat on the same arm: serial, or as many threads.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import optimize

from threads_or_processes.analysis.estimates import Floats
from threads_or_processes.analysis.ratios import Comparison, compare
from threads_or_processes.analysis.readings import NO_FASTER, Rules
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.experiments import CrossoverRow
from threads_or_processes.records.tables.groups import Bounded, Intervals
from threads_or_processes.records.vocabulary import (
    SERIAL,
    THREADS,
    ComparisonResult,
    CrossoverState,
    Family,
    Timing,
)

BETWEEN_SIZES = "intervals of the two nearest sizes, joined in 1 / size"

#: Workload, parameter and baseline model of a ladder; its timing, model, workers and arm.
Way = tuple[str, str, Literal["serial", "threads"], Timing, str, int, str]


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """A parallel cell and its baseline for each size of a parameter."""

    workload: str
    parameter: str
    baseline_model: Literal["serial", "threads"]
    rungs: Mapping[float, tuple[Cell, Cell]]


@dataclass(frozen=True, kw_only=True)
class Bracket:
    """Places of the two sizes that enclose a crossover; None where the readings name none."""

    state: CrossoverState
    baseline_to: int | None
    faster_from: int | None


def crossovers_table(plan: Plan, times: Times, rules: Rules) -> list[CrossoverRow]:
    """One row for each ladder of at least two sizes, as cells come."""
    return [_row(ladder, times, rules) for ladder in ladders(plan)]


def ladders(plan: Plan) -> Iterator[Ladder]:
    """Every ladder of the plan.

    A size is a varied parameter whose value is a positive number; where two are varied, each has
    its ladders with the other held fixed.
    """
    compared = [cell for cell in plan.in_order() if cell.is_compared]
    at = {(c.workload, c.timing, c.arm, c.model, c.workers): c for c in compared}
    found: dict[Way, dict[float, tuple[Cell, Cell]]] = {}
    for cell in compared:
        for model, workers in _baselines(cell, plan):
            baseline = at.get((cell.workload, cell.timing, cell.arm, model, workers))
            if baseline is None:
                continue
            for workload, parameter, size in sizes_of(cell.workload):
                way = (
                    workload,
                    parameter,
                    model,
                    *(cell.timing, cell.model, cell.workers, cell.arm),
                )
                found.setdefault(way, {})[size] = (cell, baseline)
    for (workload, parameter, model, *_), rungs in found.items():
        if len(rungs) > 1:
            yield Ladder(
                workload=workload,
                parameter=parameter,
                baseline_model=model,
                rungs=dict(sorted(rungs.items())),
            )


def _baselines(cell: Cell, plan: Plan) -> Iterator[tuple[Literal["serial", "threads"], int]]:
    """The models, and their workers, that a parallel cell is to beat."""
    if plan.family(cell) is not Family.SERIAL:
        yield SERIAL, 1
        if cell.model != THREADS:
            yield THREADS, cell.workers


def sizes_of(label: str) -> Iterator[tuple[str, str, float]]:
    """The sizes in a workload's label: the label without it, the parameter's name, its value."""
    parts = label.split(",")
    for place, part in enumerate(parts[1:], start=1):
        parameter, _, value = part.partition("=")
        size = _number(value)
        if 0 < size < math.inf:
            yield ",".join(parts[:place] + parts[place + 1 :]), parameter, size


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _row(ladder: Ladder, times: Times, rules: Rules) -> CrossoverRow:
    sizes = np.array(list(ladder.rungs))
    cell, _ = next(iter(ladder.rungs.values()))
    comparisons = [
        compare(times, cell=cell, baseline=baseline, rules=rules)
        for cell, baseline in ladder.rungs.values()
    ]
    bracket = find_bracket(
        [one.reading if one is not None else ComparisonResult.INCONCLUSIVE for one in comparisons]
    )
    row = CrossoverRow(
        workload=ladder.workload,
        parameter=ladder.parameter,
        model=cell.model,
        workers=cell.workers,
        worker_kind=cell.worker_kind,
        arm=cell.arm,
        baseline_model=ladder.baseline_model,
        timing=cell.timing,
        sizes=sizes.size,
        measured_sizes=sum(one is not None for one in comparisons),
        least_size=float(sizes[0]),
        largest_size=float(sizes[-1]),
        state=bracket.state,
        baseline_to_size=_at(sizes, bracket.baseline_to),
        faster_from_size=_at(sizes, bracket.faster_from),
    )
    # For serial as the baseline alone: what threads take may grow with the size in any way.
    if bracket.state is not CrossoverState.BRACKETED or ladder.baseline_model != SERIAL:
        return row
    return replace(
        row,
        crossover=_crossover(sizes, comparisons, margin=rules.margin),
        intervals=Intervals(ci_level=rules.confidence, ci_method=BETWEEN_SIZES),
    )


def _at(sizes: Floats, place: int | None) -> float | None:
    return None if place is None else float(sizes[place])


def find_bracket(readings: Sequence[ComparisonResult]) -> Bracket:
    """Where the baseline will do for the last time, and from where on the model is faster.

    `readings` are those of the model against the baseline, the least size first; at least one. It
    is faster from a size on when it is faster at each of those that follow.
    """
    faster_from = len(readings)
    while faster_from > 0 and readings[faster_from - 1] is ComparisonResult.FASTER:
        faster_from -= 1
    before = readings[:faster_from]
    baseline_to = max(
        (place for place, reading in enumerate(before) if reading in NO_FASTER), default=None
    )
    if not before:
        state = CrossoverState.ALWAYS_FASTER
    elif faster_from < len(readings):
        state = CrossoverState.BRACKETED if baseline_to is not None else CrossoverState.UNRESOLVED
    elif baseline_to != len(readings) - 1:
        state = CrossoverState.UNRESOLVED
    elif ComparisonResult.FASTER in before:
        state = CrossoverState.FASTER_BELOW
    else:
        state = CrossoverState.NOT_REACHED
    return Bracket(
        state=state,
        baseline_to=baseline_to,
        faster_from=faster_from if faster_from < len(readings) else None,
    )


def _crossover(
    sizes: Floats, comparisons: Sequence[Comparison | None], *, margin: float
) -> Bounded:
    """The indicative size and its interval, from the sizes that have one."""
    known = [
        (size, one.estimate.ratio, one.estimate.interval.low, one.estimate.interval.high)
        for size, one in zip(sizes, comparisons, strict=True)
        if one is not None and one.estimate.interval is not None
    ]
    value, low, high = crossing(*np.array(known).T, margin=margin)
    return Bounded(value=value, low=low, high=high)


def crossing(
    sizes: Floats, ratios: Floats, low: Floats, high: Floats, *, margin: float
) -> tuple[float | None, float | None, float | None]:
    """The size from which parallel is faster by the margin, and the ends of its interval.

    `ratios` are how many times faster parallel is at each size, with their intervals; shapes
    (sizes,), sizes ascending. Between two sizes the time of parallel over that of serial is taken
    to be a straight line in 1 / size, which it is where sending costs the same for each task and
    its work grows with the size. The ends are where the edges of the band of intervals pass the
    margin; between two sizes, whose trials are not the same, half-widths add as squares. None is
    an end beyond the sizes measured.

    Where that line is true, the interval simulated holds the crossover 94 to 99 % of the time (a
    bootstrap of the blocks 82 to 95 %). Where it is not, with sizes a factor of ten apart, it may
    miss nearly always (so does interpolation between logarithms), while the bracket of the two
    sizes does not: hence indicative.
    """
    shares = 1 / ratios
    gains = 1 / (1 + margin) - shares
    return (
        _passing(sizes, gains, np.zeros_like(gains)),
        _passing(sizes, gains, shares - 1 / high),
        _passing(sizes, gains, -(1 / low - shares)),
    )


def _passing(sizes: Floats, gains: Floats, spreads: Floats) -> float | None:
    """The size at which gains + spreads becomes positive for good; spreads have one sign."""
    behind = np.flatnonzero(gains + spreads <= 0)
    if not behind.size or behind[-1] == sizes.size - 1:
        return None
    pair = slice(behind[-1], behind[-1] + 2)
    (before, after), (spread_before, spread_after) = gains[pair], spreads[pair]
    sign = math.copysign(1, spread_before + spread_after)

    def gain(way: float) -> float:
        spread = math.hypot((1 - way) * spread_before, way * spread_after)
        return float((1 - way) * before + way * after + sign * spread)

    way = optimize.brentq(gain, 0, 1)
    inverse = np.interp(way, [0, 1], 1 / sizes[pair])
    return float(1 / inverse)
