"""Whether workers that change one object together gain, and whether they lose anything."""

from threads_or_processes.records.tables.experiments import UpdatesRow
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import Column, Number, Section, Table, table_of
from threads_or_processes.reporting.sections.generic import (
    speedup_answer,
    speedup_figures,
    times_and_speedups,
)
from threads_or_processes.reporting.sections.question import Question

TITLE = "Shared state"
LIMITS = (
    "Losses too rare to be met here, and what a lock costs where it is asked for more or less "
    "often."
)


def build(question: Question) -> Section:
    """Speed-ups over serial, and the account of updates."""
    planned = {cell.id for cell in question.cells}
    rows = [row for row in question.tables.updates if row.cell in planned]
    answer = " ".join([speedup_answer(question), *_verdict(rows)])
    return question.section(
        answer=answer,
        limits=LIMITS,
        figures=speedup_figures(question, answer),
        paragraphs=(
            "All workers change, or read, the same object. Speed is over serial on the same arm: "
            "below 1× the workers take longer than the plain loop. A fast way that loses updates "
            "is no way.",
        ),
        tables=(times_and_speedups(question), _updates(question, rows)),
    )


def _verdict(rows: list[UpdatesRow]) -> list[str]:
    if not rows:
        return []
    losing = sum(row.losing_repetitions > 0 for row in rows)
    cells = text.count(len(rows), "cell")
    if not losing:
        return [f"No update was lost in any of the {cells} that count them."]
    return [
        f"Updates were lost in {losing} of the {cells} that count them; in the others, none was "
        "seen to be lost."
    ]


def _updates(question: Question, rows: list[UpdatesRow]) -> Table:
    of_cell = {row.cell: row for row in rows}
    return table_of(
        [question.campaign.cells_by_id[cell] for cell in of_cell],
        (
            *question.work_and_way,
            Column("Arm", lambda cell: cell.arm),
            Number("Updates a repetition", lambda cell: text.whole(of_cell[cell.id].updates)),
            Number("Repetitions", lambda cell: text.whole(of_cell[cell.id].repetitions)),
            Number("with a loss", lambda cell: text.whole(of_cell[cell.id].losing_repetitions)),
            Number("Lost, typically", lambda cell: text.percent(of_cell[cell.id].lost_ratio)),
            Number("Lost, at most", lambda cell: text.percent(of_cell[cell.id].lost_max_ratio)),
        ),
        caption="Updates that were made and were not there afterwards",
        row_headers=4,
    )
