"""What it costs to send data to workers and back."""

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.vocabulary import THREADS
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Kind, Mark, Unit
from threads_or_processes.reporting.page import Column, Number, Section, Table, table_of
from threads_or_processes.reporting.palette import series_styles
from threads_or_processes.reporting.sections import question_figures, summary_sentences
from threads_or_processes.reporting.sections.pivot_tables import (
    TWO_AVERAGES,
    Cells,
    pivot,
)
from threads_or_processes.reporting.sections.question import Question

TITLE = "Sending data"
SIZE = "kib"
LIMITS = "Other data: the cost of serialising strings, frames and your own classes differs."
SIZES = Axis(label="data per task", unit=Unit.KIB)


def build(question: Question) -> Section:
    """Time of a batch by what is sent, its size and the model; speed against threads."""
    works = list(dict.fromkeys(question.work(cell).name for cell in question.cells))
    cells = sorted(
        question.cells,
        key=lambda cell: (works.index(question.work(cell).name), _size_kib(question, cell)),
    )
    several = len({cell.workers for cell in cells if cell.workers > 1}) > 1

    def size(cell: Cell) -> str:
        is_sized = SIZE in question.work(cell).varied
        return text.set_number(_size_kib(question, cell)) if is_sized else text.MISSING

    def title(cell: Cell) -> str:
        workers = f" × {cell.workers}" if several else ""
        return question.campaign.model_title(cell.model) + workers

    tables = tuple(
        pivot(
            cells,
            (
                Column("Data", lambda cell: question.work(cell).plain_title),
                Number("Size", size, "KiB"),
                Column("Build", lambda cell: cell.arm),
            ),
            title,
            (measure,),
            caption=caption,
        )
        for caption, measure in (
            ("Time of a batch", Number("", question.time)),
            (
                "Speed relative to threads with the same worker count",
                question.shown("", question.ratio_over_threads),
            ),
        )
    )
    answer = _answer(question, cells)
    return question.section(
        answer=answer,
        limits=LIMITS,
        figures=_figures(question, cells, answer),
        paragraphs=(
            "Tasks that only look at their data once. Threads pass a reference. Processes "
            "serialise the data, send them through a pipe and rebuild them, unless they are in "
            "shared memory. Above 1× a model is faster than threads, below 1× slower.",
            TWO_AVERAGES,
        ),
        tables=(*tables, _begins(question, cells)),
    )


def _size_kib(question: Question, cell: Cell) -> float:
    return float(question.work(cell).varied.get(SIZE, 0))


def _answer(question: Question, cells: Cells) -> str:
    """The shortest and the longest time of a batch with the largest data of each kind."""
    parts = []
    for name in dict.fromkeys(question.work(cell).name for cell in cells):
        of_kind = [
            cell
            for cell in cells
            if question.work(cell).name == name and question.is_parallel(cell)
        ]
        largest = max((_size_kib(question, cell) for cell in of_kind), default=0.0)
        named = [
            (question.named(cell), row.median_ns)
            for cell in of_kind
            if _size_kib(question, cell) == largest
            and (row := question.tables.cell(cell.id)) is not None
            and row.median_ns is not None
        ]
        if named:
            title = question.work(of_kind[0]).plain_title
            size = f", {_kib(largest)}" if largest else ""
            parts.append(f"{title}{size}: {summary_sentences.extent(named, text.time)}")
    if not parts:
        return "No time was recorded."
    return words.sentence(f"time of a batch – {'; '.join(parts)}")


def _begins(question: Question, cells: Cells) -> Table:
    """From which size on each way is faster than as many threads."""
    found = {
        way[0]: row
        for way in question.ways(cells)
        if (row := question.crossover(way[0], SIZE, over=THREADS))
    }
    return table_of(
        found,
        (
            Column("Data", lambda cell: question.work(cell).plain_title),
            *question.way,
            Column("Build", lambda cell: cell.arm),
            Number(
                "Break-even size",
                lambda cell: summary_sentences.bracket(found[cell], _kib, "size"),
            ),
        ),
        caption="Break-even size against threads: between these two sizes",
        row_headers=4,
    )


def _kib(size_kib: float) -> str:
    return f"{text.set_number(size_kib)}{text.SPACE}KiB"


def _figures(question: Question, cells: Cells, finding: str) -> tuple[FigureSpec, ...]:
    """Two figures for each kind of data that is sent in more sizes than one."""
    kinds: dict[str, list[Cells]] = {}
    for way in question.ways([cell for cell in cells if _size_kib(question, cell) > 0]):
        kinds.setdefault(question.work(way[0]).name, []).append(way)
    models = tuple(dict.fromkeys(cell.model for cell in cells))
    drawn: list[FigureSpec] = []
    for kind, ways in kinds.items():
        name, title = f"{question.experiment.name}-{kind}", question.work(ways[0][0]).plain_title
        marks = tuple(mark for way in ways for mark in _timed(question, way))
        times = FigureSpec(
            name=name,
            kind=Kind.LINES,
            title=title,
            finding=finding,
            caption="Time of a batch by the size of the data per task; medians, whiskers are "
            f"{question.intervals}.",
            positions=SIZES,
            values=Axis(label="time of a batch", unit=Unit.TIME),
            styles=series_styles(marks, question.campaign, models),
            marks=marks,
        )
        over_threads = question_figures.ratio_lines(
            question,
            ways,
            question.ratio_over_threads,
            name=f"{name}-over-threads",
            title=f"{title}, over threads",
            finding=finding,
            caption="Speed relative to threads, same worker count and build; whiskers are "
            f"{question.intervals}. Bars on the line of 1×: break-even size.",
            sizes=SIZES,
            axis="speed over threads, same build",
            size=lambda cell: _size_kib(question, cell),
            crossover=lambda cell: question.crossover(cell, SIZE, over=THREADS),
            among=models,
        )
        drawn += (times, over_threads)
    return tuple(one for one in drawn if any(len(one.of(line)) > 1 for line in one.styles))


def _timed(question: Question, way: Cells) -> tuple[Mark, ...]:
    return tuple(
        Mark(
            series=question.series(cell),
            value=row.median_ns,
            low=row.ci_low_ns,
            high=row.ci_high_ns,
            position=_size_kib(question, cell),
        )
        for cell in way
        if (row := question.tables.cell(cell.id)) is not None and row.median_ns is not None
    )
