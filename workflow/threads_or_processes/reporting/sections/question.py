"""An experiment as its section sees it: its cells and all that was found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeGuard, TypeVar

from threads_or_processes.records.plan import Cell, Experiment
from threads_or_processes.records.tables.experiments import CrossoverRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import THREADS, Family
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign, Workload
from threads_or_processes.reporting.figure_spec import FigureSpec, Series
from threads_or_processes.reporting.page import (
    Block,
    Column,
    Fold,
    Grid,
    Heading,
    Number,
    Paragraph,
    Section,
    Table,
    as_fold,
    filled,
    not_covered,
    opened,
)
from threads_or_processes.reporting.sections.figure_builders import figure_block
from threads_or_processes.reporting.sections.pivot_tables import Cells, left_out
from threads_or_processes.reporting.tables import Tables

Value = TypeVar("Value")

DETAILS = "Figures, numbers and method"

#: What distinguishes one cell from another.
_PLACE = ("workload", "model", "workers", "arm", "timing", "replicate")


@dataclass(frozen=True, kw_only=True)
class Question:
    """An experiment with its cells and all that was found."""

    experiment: Experiment
    title: str
    campaign: Campaign
    tables: Tables

    def section(
        self,
        *,
        answer: str,
        shown: Iterable[Block] = (),
        paragraphs: Iterable[str] = (),
        figures: Iterable[FigureSpec] = (),
        tables: Iterable[Table] = (),
        limits: str = "",
    ) -> Section:
        """The experiment's section: the rest opens on demand.

        `answer`: one sentence from the numbers. `shown`: blocks that are open. `limits`: what the
        experiment does not show.
        """
        details = filled(
            *map(Paragraph, paragraphs),
            Grid(tuple(map(figure_block, figures)), source="ratios"),
            *tables,
            left_out([self.experiment], self.campaign),
            not_covered(limits) if limits else None,
        )
        return Section(
            anchor=f"experiment-{self.experiment.name}",
            title=self.title,
            question=self.experiment.question,
            answer=answer,
            blocks=filled(*shown, Fold(summary=DETAILS, content=details) if details else None),
        )

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The experiment's cells, in its order."""
        return self.campaign.cells_of(self.experiment)

    @property
    def intervals(self) -> str:
        """What whiskers are, in a caption."""
        return words.intervals(self.campaign, len(self.tables.sessions))

    def work(self, cell: Cell) -> Workload:
        """What the cell does."""
        return self.campaign.workloads[cell.workload]

    def ways(self, cells: Cells) -> list[Cells]:
        """Cells that differ in a parameter of their work alone, together; both in their order."""
        ways: dict[tuple[str, str, int, str], list[Cell]] = {}
        for cell in cells:
            way = (self.work(cell).name, cell.model, cell.workers, cell.arm)
            ways.setdefault(way, []).append(cell)
        return list(ways.values())

    def series(self, cell: Cell) -> Series:
        """A way of working in a figure."""
        return Series(title=self.named(cell), model=cell.model, arm=cell.arm)

    def time(self, cell: Cell) -> str:
        """The cell's time."""
        row = self.tables.cell(cell.id)
        return text.time(row.median_ns if row else None)

    def against(self, cell: Cell, **elsewhere: object) -> Ratio | None:
        """The cell against the one that differs from it as `elsewhere` says (`arm="3.13"`)."""
        baseline = self.other(cell, **elsewhere)
        if baseline is None or baseline == cell:
            return None
        return self.tables.ratio(cell.id, baseline.id)

    def shown(self, header: str, ratio: Callable[[Cell], Ratio | None]) -> Number[Cell]:
        """A column of ratios: of one of the methods here."""
        return Number(header, lambda cell: words.compared_briefly(ratio(cell)))

    def other(self, cell: Cell, **elsewhere: object) -> Cell | None:
        """The planned cell that differs from this one as `elsewhere` says, if there is one."""
        wanted = {name: getattr(cell, name) for name in _PLACE} | elsewhere
        return self.campaign.cells_by_place.get(tuple(wanted[name] for name in _PLACE))

    def own_serial(self, cell: Cell) -> Cell | None:
        """The serial cell of the same work on the same arm."""
        serials = (m.name for m in self.campaign.models.values() if m.family is Family.SERIAL)
        found = (self.other(cell, model=name, workers=1) for name in serials)
        return next((serial for serial in found if serial), None)

    def is_parallel(self, cell: Cell) -> bool:
        """Whether the cell has workers."""
        return self.campaign.models[cell.model].family is not Family.SERIAL

    def ratio_over_threads(self, cell: Cell) -> Ratio | None:
        """A parallel cell against the pool of threads with the same workers on the same arm."""
        return self.against(cell, model=THREADS) if self.is_parallel(cell) else None

    def ratio_over_serial(self, cell: Cell) -> Ratio | None:
        """The cell against serial on the same arm."""
        serial = self.own_serial(cell)
        return self.against(cell, model=serial.model, workers=1) if serial else None

    def crossover(self, cell: Cell, size: str, *, over: str) -> CrossoverRow | None:
        """From which size on (a parameter) the cell's way is faster than another model."""
        wanted = (self.work(cell).name, size, cell.model, cell.workers, cell.arm, over)
        for row in self.tables.crossovers:
            place = (row.workload, row.parameter, row.model, row.workers, row.arm)
            if (*place, row.baseline_model) == wanted:
                return row
        return None

    def label(self, cell: Cell) -> str:
        """A cell in a row of a figure: its work, way and arm, those that differ from row to row."""
        way = words.choice(
            self.campaign.model_title(cell.model), cell.workers if self.is_parallel(cell) else None
        )
        has_works = len({one.workload for one in self.cells}) > 1
        has_ways = len({(one.model, one.workers) for one in self.cells}) > 1
        title = self.campaign.title(cell.workload)
        if has_works and has_ways:
            return f"{title}: {way}"
        return way if has_ways else title

    def named(self, cell: Cell) -> str:
        """A cell in a sentence: `threads, 2 workers, 3.13t`; serial has no workers."""
        workers = cell.workers if self.is_parallel(cell) else None
        return f"{words.choice(self.campaign.model_title(cell.model), workers)}, {cell.arm}"

    def by_way(self, found: Iterable[tuple[Cell, str]]) -> str:
        """What was found of each way: `threads: 1.9× on 3.13 and 3.13t; processes: …`.

        Workers are told where their number differs.
        """
        has_counts = len({cell.workers for cell in self.cells if self.is_parallel(cell)}) > 1
        ways: dict[str, dict[str, list[str]]] = {}
        for cell, told in found:
            workers = cell.workers if has_counts and self.is_parallel(cell) else None
            way = words.choice(self.campaign.model_title(cell.model), workers)
            ways.setdefault(way, {}).setdefault(told, []).append(cell.arm)
        return "; ".join(
            f"{way}: {', '.join(f'{told} on {text.listing(arms)}' for told, arms in of.items())}"
            for way, of in ways.items()
        )

    @property
    def way(self) -> tuple[Column[Cell], ...]:
        """Model and workers, as the first columns of a table."""

        def workers(cell: Cell) -> str:
            shown = words.workers(cell.workers, cell.worker_kind)
            return shown if self.is_parallel(cell) else text.MISSING

        return (
            Column("Model", lambda cell: self.campaign.model_title(cell.model)),
            Number("Workers", workers),
        )

    @property
    def work_and_way(self) -> tuple[Column[Cell], ...]:
        """What the cell does, and how."""
        return (Column("Work", lambda cell: self.campaign.title(cell.workload)), *self.way)

    def of_most_workers(
        self, cells: Cells, value: Callable[[Cell], Value | None]
    ) -> tuple[int, list[tuple[str, Value]]]:
        """The worker count nearest to the CPUs, and the values of its cells, by name."""
        most = nearest_to_cpus(cells, self.campaign)
        title = self.campaign.model_title
        found = (
            (f"{title(cell.model)}, {cell.arm}", value(cell))
            for cell in cells
            if cell.workers == most
        )
        return most, [(name, known) for name, known in found if known is not None]


def nearest_to_cpus(cells: Cells, campaign: Campaign) -> int:
    """The largest worker count that the CPUs can run at a time, or the smallest there is."""
    counts = {cell.workers for cell in cells}
    fitting = {count for count in counts if count <= campaign.machine.usable_cpus}
    return max(fitting) if fitting else min(counts)


def as_part(section: Section) -> tuple[Block, ...]:
    """An experiment's section as a part of another one: its question stands with its details."""
    question = Paragraph(section.question, style="question")
    shown = replace(
        section,
        question="",
        blocks=tuple(
            replace(block, content=(question, *block.content)) if _is_details(block) else block
            for block in section.blocks
        ),
    )
    return (Heading(text=section.title, anchor=section.anchor), *opened(shown))


def as_details(section: Section) -> Fold:
    """An experiment's section as one fold, its own details among its blocks."""
    blocks = (block.content if _is_details(block) else (block,) for block in section.blocks)
    return as_fold(replace(section, blocks=tuple(chain.from_iterable(blocks))))


def _is_details(block: Block) -> TypeGuard[Fold]:
    return isinstance(block, Fold) and block.summary == DETAILS
