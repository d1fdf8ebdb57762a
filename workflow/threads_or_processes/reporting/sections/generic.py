"""An experiment that somebody added: its times and speedups over serial."""

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import FigureSpec
from threads_or_processes.reporting.page import Number, Section, Table
from threads_or_processes.reporting.sections import question_figures, summary_sentences
from threads_or_processes.reporting.sections.pivot_tables import TWO_AVERAGES, pivot
from threads_or_processes.reporting.sections.question import Question


def build(question: Question) -> Section:
    """Time by work, model, workers and arm, and the speedup over serial."""
    answer = speedup_answer(question)
    return question.section(
        answer=answer,
        paragraphs=(
            "Speedups are over serial on the same build: above 1× faster, below 1× slower.",
            TWO_AVERAGES,
        ),
        figures=speedup_figures(question, answer),
        tables=(times_and_speedups(question),),
    )


def speedup_answer(question: Question) -> str:
    """How the parallel cells compare with serial."""
    found: dict[tuple[str, int, str], list[tuple[Cell, Ratio]]] = {}
    for cell in question.cells:
        if (ratio := question.ratio_over_serial(cell)) is not None:
            found.setdefault((cell.model, cell.workers, cell.arm), []).append((cell, ratio))
    if not found:
        return summary_sentences.NO_RATIO
    ratios = [ratio for of_way in found.values() for _, ratio in of_way]
    spans = [
        (of_way[0][0], summary_sentences.span(ratio for _, ratio in of_way))
        for of_way in found.values()
    ]
    return words.sentence(
        f"speedup over serial on the same build – {question.by_way(spans)}. "
        f"{text.count(len(ratios), 'comparison')}: {summary_sentences.readings(ratios)}"
    )


def speedup_figures(question: Question, finding: str) -> tuple[FigureSpec, ...]:
    """Speedups over serial on the same arm, in rows of work and way."""
    return question_figures.ratio_rows(
        question,
        lambda cell: [(question_figures.by_arm(cell), question.ratio_over_serial(cell))],
        title="Speedup over serial on the same build",
        finding=finding,
        axis="speedup over serial",
    )


def times_and_speedups(question: Question) -> Table:
    """Time of a batch on each arm, and its speed over serial there."""
    return pivot(
        question.cells,
        question.work_and_way,
        lambda cell: cell.arm,
        (Number("time", question.time), question.shown("speed", question.ratio_over_serial)),
        caption="Time of a batch, and its speedup over serial on the same build",
    )
