"""What workers cost in all, and what each of them adds."""

from collections.abc import Callable, Sequence

from threads_or_processes.records.tables.experiments import SlopeRow
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import Column, Number, Table, table_of
from threads_or_processes.reporting.sections.question import Question


def table(
    question: Question,
    quantities: Sequence[tuple[str, str]],
    *,
    caption: str,
    show: Callable[[float | None], str],
    unit: str = "",
) -> Table:
    """A row for each way and arm that has a line over the numbers of workers.

    `quantities` are those of the table of slopes, each with its heading.
    """
    planned = {(cell.workload, cell.model, cell.arm) for cell in question.cells}
    rows: dict[tuple[str, str, str], dict[str, SlopeRow]] = {}
    for row in question.tables.slopes:
        place = (row.workload, row.model, row.arm)
        if place in planned and row.per_worker.value is not None:
            rows.setdefault(place, {})[row.quantity] = row
    campaign = question.campaign
    works = list(dict.fromkeys(workload for workload, _, _ in rows))
    several = len(works) > 1

    def part(quantity: str, which: str) -> Callable[[tuple[str, str, str]], str]:
        def shown(place: tuple[str, str, str]) -> str:
            row = rows[place].get(quantity)
            return text.bounded(getattr(row, which) if row else None, show)

        return shown

    work = Column[tuple[str, str, str]]("Work", lambda place: campaign.title(place[0]))
    return table_of(
        rows,
        (
            *((work,) if several else ()),
            Column("Model", lambda place: campaign.model_title(place[1])),
            Column("Build", lambda place: place[2]),
            *(
                Number(f"{heading}, {words}", part(quantity, which), unit)
                for quantity, heading in quantities
                for which, words in (("fixed", "fixed"), ("per_worker", "each worker"))
            ),
        ),
        caption=caption if several or not works else f"{caption} ({campaign.title(works[0])})",
        row_headers=3 if several else 2,
    )
