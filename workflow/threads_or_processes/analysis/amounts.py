"""The table of amounts: the time of each warm cell at each amount of work, and what it gains."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.estimates import bounded_median, geometric_mean
from threads_or_processes.analysis.ratios import compare
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.trial_values import (
    WALL_TIMES_BY,
    Times,
    times_of,
    trial_values,
    wall_times,
)
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.amounts import AmountRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import SERIAL, Timing

#: Amount -> the trials' times at it, of all cells that were measured at it.
TimesAt = Mapping[int, Times]


def times_at_amounts(plan: Plan, trials: pd.DataFrame) -> TimesAt:
    """The trials' times at each amount of a data set that was read for the tables."""

    def at(amount: int) -> pd.DataFrame:
        is_there = trials["amount"] == amount
        # A column at a time, for `trials[is_there]` would copy all of them.
        return pd.DataFrame({name: trials[name][is_there] for name in WALL_TIMES_BY}, copy=False)

    return {
        int(amount): times_of(trial_values(at(amount), quiet_threshold=plan.quiet_threshold), plan)
        for amount in sorted(trials["amount"].unique())
    }


def amounts_table(plan: Plan, times: TimesAt, rules: Rules) -> list[AmountRow]:
    """One row for each warm cell and amount, in the order of cells."""
    work_ns = batch_work_ns(plan, times)
    return [
        replace(
            _row(cell, amount, times.get(amount, Times({}, {})), rules),
            work_ns=amount * work_ns[cell.workload] if cell.workload in work_ns else None,
            speedup=_speedup(cell, serial, times[amount], rules)
            if serial is not None and amount in times
            else None,
        )
        for cell, serial in warm_with_serial(plan)
        for amount in cell.amounts
    ]


def batch_work_ns(plan: Plan, times: TimesAt) -> dict[str, float]:
    """What a batch of each workload takes serial on the reference arm, where that was measured.

    Taken from the largest amount, in which a fixed cost counts least.
    """
    return {
        cell.workload: geometric_mean(wall_times(at_most.of(cell.id), cell.id)) / max(cell.amounts)
        for cell, _ in warm_with_serial(plan)
        if (cell.model, cell.arm) == (SERIAL, plan.reference_arm)
        and (at_most := times.get(max(cell.amounts))) is not None
        and cell.id in at_most.typical
    }


def warm_with_serial(plan: Plan) -> Iterator[tuple[Cell, Cell | None]]:
    """The warm cells that are compared, each with serial on the same arm; serial has none."""
    warm = [cell for cell in plan.in_order() if cell.is_compared and cell.timing is Timing.WARM]
    serials = {(cell.workload, cell.arm): cell for cell in warm if cell.model == SERIAL}
    for cell in warm:
        yield cell, None if cell.model == SERIAL else serials.get((cell.workload, cell.arm))


def _row(cell: Cell, amount: int, times: Times, rules: Rules) -> AmountRow:
    wall_ns = wall_times(times.of(cell.id), cell.id)
    time, intervals = bounded_median(wall_ns, rules.confidence)
    return AmountRow(
        **cell_columns(cell),
        amount=amount,
        trials=wall_ns.size,
        basis=times.basis(cell.id) if wall_ns.size else None,
        time=time,
        intervals=intervals,
    )


def _speedup(cell: Cell, serial: Cell, times: Times, rules: Rules) -> Ratio | None:
    comparison = compare(times, cell=cell, baseline=serial, rules=rules)
    return comparison.as_ratio if comparison else None
