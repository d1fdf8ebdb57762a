"""What workers cost in all, and what each of them adds."""

from collections.abc import Callable, Sequence

from threads_or_processes.records.tables.experiments import SlopeRow
from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import Column, Table
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
    return Table(
        caption=caption if several or not works else f"{caption} ({campaign.title(works[0])})",
        columns=(
            *((Column(header="Work"),) if several else ()),
            Column(header="Model"),
            Column(header="Arm"),
            *(
                Column(header=f"{heading}, {part}", unit=unit, numeric=True)
                for _, heading in quantities
                for part in ("fixed", "each worker")
            ),
        ),
        rows=tuple(
            (
                *((campaign.title(workload),) if several else ()),
                campaign.model_title(model),
                arm,
                *(
                    text.bounded(part, show)
                    for quantity, _ in quantities
                    for part in _parts(found.get(quantity))
                ),
            )
            for (workload, model, arm), found in rows.items()
        ),
        row_headers=3 if several else 2,
    )


def _parts(row: SlopeRow | None) -> tuple[Bounded | None, Bounded | None]:
    return (row.fixed, row.per_worker) if row else (None, None)
