"""Where the time of parallel workers went, in parts that add up to workers x wall time.

    useful      CPU time that the same work takes serially on the same arm
    inflated    CPU time inside tasks beyond that
    waiting     inside tasks, neither on a CPU nor ready for one
    run queue   inside tasks, ready to run, without a CPU
    imbalance   from a worker's last task to the end of the last task of all
    dispatch    before a worker's first task, between its chunks, after the last task of all

The efficiencies are those of the POP project (Wagner et al., "A structured approach to performance
analysis", Tools for High Performance Computing 2017): useful computation is CPU time inside tasks.
A trial is its repetition of median wall time, or the mean of the two in the middle: parts of one
repetition add up, medians of parts don't. A cell is the mean of its trials' shares.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from scipy import stats

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.diagnosis import Circumstances, causes
from threads_or_processes.analysis.estimates import Floats, Interval, bounded, centre
from threads_or_processes.analysis.ratios import samples_of
from threads_or_processes.analysis.samples import TwoSamples
from threads_or_processes.analysis.taken_apart import Spent, TakenApart
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.groups import Bounded, Intervals
from threads_or_processes.records.tables.parts import Efficiencies, PartsRow
from threads_or_processes.records.vocabulary import (
    SERIAL,
    Family,
    Part,
    PartsState,
    Timing,
)

STUDENT = "Student t on the trials' shares"

#: The kernel's share of less inflated CPU time than this is noise: the two are told apart by ticks.
LEAST_INFLATED = 0.05


def parts_table(plan: Plan, found: TakenApart) -> list[PartsRow]:
    """A row for each warm parallel cell and amount, in the order of cells, most work first."""
    serials = _serials(plan)
    rows = [
        _row(cell, serials.get((cell.workload, cell.arm)), amount, found, plan.confidence)
        for cell in _parallel(plan)
        for amount in found.amounts_of(cell)
    ]
    return _with_causes(plan, rows)


def taken_apart_cells(plan: Plan) -> set[str]:
    """The cells whose repetitions are taken apart: the parallel ones, and what they compare to."""
    return {cell.id for cell in _parallel(plan)} | set(_serials(plan).values())


def _parallel(plan: Plan) -> list[Cell]:
    return [
        cell
        for cell in plan.in_order()
        if cell.is_compared
        and cell.timing is Timing.WARM
        and plan.family(cell) is not Family.SERIAL
    ]


def _serials(plan: Plan) -> dict[tuple[str, str], str]:
    return {
        (cell.workload, cell.arm): cell.id
        for cell in plan.cells
        if cell.is_compared and cell.timing is Timing.WARM and cell.model == SERIAL
    }


def _row(
    cell: Cell, serial: str | None, amount: int, found: TakenApart, confidence: float
) -> PartsRow:
    """The row of a cell and amount, without causes."""
    row = PartsRow(
        **cell_columns(cell), amount=amount, baseline_cell=serial, state=PartsState.NO_SERIAL
    )
    why_not = found.why_not.get(cell.id, {}).get(amount)
    if why_not is not None:
        return replace(row, state=why_not)
    of_amount = found.by_amount.get(amount)
    if of_amount is None or not of_amount.has(cell.id):
        return replace(row, state=PartsState.NO_TRIALS)
    if serial is None or not of_amount.has(serial):
        return row
    times = of_amount.times(cell.id, serial)
    basis = times.basis(cell.id, serial)
    samples = samples_of(times, basis, cell=cell.id, baseline=serial)
    if samples is None:
        return row
    of_cell, of_serial = of_amount.on(basis, cell.id), of_amount.on(basis, serial)
    is_paired = not isinstance(samples, TwoSamples)
    blocks = sorted(of_cell.keys() & of_serial.keys()) if is_paired else sorted(of_cell)
    baselines = [of_serial[block] for block in blocks] if is_paired else sorted_by_block(of_serial)
    return _with_parts(
        replace(row, state=PartsState.MEASURED, basis=basis, trials=len(blocks)),
        [of_cell[block] for block in blocks],
        baselines,
        is_paired=is_paired,
        confidence=confidence,
    )


def sorted_by_block(of_cell: Mapping[int, Spent[float]]) -> list[Spent[float]]:
    """A cell's trials in the order of blocks."""
    return [of_cell[block] for block in sorted(of_cell)]


