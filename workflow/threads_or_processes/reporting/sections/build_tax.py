"""What the free-threaded build costs a program that uses one thread."""

from collections.abc import Iterator

from threads_or_processes.records.plan import Arm, Cell
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import Series
from threads_or_processes.reporting.page import Number, Section
from threads_or_processes.reporting.sections import question_figures, summary_sentences
from threads_or_processes.reporting.sections.pivot_tables import TWO_AVERAGES, pivot
from threads_or_processes.reporting.sections.question import Question

TITLE = "The price of the build"
LIMITS = (
    "What the build costs programs that spend their time in extension modules of their own, or "
    "with more threads than one; the section on speed-up has the latter."
)


def build(question: Question) -> Section:
    """Each kind of work on each arm, against the reference arm; the build apart from its lock."""
    reference = question.campaign.reference_arm
    answer = _answer(question)
    return question.section(
        answer=answer,
        limits=LIMITS,
        paragraphs=(
            f"The same program on each interpreter, compared with {reference}. Above 1× it is "
            "faster there, below 1× slower: 0.8× means that what takes 8 s on "
            f"{reference} takes 10 s. Square brackets hold the interval.",
            TWO_AVERAGES,
        ),
        figures=question_figures.ratio_rows(
            question,
            lambda cell: _steps(question, cell),
            title="The build, its lock, and both",
            finding=answer,
            axis="speed against the arm without the change",
        ),
        tables=(
            pivot(
                question.cells,
                question.work_and_way,
                lambda cell: cell.arm,
                (
                    Number("time", question.time),
                    question.shown("speed", lambda cell: question.against(cell, arm=reference)),
                ),
                caption=f"Time of a batch on each arm, and its speed against {reference}",
            ),
        ),
    )


def _answer(question: Question) -> str:
    """What each step comes to over all kinds of work."""
    steps: dict[str, list[tuple[str, Ratio]]] = {}
    for cell in question.cells:
        for series, ratio in _steps(question, cell):
            if ratio is not None:
                name = question.campaign.title(cell.workload)
                steps.setdefault(series.title, []).append((name, ratio))
    if not steps:
        return summary_sentences.NO_RATIO
    parts = "; ".join(f"{step}: {summary_sentences.spread(named)}" for step, named in steps.items())
    return words.sentence(f"speed, by what is changed – {parts}")


def _steps(question: Question, cell: Cell) -> Iterator[tuple[Series, Ratio | None]]:
    """What a cell says of a change of the interpreter, each change apart where it was measured."""
    arms = {arm.name: arm for arm in question.campaign.arms}
    arm = arms[cell.arm]
    for other in arms.values():
        if step := _step(arm, other):
            # Each of the three steps has another arm's look.
            seen = arm if other.free_threaded else other if not arm.gil else arm
            yield Series(title=step, arm=seen.name), question.against(cell, arm=other.name)


def _step(arm: Arm, other: Arm) -> str:
    """What differs between two arms of one version; empty where it is no single question."""
    if arm.version != other.version or not arm.free_threaded:
        return ""
    if not other.free_threaded:
        return (
            f"the build with its lock on ({arm.name} over {other.name})"
            if arm.gil
            else (f"both ({arm.name} over {other.name})")
        )
    if other.gil and not arm.gil:
        return f"removing its lock ({arm.name} over {other.name})"
    return ""
