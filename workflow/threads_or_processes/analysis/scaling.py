"""The tables of scaling: what more workers gain, and which law the curve follows.

A law is fitted to the pool's own cells, from one worker up to the machine's first border
(`WorkerKind`). The serial cell is not a point of the curve: it has no pool, and what a pool costs
with any number of workers would be taken for work that can't be shared. T(1) is free instead, and
found from all counts. Nor are counts beyond a border: workers that are far from each other, on
slower cores, or share a core, a CPU or a quota are slowed by that. Neither law has a term for it.
"""

from collections.abc import Sequence
from dataclasses import replace

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.curves import covered, curve_of
from threads_or_processes.analysis.estimates import bounded
from threads_or_processes.analysis.fits import BLOCK_BOOTSTRAP, Estimated, Laws, fit_laws
from threads_or_processes.analysis.ratios import compare
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.experiments import FitRow, ScalingRow
from threads_or_processes.records.tables.groups import NO_NUMBER, Bounded, Intervals
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    SERIAL,
    Family,
    FitState,
    Timing,
    WorkerKind,
)

#: With fewer counts than this both laws pass through the points whatever they are.
FEWEST_COUNTS = 4
#: No law is believed beyond this many times the largest count that it was fitted to.
REACH = 2


def scaling_table(plan: Plan, times: Times, rules: Rules) -> list[ScalingRow]:
    """One row for each warm parallel cell with a serial cell of its own.

    In the order of cells; a cell that shares no block with its serial cell has no numbers.
    """
    serials = {
        (cell.workload, cell.arm): cell
        for cell in plan.cells
        if cell.is_compared and cell.timing == Timing.WARM and cell.model == SERIAL
    }
    return [
        _scaling(cell, serials[cell.workload, cell.arm], times, rules)
        for cell in _parallel(plan)
        if (cell.workload, cell.arm) in serials
    ]


def _parallel(plan: Plan) -> list[Cell]:
    """The warm cells that are compared and have workers, in the order of cells."""
    return [
        cell
        for cell in plan.in_order()
        if cell.is_compared
        and cell.timing == Timing.WARM
        and plan.family(cell) is not Family.SERIAL
    ]


def _scaling(cell: Cell, serial: Cell, times: Times, rules: Rules) -> ScalingRow:
    row = ScalingRow(**cell_columns(cell), baseline_cell=serial.id, blocks=0)
    comparison = compare(times, cell=cell, baseline=serial, rules=rules)
    if comparison is None:
        return row
    estimate, workers = comparison.estimate, cell.workers
    speedup, intervals = bounded(estimate.ratio, estimate.interval)
    low, high = speedup.low, speedup.high
    return replace(
        row,
        basis=comparison.basis,
        blocks=estimate.blocks,
        cell_ns=comparison.cell_ns,
        baseline_ns=comparison.baseline_ns,
        speedup=speedup,
        efficiency=Bounded(
            value=estimate.ratio / workers, low=low and low / workers, high=high and high / workers
        ),
        # The more speedup, the less of it is serial.
        serial_fraction=Bounded(
            value=serial_fraction(estimate.ratio, workers),
            low=high and serial_fraction(high, workers),
            high=low and serial_fraction(low, workers),
        ),
        intervals=intervals,
    )


def serial_fraction(speedup: float, workers: int) -> float | None:
    """The share of the work that, done by one worker at a time, explains a speed-up by itself.

    (1 / S - 1 / p) / (1 - 1 / p) (Karp and Flatt, "Measuring parallel processor performance", CACM
    33, 1990). The same for all counts: it is serial work; growing with them: it is overhead. Below
    zero where the workers are faster than ideal; None for one worker.
    """
    if workers == 1:
        return None
    return (1 / speedup - 1 / workers) / (1 - 1 / workers)


def fits_table(plan: Plan, times: Times, rules: Rules) -> list[FitRow]:
    """One row for each workload, model and arm with a warm parallel cell."""
    ways: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in _parallel(plan):
        ways.setdefault((cell.workload, cell.model, cell.arm), []).append(cell)
    return [_fit(cells, times, rules) for cells in ways.values()]


def _fit(cells: Sequence[Cell], times: Times, rules: Rules) -> FitRow:
    within_cores = (cell for cell in cells if cell.worker_kind is WorkerKind.WITHIN_CORES)
    ids = covered(within_cores, times.typical)
    row = FitRow(
        workload=cells[0].workload,
        model=cells[0].model,
        arm=cells[0].arm,
        counts=len(ids),
        blocks=0,
        state=FitState.TOO_FEW_COUNTS,
    )
    if not ids:
        return row
    basis = times.basis_of_shared(*ids.values())
    curve = curve_of({count: times.on(basis).get(cell, {}) for count, cell in ids.items()})
    most_workers = max(ids)
    believed_to = REACH * most_workers
    row = replace(
        row,
        most_workers=most_workers,
        believed_to_workers=believed_to,
        basis=basis,
        blocks=curve.blocks,
    )
    if len(ids) < FEWEST_COUNTS:
        return row
    if curve.blocks < FEWEST_BLOCKS:
        return replace(row, state=FitState.TOO_FEW_BLOCKS)
    laws = fit_laws(curve, confidence=rules.confidence)
    state = _state(laws, most_workers=believed_to, margin=rules.margin)
    is_identified = state is FitState.IDENTIFIED
    return replace(
        row,
        state=state,
        preferred="usl" if laws.prefers_usl else "amdahl",
        amdahl=laws.amdahl,
        usl=laws.usl,
        usl_coherency=laws.usl.coherency,
        peak=_within(believed_to, laws.peak_workers) if is_identified else NO_NUMBER,
        intervals=Intervals(ci_level=rules.confidence, ci_method=BLOCK_BOOTSTRAP),
    )


def _state(laws: Laws, *, most_workers: int, margin: float) -> FitState:
    if laws.usl.misfit_ratio > margin:
        return FitState.POOR_FIT
    if laws.usl.coherency.low <= 0 or not laws.prefers_usl:
        return FitState.WEAKLY_IDENTIFIED
    if laws.peak_workers.value > most_workers:
        return FitState.PEAK_BEYOND
    return FitState.IDENTIFIED


def _within(most: float, estimated: Estimated) -> Bounded:
    """An estimate and the ends of its interval; an end beyond `most` is left open."""
    low, high = (end if end <= most else None for end in (estimated.low, estimated.high))
    return Bounded(value=estimated.value, low=low, high=high)