def _with_parts(
    row: PartsRow,
    cell: Sequence[Spent[float]],
    serial: Sequence[Spent[float]],
    *,
    is_paired: bool,
    confidence: float,
) -> PartsRow:
    """The row with its numbers; `serial` has the trials of the same blocks, or its own."""

    def of(trials: Sequence[Spent[float]], name: str) -> Floats:
        return np.array([getattr(trial, name) for trial in trials], dtype=np.float64)

    whole = row.workers * of(cell, "wall_ns")

    def serially(name: str) -> Floats:
        """What the work takes serially, for each trial of the cell."""
        values = of(serial, name)
        return values if is_paired else np.full(whole.size, centre(values))

    useful, cpu = serially("cpu_ns") / whole, of(cell, "cpu_ns") / whole
    # The serial cell's own uncertainty, where it is not in the spread of the shares already.
    error = 0.0 if is_paired else float(centre(useful)) * relative_error(of(serial, "cpu_ns"))
    shares = {
        Part.USEFUL: useful,
        Part.INFLATED: cpu - useful,
        **{
            part: of(cell, f"{part}_ns") / whole
            for part in (Part.WAITING, Part.RUN_QUEUE, Part.IMBALANCE, Part.DISPATCH)
        },
    }
    errors = {Part.USEFUL: error, Part.INFLATED: error}
    found: dict[str, Any] = {}
    intervals = Intervals()
    for part, values in shares.items():
        interval = mean_interval(
            values, confidence, error=errors.get(part, 0.0), others=len(serial)
        )
        found[part], intervals = bounded(float(centre(values)), interval)
    busiest = float(centre(of(cell, "busiest_ns") / of(cell, "wall_ns")))
    efficiency = float(centre(cpu))
    system = float(centre(of(cell, "system_ns") / whole))
    extra_system = system - float(centre(serially("system_ns") / whole))
    inflated = found[Part.INFLATED].value
    return replace(
        row,
        **found,
        intervals=intervals,
        worker_time_ns=float(centre(whole)),
        own_waiting_ratio=float(centre(serially("waiting_ns") / whole)),
        efficiencies=Efficiencies(
            parallel_efficiency_ratio=efficiency,
            load_balance_ratio=efficiency / busiest if busiest else None,
            communication_efficiency_ratio=busiest,
            computation_scaling_ratio=found[Part.USEFUL].value / efficiency if efficiency else None,
        ),
        voluntary_switches=float(centre(of(cell, "voluntary_switches"))),
        involuntary_switches=float(centre(of(cell, "involuntary_switches"))),
        idle_workers=float(centre(of(cell, "idle_workers"))),
        system_ratio=system / efficiency if efficiency else None,
        inflated_system_ratio=extra_system / inflated if inflated > LEAST_INFLATED else None,
    )


def relative_error(values: Floats) -> float:
    """The standard error of a mean of positive numbers, over the mean; 0 for one value."""
    if values.size < 2:
        return 0.0
    return float(values.std(ddof=1) / math.sqrt(values.size) / centre(values))


def mean_interval(
    values: Floats, confidence: float, *, error: float = 0.0, others: int = 0
) -> Interval | None:
    """Student's interval of a mean, shape (trials,); None below two.

    `error` is a further standard error, from so many `others`; degrees of freedom by Welch and
    Satterthwaite then.
    """
    if values.size < 2 or (error and others < 2):
        return None
    middle = float(centre(values))
    own = float((values - values[0]).std(ddof=1)) / math.sqrt(values.size)
    both = math.hypot(own, error)
    weights = (own**4 / (values.size - 1), error**4 / (others - 1) if error else 0.0)
    freedom = both**4 / sum(weights) if sum(weights) else values.size - 1
    half = float(stats.t.ppf((1 + confidence) / 2, freedom)) * both
    return Interval(low=middle - half, high=middle + half, level=confidence, method=STUDENT)


def _with_causes(plan: Plan, rows: Sequence[PartsRow]) -> list[PartsRow]:
    """The rows with the likely causes, each judged beside its twins in the same campaign."""
    gil = {arm.name: arm.gil for arm in plan.arms}
    at: dict[tuple[str, int, int], list[PartsRow]] = {}
    for row in rows:
        if row.state is PartsState.MEASURED:
            at.setdefault((row.workload, row.workers, row.amount), []).append(row)

    def family(row: PartsRow) -> Family:
        return plan.models[row.model].family

    def twins(row: PartsRow) -> Sequence[PartsRow]:
        return at[row.workload, row.workers, row.amount]

    def judged(row: PartsRow) -> PartsRow:
        processes = [
            one.inflated
            for one in twins(row)
            if one.arm == row.arm and family(one) is Family.PROCESSES
        ]
        without_gil = [
            extra_waiting(one)
            for one in twins(row)
            if one.model == row.model and gil[row.arm] and not gil[one.arm]
        ]
        switches, waited = row.voluntary_switches or 0.0, extra_waiting(row).value or 0.0
        inflated = row.inflated.value or 0.0
        each_ns = (row.worker_time_ns or 0.0) / switches if switches else None
        return replace(
            row,
            causes=causes(
                {**row.parts, Part.WAITING: extra_waiting(row)},
                Circumstances(
                    family=family(row),
                    has_gil=gil[row.arm],
                    workers=row.workers,
                    is_oversubscribed=row.worker_kind.is_over,
                    own_waiting=row.own_waiting_ratio or 0.0,
                    wait_ns=waited * each_ns if each_ns is not None else None,
                    handover_ns=inflated * each_ns if each_ns is not None else None,
                    idle_workers=row.idle_workers or 0.0,
                    inflated_system=row.inflated_system_ratio,
                    serial_system=serial_system(row),
                    inflated_in_processes=min(processes, key=lambda one: one.value or 0.0)
                    if processes
                    else None,
                    waiting_without_gil=without_gil[0] if without_gil else None,
                ),
            ),
        )

    return [judged(row) if row.state is PartsState.MEASURED else row for row in rows]


def serial_system(row: PartsRow) -> float:
    """The kernel's share of the same work's CPU time when it runs serially."""
    useful, inflated = row.useful.value or 0.0, row.inflated.value or 0.0
    of_all = (row.system_ratio or 0.0) * (useful + inflated)
    of_inflated = (row.inflated_system_ratio or 0.0) * inflated
    return (of_all - of_inflated) / useful if useful > 0 else 0.0


def extra_waiting(row: PartsRow) -> Bounded:
    """How much longer tasks wait than they do serially, as a share."""
    own, waiting = row.own_waiting_ratio or 0.0, row.waiting
    return Bounded(
        **{
            end: value - own if value is not None else None
            for end, value in asdict(waiting).items()
        }
    )
