"""What it costs to send data to workers and back."""

from workflow.reporting import formatting as text
from workflow.reporting.campaign import PlannedCell
from workflow.reporting.page import Column
from workflow.reporting.sections.grids import Content, Measure, Question, pivot

TITLE = "Sending data"
SIZE = "kib"


def content(question: Question) -> Content:
    """Time of a batch by what is sent, its size and the model; speed against threads."""
    campaign = question.campaign

    def size_kib(cell: PlannedCell) -> float:
        return float(campaign.workloads[cell.workload].varied.get(SIZE, 0))

    def key(cell: PlannedCell) -> tuple[str, ...]:
        work = campaign.workloads[cell.workload]
        size = text.fixed(size_kib(cell), 0) if SIZE in work.varied else text.MISSING
        return work.plain_title, size, cell.arm

    works = list(dict.fromkeys(campaign.workloads[c.workload].name for c in question.cells))
    cells = sorted(
        question.cells,
        key=lambda cell: (works.index(campaign.workloads[cell.workload].name), size_kib(cell)),
    )
    keys = (Column(header="What is sent"), Column(header="Size", unit="KiB", numeric=True))

    def title(cell: PlannedCell) -> str:
        workers = f" × {cell.workers}" if several else ""
        return campaign.model_title(cell.model) + workers

    several = len({cell.workers for cell in cells if cell.workers > 1}) > 1
    tables = tuple(
        pivot(
            caption=caption,
            keys=(*keys, Column(header="Arm")),
            key=key,
            group=title,
            measures=(measure,),
            cells=cells,
        )
        for caption, measure in (
            ("Time of a batch", Measure(header="", show=question.time)),
            (
                "Speed against threads with the same number of workers",
                Measure(header="", show=question.over_threads),
            ),
        )
    )
    return Content(
        paragraphs=(
            "Tasks that do next to nothing with what they get. Threads hand over a reference; "
            "processes serialise the data, send it through a pipe and build it again, unless it "
            "lies in shared memory. Above 1× a model is faster than threads, below 1× slower; "
            "square brackets hold the interval.",
        ),
        tables=tables,
    )
