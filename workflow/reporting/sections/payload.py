"""What it costs to send data to workers and back."""

from collections.abc import Callable, Sequence

from workflow.reporting import formatting as text
from workflow.reporting import words
from workflow.reporting.campaign import PlannedCell
from workflow.reporting.page import Column
from workflow.reporting.plots import Axis, LinesFigure, Mark, Scale, Series
from workflow.reporting.sections import answers
from workflow.reporting.sections.grids import TWO_AVERAGES, Content, Measure, Question, pivot

TITLE = "Sending data"
SIZE = "kib"
LIMITS = (
    "Data of other shapes: strings, frames and objects with methods of their own each have their "
    "price in a serialiser."
)


def content(question: Question) -> Content:
    """Time of a batch by what is sent, its size and the model; speed against threads."""
    campaign = question.campaign

    def size_kib(cell: PlannedCell) -> float:
        return float(campaign.workloads[cell.workload].varied.get(SIZE, 0))

    def key(cell: PlannedCell) -> tuple[str, ...]:
        work = campaign.workloads[cell.workload]
        size = text.set_number(size_kib(cell)) if SIZE in work.varied else text.MISSING
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
    answer = _answer(question, cells, size_kib)
    return Content(
        answer=answer,
        limits=LIMITS,
        figures=_figures(question, cells, size_kib, answer),
        paragraphs=(
            "Tasks that do next to nothing with what they get. Threads hand over a reference; "
            "processes serialise the data, send it through a pipe and build it again, unless it "
            "lies in shared memory. Above 1× a model is faster than threads, below 1× slower; "
            "square brackets hold the interval.",
            TWO_AVERAGES,
        ),
        tables=tables,
    )


def _answer(
    question: Question, cells: Sequence[PlannedCell], size_kib: Callable[[PlannedCell], float]
) -> str:
    """The least and the most time that the largest of each kind takes."""
    campaign = question.campaign
    told = []
    for name in dict.fromkeys(campaign.workloads[cell.workload].name for cell in cells):
        of_kind = [
            cell
            for cell in cells
            if campaign.workloads[cell.workload].name == name and question.is_parallel(cell)
        ]
        largest = max((size_kib(cell) for cell in of_kind), default=0.0)
        named = [
            (question.named(cell), row.median_ns)
            for cell in of_kind
            if size_kib(cell) == largest
            and (row := question.tables.cell(cell.id)) is not None
            and row.median_ns is not None
        ]
        if named:
            title = campaign.workloads[of_kind[0].workload].plain_title
            size = f", {text.set_number(largest)}{text.SPACE}KiB" if largest else ""
            told.append(f"{title}{size}: {answers.extent(named, text.time)}")
    if not told:
        return "No time was recorded."
    return words.sentence(f"a batch takes – {'; '.join(told)}")


def _figures(
    question: Question,
    cells: Sequence[PlannedCell],
    size_kib: Callable[[PlannedCell], float],
    finding: str,
) -> tuple[LinesFigure, ...]:
    """A figure for each kind of data that is sent in more sizes than one."""
    campaign = question.campaign
    kinds: dict[str, dict[Series, list[Mark]]] = {}
    for cell in cells:
        row = question.tables.cell(cell.id)
        if row is None or row.median_ns is None or size_kib(cell) <= 0:
            continue
        series = Series(title=question.named(cell), model=cell.model, arm=cell.arm)
        mark = Mark(
            series=series,
            value=row.median_ns,
            low=row.ci_low_ns,
            high=row.ci_high_ns,
            x=size_kib(cell),
        )
        of_kind = kinds.setdefault(campaign.workloads[cell.workload].name, {})
        of_kind.setdefault(series, []).append(mark)
    titles = {work.name: work.plain_title for work in campaign.workloads.values()}
    return tuple(
        LinesFigure(
            name=f"{question.experiment.name}-{name}",
            title=titles[name],
            finding=finding,
            caption="Time of a batch by the size of what a task is sent; whiskers are intervals of "
            "the median.",
            sizes=Axis(label="what a task is sent", scale=Scale.KIB),
            axis=Axis(label="time of a batch", scale=Scale.TIME),
            lines=tuple(tuple(line) for line in lines.values()),
        )
        for name, lines in kinds.items()
        if any(len(line) > 1 for line in lines.values())
    )
