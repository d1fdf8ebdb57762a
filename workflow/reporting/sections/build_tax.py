"""What the free-threaded build costs a program that uses one thread."""

from workflow.reporting.page import Column
from workflow.reporting.sections.grids import WAY, Content, Measure, Question, pivot

TITLE = "The price of the build"


def content(question: Question) -> Content:
    """Each kind of work on each arm, against the reference arm."""
    campaign = question.campaign
    reference = campaign.reference_arm
    return Content(
        paragraphs=(
            f"The same program on each interpreter, compared with {reference}. Above 1× it is "
            "faster there, below 1× slower: 0.8× means that what takes 8 s on "
            f"{reference} takes 10 s. Square brackets hold the interval.",
        ),
        tables=(
            pivot(
                caption=f"Time of a batch on each arm, and its speed against {reference}",
                keys=(Column(header="Work"), *WAY),
                key=lambda cell: (campaign.title(cell.workload), *question.way(cell)),
                group=lambda cell: cell.arm,
                measures=(
                    Measure(header="time", show=question.time),
                    Measure(header="speed", show=lambda cell: question.ratio(cell, arm=reference)),
                ),
                cells=question.cells,
            ),
        ),
    )
