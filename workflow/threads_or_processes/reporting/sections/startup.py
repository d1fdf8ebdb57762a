"""How long a pool takes to start and to shut down."""

from collections.abc import Mapping, Sequence

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.experiments import StartupRow
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Mark, Unit
from threads_or_processes.reporting.page import Column, Number, Section, Table, table_of
from threads_or_processes.reporting.sections import slopes, summary_sentences
from threads_or_processes.reporting.sections.figure_builders import dots
from threads_or_processes.reporting.sections.pivot_tables import pivot
from threads_or_processes.reporting.sections.question import Question
from threads_or_processes.reporting.sections.question_figures import by_arm

TITLE = "Startup and shutdown"
LIMITS = (
    "Programs with many imports. A spawned process imports them again; a fork copies their pages."
)


def build(question: Question) -> Section:
    """First result and shutdown by model and arm, and whole lives with their intervals."""
    campaign = question.campaign
    rows = {row.cell: row for row in question.tables.startup}
    cells = [cell for cell in question.cells if cell.id in rows]
    works = list(dict.fromkeys(campaign.title(cell.workload) for cell in cells))

    answer = _answer(question, cells, rows)
    return question.section(
        answer=answer,
        limits=LIMITS,
        figures=_figures(question, cells, rows, answer),
        paragraphs=(
            "Each trial starts a pool, runs one batch and shuts the pool down "
            f"({text.listing(works)}). First result: from the start of the pool until the first "
            "chunk of tasks is done. First ever: that of the first pool in a process, imports "
            "included. Shutdown: until all workers are gone. Medians over trials.",
        ),
        tables=(
            pivot(
                cells,
                question.work_and_way,
                lambda cell: cell.arm,
                (
                    Number(
                        "first result", lambda cell: text.time(rows[cell.id].first_result.value)
                    ),
                    Number("first ever", lambda cell: text.time(rows[cell.id].first_ever.value)),
                    Number("shutdown", lambda cell: text.time(rows[cell.id].teardown.value)),
                ),
                caption="Time until the first result, and time to shut down",
            ),
            slopes.table(
                question,
                (("first_result_ns", "First result"), ("teardown_ns", "Shutdown")),
                caption="Cost by worker count: fixed, and per worker",
                show=text.time,
            ),
            _lives(question, cells, rows),
        ),
    )


def _answer(question: Question, cells: Sequence[Cell], rows: Mapping[str, StartupRow]) -> str:
    """The shortest and the longest time until the first result, at one worker count."""
    most, named = question.of_most_workers(cells, lambda cell: rows[cell.id].first_result.value)
    if not named:
        return "No first result was recorded."
    workers = text.count(most, "worker")
    return f"First result with {workers}: {summary_sentences.extent(named, text.time)}."


def _figures(
    question: Question, cells: Sequence[Cell], rows: Mapping[str, StartupRow], finding: str
) -> tuple[FigureSpec, ...]:
    return dots(
        (
            Mark(series=by_arm(cell), position=question.label(cell), value=first_ns)
            for cell in cells
            if (first_ns := rows[cell.id].first_result.value) is not None
        ),
        question.campaign,
        name=question.experiment.name,
        title="Time until the first result",
        finding=finding,
        caption="Time from the start of the pool until the first chunk is done; medians over "
        "trials.",
        values=Axis(label="time until the first result", unit=Unit.TIME),
    )


def _lives(question: Question, cells: Sequence[Cell], rows: Mapping[str, StartupRow]) -> Table:
    return table_of(
        cells,
        (
            *question.work_and_way,
            Column("Build", lambda cell: cell.arm),
            Number("Trials", lambda cell: str(rows[cell.id].trials)),
            Column("Repetitions", lambda cell: words.basis(rows[cell.id].basis)),
            Number("Median", lambda cell: text.time(rows[cell.id].life.value)),
            Number("Low", lambda cell: text.time(rows[cell.id].life.low)),
            Number("High", lambda cell: text.time(rows[cell.id].life.high)),
        ),
        caption="End to end: start the pool, run the batch, shut down",
        row_headers=4,
    )
