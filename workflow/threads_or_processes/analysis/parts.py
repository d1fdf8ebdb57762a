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
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.diagnosis import Circumstances, causes
from threads_or_processes.analysis.estimates import Floats, Interval, bounded, centre
from threads_or_processes.analysis.quiet import Chunks
from threads_or_processes.analysis.ratios import samples_of
from threads_or_processes.analysis.samples import TwoSamples
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.groups import Bounded, Intervals
from threads_or_processes.records.tables.parts import Efficiencies, PartsRow
from threads_or_processes.records.vocabulary import (
    FEWEST_QUIET,
    SERIAL,
    Basis,
    Family,
    Part,
    PartsState,
    Timing,
)

STUDENT = "Student t on the trials' shares"

#: The kernel's share of less inflated CPU time than this is noise: the two are told apart by ticks.
LEAST_INFLATED = 0.05


class Spent(NamedTuple):
    """Where the time of a repetition's workers went, in ns.

    CPU time, waiting, run-queue wait, imbalance and dispatch add up to workers x wall time.
    `busiest_ns` is the CPU time of the worker with the most, `system_ns` the kernel's share.
    """

    wall_ns: float
    cpu_ns: float
    waiting_ns: float
    run_queue_ns: float
    imbalance_ns: float
    dispatch_ns: float
    busiest_ns: float
    system_ns: float
    voluntary_switches: float
    involuntary_switches: float
    idle_workers: float


def take_apart(chunks: Chunks, *, workers: int, wall_ns: int) -> Spent | PartsState:
    """Take a repetition apart, or say why it can't be.

    A worker without any chunk is done from the start on: it waits for the others until the last
    task ends.
    """
    if None in chunks.run_queue_ns:
        return PartsState.NO_ACCOUNTS
    last_end_ns = max(chunks.end_ns)
    cpu_ns = dict.fromkeys(chunks.worker, 0)
    done_ns = dict.fromkeys(chunks.worker, 0)
    between_ns = inside_ns = 0
    in_order = sorted(
        zip(
            *(chunks.start_ns, chunks.end_ns, chunks.worker, chunks.user_ns, chunks.system_ns),
            strict=True,
        )
    )
    for start_ns, end_ns, worker, user_ns, system_ns in in_order:
        if start_ns < done_ns[worker]:
            return PartsState.ONE_THREAD
        between_ns += start_ns - done_ns[worker]
        inside_ns += end_ns - start_ns
        done_ns[worker] = end_ns
        cpu_ns[worker] += user_ns + system_ns
    run_queue_ns = sum(filter(None, chunks.run_queue_ns))
    all_cpu_ns = sum(cpu_ns.values())
    idle = workers - len(cpu_ns)
    return Spent(
        wall_ns=wall_ns,
        cpu_ns=all_cpu_ns,
        waiting_ns=inside_ns - all_cpu_ns - run_queue_ns,
        run_queue_ns=run_queue_ns,
        imbalance_ns=workers * last_end_ns - sum(done_ns.values()),
        dispatch_ns=between_ns + workers * (wall_ns - last_end_ns),
        busiest_ns=max(cpu_ns.values()),
        system_ns=sum(chunks.system_ns),
        voluntary_switches=sum(chunks.voluntary_switches),
        involuntary_switches=sum(chunks.involuntary_switches),
        idle_workers=idle,
    )


class Repetition(NamedTuple):
    """A repetition that may be taken apart.

    `undisturbed_wall_ns` is None where nobody can say; `imputed` are the chunks that belong to it,
    None where they are its own.
    """

    workers: int
    workers_used: int
    wall_ns: int
    chunks: Chunks | None
    undisturbed_wall_ns: int | None
    imputed: Chunks | None

    def taken_apart(self) -> tuple[Spent, Spent | None] | PartsState:
        """Where its time went, and where it would have gone undisturbed, if one can say."""
        own = self._spent(self.chunks, self.wall_ns)
        if isinstance(own, PartsState):
            return own
        if self.undisturbed_wall_ns is None or self.imputed is None:
            return own, None if self.undisturbed_wall_ns is None else own
        undisturbed = self._spent(self.imputed, self.undisturbed_wall_ns)
        return own, None if isinstance(undisturbed, PartsState) else undisturbed

    def _spent(self, chunks: Chunks | None, wall_ns: int) -> Spent | PartsState:
        if chunks is None:
            return PartsState.NOT_RECORDED if self.workers_used else PartsState.SENT_ONE_BY_ONE
        return take_apart(chunks, workers=self.workers, wall_ns=wall_ns)


