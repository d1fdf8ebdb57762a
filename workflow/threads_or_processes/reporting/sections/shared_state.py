"""Whether workers that change one object lose updates, and what sharing costs."""

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.experiments import UpdatesRow
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import Column, Number, Section, Table, table_of
from threads_or_processes.reporting.sections.generic import (
    speedup_answer,
    speedup_figures,
    times_and_speedups,
)
from threads_or_processes.reporting.sections.question import Question

TITLE = "Safety of shared objects"
LIMITS = "Losses too rare to occur here, and locks that are taken more or less often."


def build(question: Question) -> Section:
    """Lost updates first, then speedups over serial."""
    planned = {cell.id for cell in question.cells}
    rows = [row for row in question.tables.updates if row.cell in planned]
    speedups = speedup_answer(question)
    losing = [row for row in rows if row.losing_repetitions > 0]
    return question.section(
        answer=_verdict(rows) or speedups,
        shown=(
            _updates(
                question, losing, "Configurations that lost updates, and repetitions with losses"
            ),
        ),
        limits=LIMITS,
        figures=speedup_figures(question, speedups),
        paragraphs=(
            "All workers change, or read, the same object. Configurations that lose updates are "
            "never recommended, however fast they are. Speedups are over serial on the same build.",
            *((speedups,) if rows else ()),
        ),
        tables=(
            times_and_speedups(question),
            _updates(question, rows, "All configurations that count updates"),
        ),
    )


def _verdict(rows: list[UpdatesRow]) -> str:
    if not rows:
        return ""
    losing = sum(row.losing_repetitions > 0 for row in rows)
    counting = f"that {text.agreeing(len(rows), 'count')} updates"
    if not losing:
        return f"No lost updates in {text.count(len(rows), 'configuration')} {counting}."
    return f"Updates were lost in {text.part(losing, len(rows), 'configuration')} {counting}."


def _updates(question: Question, rows: list[UpdatesRow], caption: str) -> Table:
    of_cell = {row.cell: row for row in rows}

    def losing(cell: Cell) -> str:
        row = of_cell[cell.id]
        return f"{text.whole(row.losing_repetitions)} of {text.whole(row.repetitions)}"

    return table_of(
        [question.campaign.cells_by_id[cell] for cell in of_cell],
        (
            *question.work_and_way,
            Column("Build", lambda cell: cell.arm),
            Number("Lost, median", lambda cell: text.percent(of_cell[cell.id].lost_ratio)),
            Number("Lost, max", lambda cell: text.percent(of_cell[cell.id].lost_max_ratio)),
            Number("With losses", losing),
            Number("Updates in each", lambda cell: text.whole(of_cell[cell.id].updates)),
        ),
        caption=caption,
        row_headers=4,
    )
