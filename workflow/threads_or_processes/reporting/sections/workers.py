"""What workers cost before any work is done: startup, shutdown and memory in one table."""

from collections.abc import Iterator

from threads_or_processes.records.plan import Cell
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Column, Number, Section, Table, filled
from threads_or_processes.reporting.sections import experiments, memory
from threads_or_processes.reporting.sections.pivot_tables import pivot
from threads_or_processes.reporting.sections.question import as_details, nearest_to_cpus


def build(evidence: Evidence) -> Iterator[Section]:
    """One table of both experiments, each on demand; nothing where neither was planned."""
    parts = [experiments.section_of(name, evidence) for name in experiments.OF_WORKERS]
    planned = [part for part in parts if part]
    if planned:
        yield Section(
            anchor="workers",
            title="Cost of workers",
            answer=" ".join(str(part.answer) for part in planned),
            blocks=filled(_table(evidence), *map(as_details, planned)),
        )


def _table(evidence: Evidence) -> Table | None:
    """What was measured of each model and arm before any work is done, at one worker count."""
    campaign, tables = evidence.campaign, evidence.tables
    started = {row.cell: row for row in tables.startup}
    weighed = {row.cell: row for row in tables.memory}
    cells = [
        cell
        for name in experiments.OF_WORKERS
        for cell in campaign.cells_of(campaign.experiment(name))
        if cell.id in started or cell.id in weighed
    ]
    if not cells:
        return None
    workers = nearest_to_cpus(cells, campaign)
    alike: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        if cell.workers == workers:
            alike.setdefault((cell.model, cell.arm), []).append(cell)

    def startup(cell: Cell, quantity: str) -> str:
        rows = (started[one.id] for one in alike[cell.model, cell.arm] if one.id in started)
        return next((text.time(getattr(row, quantity).value) for row in rows), text.MISSING)

    def idle(cell: Cell) -> str:
        rows = (weighed[one.id] for one in alike[cell.model, cell.arm] if one.id in weighed)
        return next((text.mebibytes(row.idle.value) for row in rows), text.MISSING)

    measures = {
        "startup": Number("first result", lambda cell: startup(cell, "first_result")),
        "shutdown": Number("shutdown", lambda cell: startup(cell, "teardown")),
        "idle memory": Number("memory", idle, memory.UNIT),
    }
    ways = [first for first, *_ in alike.values()]
    measured = [
        what
        for what, measure in measures.items()
        if any(measure.show(way) != text.MISSING for way in ways)
    ]
    return pivot(
        ways,
        (Column("Execution model", lambda cell: campaign.model_title(cell.model)),),
        lambda cell: cell.arm,
        tuple(measures.values()),
        caption=f"{words.capital(text.listing(measured))} with {text.count(workers, 'worker')}, "
        "by build",
    )
