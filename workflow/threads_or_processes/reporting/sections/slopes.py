"""What workers cost in all, and what each of them adds."""

from collections.abc import Callable, Sequence

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import Column, Table
from threads_or_processes.reporting.rows import SlopeRow
from threads_or_processes.reporting.sections.pivot_tables import Question


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
        if place in planned and row.per_worker is not None:
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
                    _bounded(found.get(quantity), part, show)
                    for quantity, _ in quantities
                    for part in ("fixed", "per_worker")
                ),
            )
            for (workload, model, arm), found in rows.items()
        ),
        row_headers=3 if several else 2,
    )


def _bounded(row: SlopeRow | None, part: str, show: Callable[[float | None], str]) -> str:
    """A number with its interval, where it has one."""
    if row is None:
        return text.MISSING
    value, low, high = (getattr(row, f"{part}{end}") for end in ("", "_low", "_high"))
    if low is None or high is None:
        return show(value)
    return f"{show(value)} [{show(low)},{text.SPACE}{show(high)}]"
