"""How long a task must be for its workers to pay."""

from collections.abc import Sequence

from workflow.reporting import formatting as text
from workflow.reporting import words
from workflow.reporting.campaign import Family, PlannedCell
from workflow.reporting.page import Column, Table
from workflow.reporting.rows import Reading
from workflow.reporting.sections.grids import WAY, Content, Measure, Question, pivot

TITLE = "How long a task must be"
DURATION = "task_us"


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
            "square brackets hold the interval. Faster from: the shortest duration from which on "
            "every longer one was faster as well.",
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
            Column(header="Faster from", numeric=True),
        ),
        rows=tuple(
            (
                *way,
                *(question.speedup(cells[us]) if us in cells else text.MISSING for us in durations),
                _faster_from(question, cells),
            )
            for way, cells in ways.items()
        ),
        row_headers=3,
    )


def _faster_from(question: Question, cells: dict[float, PlannedCell]) -> str:
    """The shortest duration of the unbroken run of faster ones that ends with the longest."""
    shortest = None
    for task_us in sorted(cells, reverse=True):
        serial = question.own_serial(cells[task_us])
        ratio = question.evidence.tables.ratio(cells[task_us].id, serial.id) if serial else None
        if ratio is None or ratio.reading is not Reading.FASTER:
            break
        shortest = task_us
    return "none" if shortest is None else text.duration(shortest)


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
