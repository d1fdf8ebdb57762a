"""The table of overheads: time = overhead + work / rate, and from which amount of work on it pays.

Each trial has a line of its own, through its times at the least and at the largest amount; an
amount between checks it. So what a trial's amounts share (its process, its moment) is in its line,
and all numbers are medians over the trials' lines (`medians` has the reason).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from threads_or_processes.analysis.amounts import TimesAt, batch_work_ns, warm_with_serial
from threads_or_processes.analysis.break_even import BreakEven, Differences, break_even
from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.estimates import Floats
from threads_or_processes.analysis.medians import Ranks, of_pairs, of_trials
from threads_or_processes.analysis.ratios import paired_blocks
from threads_or_processes.analysis.readings import NO_FASTER, Rules
from threads_or_processes.analysis.trial_values import Times, TimesByBlock
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.amounts import AmountRow, OverheadRow
from threads_or_processes.records.tables.groups import NO_NUMBER, Bounded, Intervals
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    Basis,
    ComparisonResult,
    LineState,
    Pays,
)

Number = TypeVar("Number", float, Floats)


@dataclass(frozen=True)
class Line(Generic[Number]):
    """Time over the amount of work, of a trial or of many at once."""

    overhead: Number
    batch: Number

    def miss(self, time: Number, amount: int) -> Number:
        """How far a time at an amount is above the line, as a share of it."""
        return 1 - (self.overhead + amount * self.batch) / time


def line_through(at_least: Number, at_most: Number, *, least: int, most: int) -> Line[Number]:
    """The line through the times at two amounts."""
    batch = (at_most - at_least) / (most - least)
    return Line(overhead=at_least - least * batch, batch=batch)


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The lines of all trials: the overhead and each batch more, in ns, by cell and block.

    `misses` are shares of the time at the amount between.
    """

    overheads: Times
    batches: Times
    misses: Times


def overheads_table(
    plan: Plan, times: TimesAt, rules: Rules, amounts: Iterable[AmountRow] = ()
) -> list[OverheadRow]:
    """One row for each warm cell, in the order of cells; `amounts` are the rows of that table.

    Lines say from where on a cell pays. What they say of the largest amount must be what the
    speedup that was measured there says; else it is unsettled.
    """
    gains = {
        (row.cell, row.amount): row.speedup.reading for row in amounts if row.speedup is not None
    }
    cells = list(warm_with_serial(plan))
    lines = lines_of([cell for cell, _ in cells], times)
    work_ns = batch_work_ns(plan, times)
    rows: dict[str, OverheadRow] = {}
    for cell, serial in sorted(cells, key=lambda pair: pair[1] is not None):
        row = _line(cell, lines, rules)
        if cell.workload in work_ns:
            row = replace(row, work_ns=work_ns[cell.workload] * row.largest_amount)
        if serial is not None:
            row = _against(row, rows[serial.id], lines, rules)
            row = _agreeing(row, gains.get((row.cell, row.largest_amount)))
        rows[cell.id] = row
    return [rows[cell.id] for cell, _ in cells]


def check_amount(amounts: tuple[int, ...]) -> int | None:
    """The amount nearest to the middle between the least and the largest, by their ratios."""
    middle = math.sqrt(amounts[0] * amounts[-1])
    between = amounts[1:-1]
    return min(between, key=lambda amount: abs(math.log(amount / middle)), default=None)


def lines_of(cells: list[Cell], times: TimesAt) -> Lines:
    """The line of each trial that has a time at its cell's least and largest amount."""
    known = {
        basis: {amount: at.on(basis) for amount, at in times.items()}
        for basis in (Basis.QUIET, Basis.TYPICAL)
    }
    peers = {cell.id: cell.peers for cell in cells}
    found = {basis: _on_basis(cells, at) for basis, at in known.items()}
    overheads, batches, misses = (
        Times(quiet=quiet, typical=typical, peers=peers)
        for quiet, typical in zip(found[Basis.QUIET], found[Basis.TYPICAL], strict=True)
    )
    return Lines(overheads=overheads, batches=batches, misses=misses)


def _on_basis(
    cells: list[Cell], times: Mapping[int, TimesByBlock]
) -> tuple[TimesByBlock, TimesByBlock, TimesByBlock]:
    overheads: dict[str, dict[int, float]] = {}
    batches: dict[str, dict[int, float]] = {}
    misses: dict[str, dict[int, float]] = {}
    for cell in cells:
        if len(cell.amounts) < 2:
            continue
        least, most, check = cell.amounts[0], cell.amounts[-1], check_amount(cell.amounts)
        at_least, at_most = (times.get(amount, {}).get(cell.id, {}) for amount in (least, most))
        at_check = times.get(check, {}).get(cell.id, {}) if check else {}
        for block in sorted(at_least.keys() & at_most.keys()):
            line = line_through(at_least[block], at_most[block], least=least, most=most)
            overheads.setdefault(cell.id, {})[block] = line.overhead
            batches.setdefault(cell.id, {})[block] = line.batch
            if check and block in at_check:
                misses.setdefault(cell.id, {})[block] = line.miss(at_check[block], check)
    return overheads, batches, misses


