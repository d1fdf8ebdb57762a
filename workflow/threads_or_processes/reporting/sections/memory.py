"""How much memory each way of working takes."""

from collections.abc import Callable, Mapping, Sequence

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.experiments import MemoryRow
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Mark, Scale, Unit
from threads_or_processes.reporting.page import Column, Number, Section, Table, table_of
from threads_or_processes.reporting.sections import slopes, summary_sentences
from threads_or_processes.reporting.sections.figure_builders import dots
from threads_or_processes.reporting.sections.pivot_tables import pivot
from threads_or_processes.reporting.sections.question import Question
from threads_or_processes.reporting.sections.question_figures import by_arm

TITLE = "Memory"
UNIT = "MiB"
LIMITS = (
    "What a program of yours weighs: whatever it has loaded before it starts workers is shared at "
    "first by forks, and copied page by page as they write to it."
)


def build(question: Question) -> Section:
    """Idle and peak weight by model, workers and arm; the other weights on demand."""
    rows = {row.cell: row for row in question.tables.memory}
    cells = [cell for cell in question.cells if cell.id in rows]

    answer = _answer(question, cells, rows)
    return question.section(
        answer=answer,
        limits=LIMITS,
        figures=_figures(question, cells, rows, answer),
        paragraphs=(
            "The weight of the parent and all its workers together, as proportional set size "
            "(PSS): a page that several processes share is split among them, so that nothing "
            "counts twice. Idle: all workers are up and have nothing to do. Peak: the most that "
            "was seen while batches ran. Medians of trials of their own; none of them is timed.",
        ),
        tables=(
            pivot(
                cells,
                question.work_and_way,
                lambda cell: cell.arm,
                (
                    Number("idle", lambda cell: text.mebibytes(rows[cell.id].idle.value), UNIT),
                    Number("peak", lambda cell: text.mebibytes(rows[cell.id].peak.value), UNIT),
                ),
                caption="Memory of the whole process tree",
            ),
            slopes.table(
                question,
                (("idle_bytes", "Idle"),),
                caption="Idle weight over the number of workers: without any, and what each adds",
                show=text.mebibytes,
                unit=UNIT,
            ),
        ),
        details=(_weights(question, cells, rows),),
    )


def _answer(question: Question, cells: Sequence[Cell], rows: Mapping[str, MemoryRow]) -> str:
    """The least and the most that the same number of workers weighs, when they are idle."""
    most, named = question.of_most_workers(cells, lambda cell: rows[cell.id].idle.value)
    if not named:
        return "No weight was recorded."
    workers = text.count(most, "idle worker")
    return f"With {workers} it all weighs {summary_sentences.extent(named, _mebibytes)}."


def _mebibytes(weight: float) -> str:
    return f"{text.mebibytes(weight)}{text.SPACE}{UNIT}"


def _figures(
    question: Question, cells: Sequence[Cell], rows: Mapping[str, MemoryRow], finding: str
) -> tuple[FigureSpec, ...]:
    return dots(
        (
            Mark(
                series=by_arm(cell),
                position=question.label(cell),
                value=row.idle.value,
                low=row.idle.min,
                high=row.idle.max,
            )
            for cell in cells
            if (row := rows[cell.id]).idle.value is not None
        ),
        question.campaign,
        name=question.experiment.name,
        title="Memory of all processes, workers idle",
        finding=finding,
        caption="Medians of the trials; whiskers reach from the least to the most of them.",
        values=Axis(label=f"proportional set size ({UNIT})", unit=Unit.BYTES, scale=Scale.LINEAR),
    )


def _weights(question: Question, cells: Sequence[Cell], rows: Mapping[str, MemoryRow]) -> Table:
    def weight(header: str, show: Callable[[MemoryRow], float | None]) -> Number[Cell]:
        return Number(header, lambda cell: text.mebibytes(show(rows[cell.id])), UNIT)

    return table_of(
        cells,
        (
            *question.work_and_way,
            Column("Arm", lambda cell: cell.arm),
            Number("Trials", lambda cell: str(rows[cell.id].trials)),
            Number("Processes", lambda cell: text.whole(rows[cell.id].processes)),
            weight("Before", lambda row: row.before.value),
            weight("Idle", lambda row: row.idle.value),
            weight("Idle, least", lambda row: row.idle.min),
            weight("Idle, most", lambda row: row.idle.max),
            weight("Peak", lambda row: row.peak.value),
            weight("Peak, least", lambda row: row.peak.min),
            weight("Peak, most", lambda row: row.peak.max),
            weight("After", lambda row: row.after.value),
        ),
        caption="All four weights, with the least and the most of the trials",
        row_headers=4,
    )
