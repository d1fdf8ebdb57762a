"""Workers that stay on one CPU each against free ones."""

from collections.abc import Iterator, Sequence

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import Family
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import Series
from threads_or_processes.reporting.page import Number, Section
from threads_or_processes.reporting.sections import (
    question_figures,
    slow_modes,
    summary_sentences,
)
from threads_or_processes.reporting.sections.pivot_tables import TWO_AVERAGES, pivot
from threads_or_processes.reporting.sections.question import Question

TITLE = "Pinned workers"
LIMITS = "Other choices of CPUs, fewer workers than CPUs, and machines that run other programs."


def build(question: Question) -> Section:
    """Speed of pinned over free workers, and what free ones do with the CPUs."""
    answer = _answer(question)
    of_cells = {cell.id for cell in question.cells if question.is_parallel(cell)}
    return question.section(
        answer=answer,
        limits=LIMITS,
        figures=question_figures.ratio_rows(
            question,
            lambda cell: [
                (Series(title=f"{cell.arm}, {slow_modes.batches(row.amount)}", arm=cell.arm), ratio)
                for row in question.tables.modes
                if row.cell == cell.id and (ratio := row.over_free)
            ],
            title="Speed of pinned relative to free workers",
            finding=answer,
            axis="speed relative to free workers, same pool, worker count and build",
        ),
        paragraphs=(
            "The same pool twice: free workers, which the kernel may move between CPUs, and "
            "workers pinned to one CPU each. Above 1× pinned workers are faster, below 1× slower.",
            TWO_AVERAGES,
            " ".join([slow_modes.MEANING, *_shared(question)]),
        ),
        tables=(
            pivot(
                question.cells,
                question.work_and_way,
                lambda cell: cell.arm,
                (
                    Number("time", question.time),
                    question.shown("speed", lambda cell: over_free(question, cell)),
                ),
                caption="Time of a batch, and the speed of pinned relative to free workers",
            ),
            slow_modes.modes_of_cells(
                [row for row in question.tables.modes if row.cell in of_cells],
                question.campaign,
                "Fast mode, slow trials and co-placed workers, by amount of work",
            ),
        ),
    )


def over_free(question: Question, cell: Cell) -> Ratio | None:
    """A cell of pinned workers against the same pool with free ones."""
    free = question.campaign.models[cell.model].unpinned
    return question.against(cell, model=free) if free else None


def _answer(question: Question) -> str:
    """How fast pinned workers are, at the largest amount of work."""
    cells = {cell.id for cell in question.cells}
    found: dict[int, list[Ratio]] = {}
    for row in question.tables.modes:
        if row.cell in cells and row.over_free:
            found.setdefault(row.amount, []).append(row.over_free)
    if not found:
        return summary_sentences.NO_RATIO
    most = max(found)
    return words.sentence(
        f"speed of pinned relative to free workers at {slow_modes.batches(most)}: "
        f"{_extent(found[most])}; {summary_sentences.readings(found[most])}"
    )


def _extent(ratios: Sequence[Ratio]) -> str:
    """The smallest and the largest ratio: `0.98× to 1.06×`."""
    ends = sorted(ratios, key=lambda ratio: ratio.value)
    return f"{text.times_as_fast(ends[0])} to {text.times_as_fast(ends[-1])}"


def _shared(question: Question) -> Iterator[str]:
    """How often free workers of each family were co-placed, at each amount."""
    cells = {cell.id: cell for cell in question.cells}
    counts: dict[Family, dict[int, list[int]]] = {}
    for row in question.tables.modes:
        if row.placed and row.cell in cells and not question.campaign.is_pinned(cells[row.cell]):
            family = question.campaign.family(cells[row.cell])
            count = counts.setdefault(family, {}).setdefault(row.amount, [0, 0])
            count[0] += row.co_placed or 0
            count[1] += row.placed
    for family, amounts in counts.items():
        shares = [
            f"{text.percent(shared / placed)} at {slow_modes.batches(amount)}"
            for amount, (shared, placed) in sorted(amounts.items())
        ]
        yield f"Of the repetitions of free {family}, {text.listing(shares)} were co-placed."
