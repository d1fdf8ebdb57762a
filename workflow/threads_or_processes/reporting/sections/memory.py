"""How much memory each execution model takes."""

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
#: Batches that need this much more than idle workers do are worth a sentence.
BUSY = 1.5
LIMITS = (
    "Your own program's memory. Pages loaded before a fork are shared until one of the processes "
    "writes to them."
)


def build(question: Question) -> Section:
    """Idle and peak memory by model, workers and arm, and all four measurements."""
    rows = {row.cell: row for row in question.tables.memory}
    cells = [cell for cell in question.cells if cell.id in rows]

    answer = _answer(question, cells, rows)
    return question.section(
        answer=answer,
        limits=LIMITS,
        figures=_figures(question, cells, rows, answer),
        paragraphs=(
            "Memory of the parent and its workers, as proportional set size (PSS). PSS splits a "
            "shared page among the processes that share it, so nothing counts twice. Idle: all "
            "workers are up and have no task. Peak: the maximum while batches ran. Medians over "
            "separate trials, in which nothing is timed.",
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
                caption="Memory of parent and workers",
            ),
            slopes.table(
                question,
                (("idle_bytes", "Idle"),),
                caption="Idle memory by worker count: fixed, and per worker",
                show=text.mebibytes,
                unit=UNIT,
            ),
            _weights(question, cells, rows),
        ),
    )


def _answer(question: Question, cells: Sequence[Cell], rows: Mapping[str, MemoryRow]) -> str:
    """The smallest and the largest memory at one worker count: the peak, and idle."""
    most, idle = question.of_most_workers(cells, lambda cell: rows[cell.id].idle.value)
    if not idle:
        return "No memory was recorded."
    workers = text.count(most, "idle worker")
    told = f"Memory with {workers}: {summary_sentences.extent(idle, _mebibytes)}."
    _, peak = question.of_most_workers(cells, lambda cell: rows[cell.id].peak.value)
    if len(idle) == len(peak) and any(
        high > BUSY * low for (_, low), (_, high) in zip(idle, peak, strict=True)
    ):
        told += f" Peak: {summary_sentences.extent(peak, _mebibytes)}."
    return told


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
        caption="Proportional set size; medians, whiskers from minimum to maximum over trials.",
        values=Axis(label=f"proportional set size ({UNIT})", unit=Unit.BYTES, scale=Scale.LINEAR),
    )


def _weights(question: Question, cells: Sequence[Cell], rows: Mapping[str, MemoryRow]) -> Table:
    def weight(header: str, show: Callable[[MemoryRow], float | None]) -> Number[Cell]:
        return Number(header, lambda cell: text.mebibytes(show(rows[cell.id])), UNIT)

    return table_of(
        cells,
        (
            *question.work_and_way,
            Column("Build", lambda cell: cell.arm),
            Number("Trials", lambda cell: str(rows[cell.id].trials)),
            Number("Processes", lambda cell: text.whole(rows[cell.id].processes)),
            weight("Before", lambda row: row.before.value),
            weight("Idle", lambda row: row.idle.value),
            weight("Idle, min", lambda row: row.idle.min),
            weight("Idle, max", lambda row: row.idle.max),
            weight("Peak", lambda row: row.peak.value),
            weight("Peak, min", lambda row: row.peak.min),
            weight("Peak, max", lambda row: row.peak.max),
            weight("After", lambda row: row.after.value),
            weight("After, private (USS)", lambda row: row.private.value),
        ),
        caption="All measurements (min and max over trials)",
        row_headers=4,
    )
