"""How long a task must be for its workers to pay."""

from collections.abc import Sequence

from workflow.reporting import formatting as text
from workflow.reporting import words
from workflow.reporting.campaign import Family, PlannedCell
from workflow.reporting.page import Column, Table
from workflow.reporting.rows import CrossoverRow
from workflow.reporting.sections.grids import WAY, Content, Measure, Question, pivot

TITLE = "How long a task must be"
DURATION = "task_us"
NS_A_US = 1000


def content(question: Question) -> Content:
    """Speed-up by the duration of a task; the price of a dispatch where it was measured."""
    grains = sorted(
        (cell for cell in question.cells if _task_us(question, cell) is not None),
        key=lambda cell: _task_us(question, cell) or 0,
    )
    dispatches = [cell for cell in question.cells if _task_us(question, cell) is None]
    times = pivot(
        caption="Time of a batch by the duration of a task",
        keys=(*WAY, Column(header="Arm")),
        key=lambda cell: (*question.way(cell), cell.arm),
        group=lambda cell: text.duration(_task_us(question, cell) or 0),
        measures=(Measure(header="", show=question.time),),
        cells=_by_way(question, grains),
    )
    return Content(
        paragraphs=(
            "The same amount of work, cut into few long tasks or many short ones, which are sent "
            "to the workers one by one. Each number is the speed-up over serial on the same arm; "
            "square brackets hold the interval. A way begins to be faster between the longest "
            "tasks for which serial is at least as good and those from which on every longer one "
            "is faster; about where, if each task costs the same to send.",
        ),
        tables=(_speedups(question, grains), _dispatch(question, dispatches)),
        details=(times,),
    )


def _task_us(question: Question, cell: PlannedCell) -> float | None:
    value = question.campaign.workloads[cell.workload].varied.get(DURATION)
    return None if value is None else float(value)


def _by_way(question: Question, cells: Sequence[PlannedCell]) -> list[PlannedCell]:
    """Ways in the order of the experiment, durations as they come."""
    ways = list(dict.fromkeys((c.model, c.workers, c.arm) for c in question.cells))
    return sorted(
        cells, key=lambda c: (_task_us(question, c), ways.index((c.model, c.workers, c.arm)))
    )


def _speedups(question: Question, grains: Sequence[PlannedCell]) -> Table:
    models = question.campaign.models
    parallel = [cell for cell in grains if models[cell.model].family is not Family.SERIAL]
    durations = sorted({us for cell in parallel if (us := _task_us(question, cell)) is not None})
    ways: dict[tuple[str, ...], dict[float, PlannedCell]] = {}
    for cell in _by_way(question, parallel):
        way = (*question.way(cell), cell.arm)
        ways.setdefault(way, {})[_task_us(question, cell) or 0] = cell
    return Table(
        caption="Speed-up over serial on the same arm, by the duration of a task",
        columns=(
            *WAY,
            Column(header="Arm"),
            *(Column(header=text.duration(us), numeric=True) for us in durations),
            Column(header="Begins to be faster", numeric=True),
            Column(header="about", numeric=True),
        ),
        rows=tuple(
            (
                *way,
                *(question.speedup(cells[us]) if us in cells else text.MISSING for us in durations),
                *_crossover(question, next(iter(cells.values()))),
            )
            for way, cells in ways.items()
        ),
        row_headers=3,
    )


def _crossover(question: Question, cell: PlannedCell) -> tuple[str, str]:
    """Between which durations a way begins to be faster, and where about."""
    name = question.campaign.workloads[cell.workload].name
    place = (name, DURATION, cell.model, cell.workers, cell.arm)
    found = next(
        (
            row
            for row in question.evidence.tables.crossovers
            if (row.workload, row.parameter, row.model, row.workers, row.arm) == place
        ),
        None,
    )
    if found is None:
        return text.MISSING, text.MISSING
    return _bracket(found), _indicative(found)


def _bracket(row: CrossoverRow) -> str:
    if row.serial_to_size is not None and row.faster_from_size is not None:
        return f"{text.duration(row.serial_to_size)} to {text.duration(row.faster_from_size)}"
    return {
        "always_faster": "faster at every length",
        "not_reached": "not faster at any length",
        "faster_below": "faster at short lengths only",
    }.get(row.state, "not settled")


def _indicative(row: CrossoverRow) -> str:
    sizes = (row.crossover_size, row.crossover_low_size, row.crossover_high_size)
    about, low, high = (None if size is None else text.about(size * NS_A_US) for size in sizes)
    if about is None:
        return text.MISSING
    return about if low is None or high is None else f"{about} [{low},{text.SPACE}{high}]"


def _dispatch(question: Question, cells: Sequence[PlannedCell]) -> Table:
    def per_task(cell: PlannedCell) -> str:
        row = question.evidence.tables.cell(cell.id)
        if row is None or row.median_ns is None or not row.tasks:
            return text.MISSING
        return text.time(row.median_ns / row.tasks)

    return pivot(
        caption=words.capital("what it costs to send a task that does nothing, and its batch"),
        keys=WAY,
        key=question.way,
        group=lambda cell: cell.arm,
        measures=(
            Measure(header="per task", show=per_task),
            Measure(header="batch", show=question.time),
        ),
        cells=cells,
    )