def parts_table(plan: Plan, found: "TakenApart") -> list[PartsRow]:
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


@dataclass(frozen=True, kw_only=True)
class _OfAmount:
    """The trials of all cells at one amount of work, by cell and block: numbers of `Spent`."""

    typical: "dict[str, dict[int, array[float]]]" = field(default_factory=dict)
    quiet: "dict[str, dict[int, array[float]]]" = field(default_factory=dict)

    def times(self, *cells: str) -> Times:
        """The wall times of some cells, which decide the basis."""
        quiet, typical = (
            {
                cell: {block: one.wall_ns for block, one in self.on(basis, cell).items()}
                for cell in cells
            }
            for basis in (Basis.QUIET, Basis.TYPICAL)
        )
        return Times(quiet=quiet, typical=typical)

    def on(self, basis: Basis, cell: str) -> Mapping[int, Spent]:
        """All trials of a cell on one basis."""
        of_cell = (self.quiet if basis is Basis.QUIET else self.typical).get(cell, {})
        return {block: Spent(*numbers) for block, numbers in of_cell.items()}


@dataclass(frozen=True, kw_only=True)
class TakenApart:
    """What could be taken apart, by amount, and why the rest could not, by cell and amount."""

    by_amount: dict[int, _OfAmount] = field(default_factory=dict)
    why_not: dict[str, dict[int, PartsState]] = field(default_factory=dict)

    def add(self, cell: str, block: int, amount: int, repetitions: Sequence[Repetition]) -> None:
        """Take all repetitions apart that an ok trial measured at an amount."""
        found: list[tuple[Spent, Spent | None]] = []
        for one in repetitions:
            parts = one.taken_apart()
            if isinstance(parts, PartsState):
                self.why_not.setdefault(cell, {})[amount] = parts
            else:
                found.append(parts)
        if not found:
            return
        of_amount = self.by_amount.setdefault(amount, _OfAmount())
        of_amount.typical.setdefault(cell, {})[block] = array(
            "d", of_trial([own for own, _ in found])
        )
        quiet = [undisturbed for _, undisturbed in found if undisturbed is not None]
        if len(quiet) >= min(len(found), FEWEST_QUIET):
            of_amount.quiet.setdefault(cell, {})[block] = array("d", of_trial(quiet))

    def amounts_of(self, cell: Cell) -> Sequence[int]:
        """The amounts that a cell was measured at, the most first; the planned ones if none was."""
        measured = {amount for amount, of in self.by_amount.items() if cell.id in of.typical}
        return sorted(
            measured | self.why_not.get(cell.id, {}).keys() or {max(cell.amounts)}, reverse=True
        )


def of_trial(repetitions: Sequence[Spent]) -> Spent:
    """The repetition of median wall time, or the mean of the two in the middle.

    What has no part in the sum is the mean of all repetitions: user and system time are told apart
    by ticks, switches are few.
    """
    ordered = sorted(repetitions, key=lambda spent: (spent.wall_ns, spent.cpu_ns))
    middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
    every = _mean(repetitions)
    # As a share of the CPU time of the middle, so that a slow repetition has no more weight.
    kernel = every.system_ns / every.cpu_ns if every.cpu_ns else 0.0
    of_middle = _mean(middle)
    return of_middle._replace(
        system_ns=kernel * of_middle.cpu_ns,
        voluntary_switches=every.voluntary_switches,
        involuntary_switches=every.involuntary_switches,
        idle_workers=every.idle_workers,
    )


def _mean(several: Sequence[Spent]) -> Spent:
    """Field by field."""
    if len(several) == 1:
        return several[0]
    return Spent(*[sum(of_field) / len(several) for of_field in zip(*several, strict=True)])


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
    if of_amount is None or cell.id not in of_amount.typical:
        return replace(row, state=PartsState.NO_TRIALS)
    if serial is None or serial not in of_amount.typical:
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


def sorted_by_block(of_cell: Mapping[int, Spent]) -> list[Spent]:
    """A cell's trials in the order of blocks."""
    return [of_cell[block] for block in sorted(of_cell)]


def _with_parts(
    row: PartsRow,
    cell: Sequence[Spent],
    serial: Sequence[Spent],
    *,
    is_paired: bool,
    confidence: float,
) -> PartsRow:
    """The row with its numbers; `serial` has the trials of the same blocks, or its own."""

    def of(trials: Sequence[Spent], name: str) -> Floats:
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
