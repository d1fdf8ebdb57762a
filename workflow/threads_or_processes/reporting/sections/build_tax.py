"""What the free-threaded build costs a program that uses one thread."""

from collections.abc import Iterator

from threads_or_processes.records.plan import Arm, Cell
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import Series
from threads_or_processes.reporting.page import Number, Section
from threads_or_processes.reporting.sections import question_figures, summary_sentences
from threads_or_processes.reporting.sections.figure_builders import figure_block
from threads_or_processes.reporting.sections.pivot_tables import TWO_AVERAGES, pivot
from threads_or_processes.reporting.sections.question import Question

TITLE = "Single-thread overhead of the free-threaded build"
TOTAL = "total"
LIMITS = (
    "Programs dominated by third-party extension modules, or with several threads (see scaling)."
)


def build(question: Question) -> Section:
    """Each workload on each arm against the reference arm; the build and the GIL apart."""
    reference = question.campaign.reference_arm
    answer = _answer(question)
    return question.section(
        answer=answer,
        shown=map(
            figure_block,
            question_figures.ratio_rows(
                question,
                lambda cell: _steps(question, cell),
                title="Single-thread speed, by change",
                finding=answer,
                axis="speed relative to the build without the change",
            ),
        ),
        limits=LIMITS,
        paragraphs=(
            f"The same serial program on each build, compared with {reference}. Above 1× it is "
            f"faster there, below 1× slower: at 0.8×, 8 s on {reference} become 10 s.",
            TWO_AVERAGES,
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
                caption=f"Time of a batch on each build, and its speed relative to {reference}",
            ),
        ),
    )


def _answer(question: Question) -> str:
    """The median and the extremes over all workloads: of the total, or of each step without one."""
    steps: dict[str, list[tuple[str, Ratio]]] = {}
    for cell in question.cells:
        for series, ratio in _steps(question, cell):
            if ratio is not None:
                name = question.campaign.title(cell.workload)
                steps.setdefault(series.title, []).append((name, ratio))
    if not steps:
        return summary_sentences.NO_RATIO
    totals = {step: named for step, named in steps.items() if step.startswith(TOTAL)}
    parts = "; ".join(
        f"{step}, {text.count(len(named), 'workload')}: {summary_sentences.spread(named)}"
        for step, named in (totals or steps).items()
    )
    return words.sentence(f"single-thread speed – {parts}")


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
            f"build, GIL on ({arm.name} over {other.name})"
            if arm.gil
            else (f"{TOTAL} ({arm.name} over {other.name})")
        )
    if other.gil and not arm.gil:
        return f"GIL off ({arm.name} over {other.name})"
    return ""
