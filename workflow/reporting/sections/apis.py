"""The same work through every way that Python offers."""

from workflow.reporting.page import Column
from workflow.reporting.sections.grids import WAY, Content, Measure, Question, pivot

TITLE = "Ways to do the same"
BASELINE = "threads"


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
                    Measure(header="speed", show=lambda cell: question.ratio(cell, model=BASELINE)),
                ),
                cells=question.cells,
            ),
        ),
    )
