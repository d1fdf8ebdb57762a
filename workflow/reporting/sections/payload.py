"""What it costs to send data to workers and back."""

from collections.abc import Callable, Sequence

from workflow.reporting import formatting as text
from workflow.reporting import words
from workflow.reporting.campaign import PlannedCell
from workflow.reporting.page import Column, Table
from workflow.reporting.plots import Axis, Bracket, LinesFigure, Mark, Scale, Series
from workflow.reporting.sections import answers, plotted
from workflow.reporting.sections.grids import (
    THREADS,
    TWO_AVERAGES,
    WAY,
    Content,
    Measure,
    Question,
    pivot,
)

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
        tables=(*tables, _begins(question, cells)),
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


def _begins(question: Question, cells: Sequence[PlannedCell]) -> Table:
    """From which size on each way is faster than as many threads."""
    campaign = question.campaign
    ways = _ways(question, cells)
    return Table(
        caption="From which size on a way is faster than as many threads: between these two sizes",
        columns=(
            Column(header="What is sent"),
            *WAY,
            Column(header="Arm"),
            Column(header="Begins to be faster", numeric=True),
        ),
        rows=tuple(
            (
                campaign.workloads[way[0].workload].plain_title,
                *question.way(way[0]),
                way[0].arm,
                answers.bracket(found, _shown, "size"),
            )
            for way in ways
            if (found := question.crossover(way[0], SIZE, over=THREADS)) is not None
        ),
        row_headers=4,
    )


def _shown(size_kib: float) -> str:
    return f"{text.set_number(size_kib)}{text.SPACE}KiB"


def _ways(question: Question, cells: Sequence[PlannedCell]) -> list[list[PlannedCell]]:
    """The cells of each way to send one kind of data, as `cells` come."""
    ways: dict[tuple[str, str, int, str], list[PlannedCell]] = {}
    for cell in cells:
        kind = question.campaign.workloads[cell.workload].name
        ways.setdefault((kind, cell.model, cell.workers, cell.arm), []).append(cell)
    return list(ways.values())


def _figures(
    question: Question,
    cells: Sequence[PlannedCell],
    size_kib: Callable[[PlannedCell], float],
    finding: str,
) -> tuple[LinesFigure, ...]:
    """Two figures for each kind of data that is sent in more sizes than one."""
    campaign = question.campaign
    times: dict[str, list[tuple[Mark, ...]]] = {}
    speeds: dict[str, list[tuple[Mark, ...]]] = {}
    brackets: dict[str, list[Bracket]] = {}
    for way in _ways(question, [cell for cell in cells if size_kib(cell) > 0]):
        kind = campaign.workloads[way[0].workload].name
        series = Series(title=question.named(way[0]), model=way[0].model, arm=way[0].arm)
        timed = tuple(
            Mark(
                series=series,
                value=row.median_ns,
                low=row.ci_low_ns,
                high=row.ci_high_ns,
                x=size_kib(cell),
            )
            for cell in way
            if (row := question.tables.cell(cell.id)) is not None and row.median_ns is not None
        )
        compared = tuple(
            plotted.ratio_mark(ratio, series, size_kib(cell))
            for cell in way
            if (ratio := question.ratio_over_threads(cell)) is not None
        )
        if timed:
            times.setdefault(kind, []).append(timed)
        if compared:
            speeds.setdefault(kind, []).append(compared)
        if found := question.crossover(way[0], SIZE, over=THREADS):
            brackets.setdefault(kind, []).extend(plotted.brackets(found, series))
    titles = {work.name: work.plain_title for work in campaign.workloads.values()}
    sizes = Axis(label="what a task is sent", scale=Scale.KIB)
    models = tuple(dict.fromkeys(cell.model for cell in cells))
    drawn = []
    for kind in times:
        name = f"{question.experiment.name}-{kind}"
        drawn.append(
            LinesFigure(
                name=name,
                title=titles[kind],
                finding=finding,
                caption="Time of a batch by the size of what a task is sent; whiskers are "
                "intervals of the median.",
                sizes=sizes,
                axis=Axis(label="time of a batch", scale=Scale.TIME),
                lines=tuple(times[kind]),
                among=models,
            )
        )
        drawn.append(
            LinesFigure(
                name=f"{name}-over-threads",
                title=f"{titles[kind]}, over threads",
                finding=finding,
                caption="Above 1× a way is faster than as many threads on the same arm; whiskers "
                "are intervals. A bar on the line of 1× spans the sizes between which it begins "
                "to be faster.",
                sizes=sizes,
                axis=Axis(
                    label="speed over threads, same arm",
                    scale=Scale.RATIO,
                    margin=campaign.margin,
                ),
                lines=tuple(speeds.get(kind, ())),
                brackets=tuple(brackets.get(kind, ())),
                among=models,
            )
        )
    return tuple(one for one in drawn if any(len(line) > 1 for line in one.lines))
