"""Workers that stay on one CPU each against free ones."""

from collections.abc import Iterator

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.page import Number, Section
from threads_or_processes.reporting.sections import (
    question_figures,
    slow_modes,
    summary_sentences,
)
from threads_or_processes.reporting.sections.pivot_tables import TWO_AVERAGES, pivot
from threads_or_processes.reporting.sections.question import Question

TITLE = "Pinned and free workers"
LIMITS = (
    "Other choices of CPUs, fewer workers than CPUs, and a machine on which other programs want "
    "the same CPU: a pinned worker can't give way."
)


def build(question: Question) -> Section:
    """Speed of pinned over free workers, and what free ones do with the CPUs."""
    answer = _answer(question)
    of_cells = {cell.id for cell in question.cells if question.is_parallel(cell)}
    return question.section(
        answer=answer,
        limits=LIMITS,
        figures=question_figures.ratio_rows(
            question,
            lambda cell: [(question_figures.by_arm(cell), over_free(question, cell))],
            title="Speed of pinned workers against free ones",
            finding=answer,
            axis="speed against free workers, same pool, workers and arm",
        ),
        paragraphs=(
            "The same pool twice: in one the kernel chooses each worker's CPU and may change it, "
            "in the other each worker stays on a CPU of its own. Speed is against free workers: "
            "above 1× faster, below 1× slower; square brackets hold the interval.",
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
                caption="Time of a batch, and the speed of pinned workers against free ones",
            ),
            slow_modes.modes_of_cells(
                [row for row in question.tables.modes if row.cell in of_cells],
                question.campaign,
                "Fast mode, slow trials and co-placed workers, amount by amount",
            ),
        ),
    )


def over_free(question: Question, cell: Cell) -> Ratio | None:
    """A cell of pinned workers against the same pool with free ones."""
    free = question.campaign.models[cell.model].unpinned
    return question.against(cell, model=free) if free else None


def _answer(question: Question) -> str:
    """How fast pinned workers are."""
    named = [
        (f"{question.campaign.title(cell.workload)}, {question.named(cell)}", ratio)
        for cell in question.cells
        if (ratio := over_free(question, cell)) is not None
    ]
    if not named:
        return summary_sentences.NO_RATIO
    counted = summary_sentences.readings(ratio for _, ratio in named)
    return words.sentence(
        f"pinned against free workers {summary_sentences.spread(named)}: {counted}"
    )


def _shared(question: Question) -> Iterator[str]:
    """How often free workers were co-placed, at each amount."""
    cells = {cell.id: cell for cell in question.cells}
    rows = [
        row
        for row in question.tables.modes
        if row.placed and row.cell in cells and not question.campaign.is_pinned(cells[row.cell])
    ]
    parts = []
    for amount in sorted({row.amount for row in rows}):
        at_amount = [row for row in rows if row.amount == amount]
        share = sum(row.co_placed or 0 for row in at_amount) / sum(r.placed or 0 for r in at_amount)
        parts.append(f"{text.percent(share)} at {slow_modes.batches(amount)}")
    if parts:
        yield (
            "Two free workers began or ended on one CPU while another had none in "
            f"{text.listing(parts)} of the repetitions."
        )
