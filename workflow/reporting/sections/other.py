"""An experiment that somebody added: its times and what they gain over serial."""

from workflow.reporting.page import Column, Table
from workflow.reporting.sections.grids import WAY, Content, Measure, Question, pivot


def content(question: Question) -> Content:
    """Time by work, model, workers and arm, and the speed-up over serial."""
    return Content(
        paragraphs=(
            "Speed is over serial on the same arm: above 1× faster, below 1× slower; square "
            "brackets hold the interval.",
        ),
        tables=(times_and_speedups(question),),
    )


def times_and_speedups(question: Question) -> Table:
    """Time of a batch on each arm, and its speed over serial there."""
    campaign = question.campaign
    return pivot(
        caption="Time of a batch, and its speed over serial on the same arm",
        keys=(Column(header="Work"), *WAY),
        key=lambda cell: (campaign.title(cell.workload), *question.way(cell)),
        group=lambda cell: cell.arm,
        measures=(
            Measure(header="time", show=question.time),
            Measure(header="speed", show=question.speedup),
        ),
        cells=question.cells,
    )