def _line(cell: Cell, lines: Lines, rules: Rules) -> OverheadRow:
    """What a cell's own trials say."""
    basis = lines.batches.basis(cell.id)
    overheads, batches, misses = (
        _values(of, basis, cell.id) for of in (lines.overheads, lines.batches, lines.misses)
    )
    row = OverheadRow(
        **cell_columns(cell),
        least_amount=cell.amounts[0],
        check_amount=check_amount(cell.amounts),
        largest_amount=cell.amounts[-1],
        basis=basis if batches.size else None,
        trials=batches.size,
        state=LineState.ONE_AMOUNT if len(cell.amounts) < 2 else line_state(misses, rules),
        miss=_median(misses, rules.confidence),
    )
    if not batches.size or row.state is LineState.BENDS:
        return row
    return replace(
        row,
        overhead=_median(overheads, rules.confidence),
        batch=_median(batches, rules.confidence),
        intervals=_intervals(_ranks(batches, rules.confidence)),
    )


def _values(times: Times, basis: Basis, cell: str) -> Floats:
    return np.array(list(times.on(basis).get(cell, {}).values()), dtype=np.float64)


def line_state(misses: Floats, rules: Rules) -> LineState:
    """Read against the margin as ratios are: wholly within it, wholly beyond it, or neither."""
    if not misses.size:
        return LineState.UNCHECKED
    if misses.size < FEWEST_BLOCKS:
        return LineState.UNSETTLED
    low, high = of_trials(misses.size, rules.confidence).bounds(misses)
    if min(abs(low), abs(high)) > rules.margin and low * high > 0:
        return LineState.BENDS
    low, high = of_trials(misses.size, 2 * rules.confidence - 1).bounds(misses)
    return LineState.HOLDS if max(abs(low), abs(high)) < rules.margin else LineState.UNSETTLED


def _ranks(values: Floats, level: float) -> Ranks | None:
    return of_trials(values.size, level) if values.size > 1 else None


def _median(values: Floats, level: float, ranks: Ranks | None = None) -> Bounded:
    """The median of values with its interval, where there are enough for one."""
    ranks = ranks or _ranks(values, level)
    if not values.size:
        return NO_NUMBER
    if ranks is None:
        return Bounded(value=float(np.median(values)))
    low, high = ranks.bounds(values)
    return Bounded(value=float(np.median(values)), low=float(low), high=float(high))


def _intervals(ranks: Ranks | None) -> Intervals:
    return Intervals(ci_level=ranks.level, ci_method=ranks.method) if ranks else Intervals()


def _against(row: OverheadRow, serial: OverheadRow, lines: Lines, rules: Rules) -> OverheadRow:
    """The row of a parallel cell with what its lines say against those of serial."""
    row = replace(row, baseline_cell=serial.cell)
    if LineState.BENDS in (row.state, serial.state):
        return row
    basis = lines.batches.basis(row.cell, serial.cell)
    of_cell, of_serial = (lines.batches.on(basis).get(one, {}) for one in (row.cell, serial.cell))
    if min(len(of_cell), len(of_serial)) < FEWEST_BLOCKS:
        return row
    shared = paired_blocks(basis, of_cell, of_serial)
    if shared is not None and len(shared) < FEWEST_BLOCKS:
        return row
    if shared is None:
        ranks = of_pairs(len(of_cell), len(of_serial), rules.confidence)
        pairs = [(own, other) for own in of_cell for other in of_serial]
    else:
        ranks = of_trials(len(shared), rules.confidence)
        pairs = [(block, block) for block in shared]
    overhead, batch, serial_overhead, serial_batch = (
        np.array([of.on(basis)[cell][pair[place]] for pair in pairs])
        for place, cell in enumerate((row.cell, serial.cell))
        for of in (lines.overheads, lines.batches)
    )
    found = break_even(
        Differences(
            at_zero=overhead - serial_overhead / rules.upper,
            per_amount=batch - serial_batch / rules.upper,
            ranks=ranks,
        ),
        most=row.largest_amount,
    )
    return replace(
        row,
        # A trial whose largest amount takes no longer than its least has no rate.
        rate=_median(serial_batch / batch, rules.confidence, ranks)
        if (batch > 0).all()
        else NO_NUMBER,
        pays=found.state,
        break_even=_in_ns(found, row),
        compared=_intervals(ranks),
    )


def _agreeing(row: OverheadRow, gain: ComparisonResult | None) -> OverheadRow:
    """The row, unsettled where the measured gain at its largest amount doesn't bear it out."""
    if gain is None or row.pays is None:
        return row
    is_faster = row.pays in (Pays.FROM, Pays.ALWAYS)
    agrees = gain is ComparisonResult.FASTER if is_faster else gain in NO_FASTER
    return row if agrees else replace(row, pays=Pays.UNSETTLED)


def _in_ns(found: BreakEven, row: OverheadRow) -> Bounded:
    """A break-even in batches as time that serial on the reference arm takes for it."""
    if row.work_ns is None:
        return NO_NUMBER
    batch_ns = row.work_ns / row.largest_amount
    value, low, high = (
        None if end is None else end * batch_ns
        for end in (found.amount.value, found.amount.low, found.amount.high)
    )
    return Bounded(value=value, low=low, high=high)
