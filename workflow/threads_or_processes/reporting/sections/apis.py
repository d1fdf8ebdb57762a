"""The same work through every way that Python offers."""

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import THREADS
from threads_or_processes.reporting import words
from threads_or_processes.reporting.page import Number, Section
from threads_or_processes.reporting.sections import question_figures, summary_sentences
from threads_or_processes.reporting.sections.pivot_tables import TWO_AVERAGES, pivot
from threads_or_processes.reporting.sections.question import Question

TITLE = "APIs compared"
LIMITS = "Other chunk sizes and features: timeouts, streamed results, replaced workers."


def build(question: Question) -> Section:
    """Time by model and arm, and the speed against the pool of threads."""
    answer = _answer(question)
    return question.section(
        answer=answer,
        limits=LIMITS,
        figures=question_figures.ratio_rows(
            question,
            lambda cell: [(question_figures.by_arm(cell), question.ratio_over_threads(cell))],
            title="Speed relative to a thread pool",
            finding=answer,
            axis="speed relative to threads, same worker count and build",
        ),
        paragraphs=(
            "One batch in the same chunks, through each API. Speeds are relative to a thread pool "
            "with the same worker count and build: above 1× faster, below 1× slower.",
            TWO_AVERAGES,
        ),
        tables=(
            pivot(
                (*_baselines(question), *question.cells),
                question.work_and_way,
                lambda cell: cell.arm,
                (
                    Number("time", question.time),
                    question.shown("speed", question.ratio_over_threads),
                ),
                caption="Time of a batch, and its speed relative to threads",
            ),
        ),
    )


def _answer(question: Question) -> str:
    """How far the ways are from the pool of threads, for each kind of work."""
    works: dict[str, list[tuple[str, Ratio]]] = {}
    for cell in question.cells:
        if (ratio := question.ratio_over_threads(cell)) is not None:
            title = question.campaign.title(cell.workload)
            works.setdefault(title, []).append((question.named(cell), ratio))
    if not works:
        return summary_sentences.NO_RATIO
    parts = "; ".join(
        f"{title}: {summary_sentences.spread(named)}" for title, named in works.items()
    )
    return words.sentence(f"speed relative to a thread pool – {parts}")


def _baselines(question: Question) -> list[Cell]:
    """The pools of threads that the ways are compared with, whichever experiment asked for them."""
    parallel = (cell for cell in question.cells if question.own_serial(cell) != cell)
    found = (question.other(cell, model=THREADS) for cell in parallel)
    return [cell for cell in found if cell]
