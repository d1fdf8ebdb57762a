"""How long a task must be for its workers to pay."""

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.experiments import CrossoverRow
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Unit
from threads_or_processes.reporting.page import Column, Number, Section, Table, table_of
from threads_or_processes.reporting.sections import question_figures, sending, summary_sentences
from threads_or_processes.reporting.sections.amounts import has_amounts
from threads_or_processes.reporting.sections.pivot_tables import Cells, pivot
from threads_or_processes.reporting.sections.question import Question

TITLE = "Break-even task length"
DURATION = "task_us"
NS_A_US = 1000
LIMITS = "Tasks of unequal length, and tasks sent in chunks, which share one dispatch."

WHOLE_BATCH = "This is the length of one task. “How much work pays” is about a whole batch."


def build(question: Question) -> Section:
    """Speedup by task length; the cost of a dispatch where it was measured."""
    grains = sorted(
        (cell for cell in question.cells if _task_us(question, cell) is not None),
        key=lambda cell: _task_us(question, cell) or 0,
    )
    dispatches = [cell for cell in question.cells if _task_us(question, cell) is None]
    speedups, times = (
        pivot(
            _by_way(question, cells),
            (*question.way, Column("Build", lambda cell: cell.arm)),
            lambda cell: text.duration(_task_us(question, cell) or 0),
            (measure,),
            caption=f"{what} by task length",
        )
        for what, measure, cells in (
            (
                "Speedup over serial on the same build",
                question.shown("", question.ratio_over_serial),
                _parallel(question, grains),
            ),
            ("Time of a batch", Number("", question.time), grains),
        )
    )
    answer = _answer(question, grains)
    return question.section(
        answer=answer,
        limits=LIMITS,
        figures=_figures(question, grains, answer),
        paragraphs=(
            "The same work, cut into few long tasks or many short ones, sent one by one. The "
            "break-even task length lies between the longest task where serial still wins and the "
            "shortest at which parallel always wins. The point estimate assumes a constant "
            "dispatch cost per task.",
            *((WHOLE_BATCH,) if has_amounts(question.tables) else ()),
        ),
        tables=(speedups, _begins(question, grains), sending.costs(question, dispatches), times),
    )


def _task_us(question: Question, cell: Cell) -> float | None:
    value = question.work(cell).varied.get(DURATION)
    return None if value is None else float(value)


def _by_way(question: Question, cells: Cells) -> list[Cell]:
    """Ways in the order of the experiment, durations as they come."""
    ways = list(dict.fromkeys((c.model, c.workers, c.arm) for c in question.cells))
    return sorted(
        cells, key=lambda c: (_task_us(question, c), ways.index((c.model, c.workers, c.arm)))
    )


def _begins(question: Question, grains: Cells) -> Table:
    """From which duration on each way is faster than serial."""
    found = {way[0]: row for way in _ways(question, grains) if (row := _found(question, way[0]))}
    return table_of(
        found,
        (
            *question.way,
            Column("Build", lambda cell: cell.arm),
            Number("Between", lambda cell: _bracket(found[cell])),
            Number("About", lambda cell: _indicative(found[cell])),
        ),
        caption="Break-even task length",
        row_headers=3,
    )


def _found(question: Question, cell: Cell) -> CrossoverRow | None:
    """What the table of crossovers has about the way of a cell."""
    serial = question.own_serial(cell)
    return None if serial is None else question.crossover(cell, DURATION, over=serial.model)


def _parallel(question: Question, grains: Cells) -> Cells:
    return [cell for cell in grains if question.is_parallel(cell)]


def _ways(question: Question, grains: Cells) -> list[Cells]:
    """The cells of each parallel way, the shortest tasks first."""
    return question.ways(_by_way(question, _parallel(question, grains)))


def _answer(question: Question, grains: Cells) -> str:
    """From which duration on each way is faster than serial."""
    found = [
        (cells[0], _bracket(row))
        for cells in _ways(question, grains)
        if (row := _found(question, cells[0])) is not None
    ]
    if not found:
        return "No configuration can be compared with serial."
    return words.sentence(f"break-even task length – {question.by_way(found)}")


def _figures(question: Question, grains: Cells, finding: str) -> tuple[FigureSpec, ...]:
    figure = question_figures.ratio_lines(
        question,
        _ways(question, grains),
        question.ratio_over_serial,
        name=question.experiment.name,
        title="Speedup by task length",
        finding=finding,
        caption=f"Speedup over serial on the same build; whiskers are {question.intervals}. Bars "
        "on the line of 1×: break-even task length.",
        sizes=Axis(label="task length", unit=Unit.TASK),
        axis="speedup over serial, same build",
        size=lambda cell: _task_us(question, cell) or 0,
        crossover=lambda cell: _found(question, cell),
    )
    return (figure,) if figure.marks else ()


def _bracket(row: CrossoverRow) -> str:
    return summary_sentences.bracket(row, text.duration, "length")


def _indicative(row: CrossoverRow) -> str:
    return text.bounded(row.crossover, lambda size_us: text.about(size_us * NS_A_US))
