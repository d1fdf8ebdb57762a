"""The same work through every way that Python offers."""

from workflow.reporting.campaign import PlannedCell
from workflow.reporting.page import Column
from workflow.reporting.sections.grids import THREADS, WAY, Content, Measure, Question, pivot

TITLE = "Ways to do the same"


def content(question: Question) -> Content:
    """Time by model and arm, and the speed against the pool of threads."""
    campaign = question.campaign
    return Content(
        paragraphs=(
            "One batch, cut into the same chunks, executed in each way. Speed is against threads "
            "with the same number of workers on the same arm: above 1× faster, below 1× slower; "
            "square brackets hold the interval.",
        ),
        tables=(
            pivot(
                caption="Time of a batch, and its speed against threads",
                keys=(Column(header="Work"), *WAY),
                key=lambda cell: (campaign.title(cell.workload), *question.way(cell)),
                group=lambda cell: cell.arm,
                measures=(
                    Measure(header="time", show=question.time),
                    Measure(header="speed", show=question.over_threads),
                ),
                cells=(*_baselines(question), *question.cells),
            ),
        ),
    )


def _baselines(question: Question) -> list[PlannedCell]:
    """The pools of threads that the ways are compared with, whichever experiment asked for them."""
    parallel = (cell for cell in question.cells if question.own_serial(cell) != cell)
    found = (question.other(cell, model=THREADS) for cell in parallel)
    return [cell for cell in found if cell]
