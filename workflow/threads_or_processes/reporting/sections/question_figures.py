"""Figures of an experiment's ratios: in rows of work and way, or over sizes."""

from collections.abc import Callable, Iterable

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.experiments import CrossoverRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import (
    Axis,
    Crossover,
    FigureSpec,
    Kind,
    Mark,
    Series,
    Unit,
)
from threads_or_processes.reporting.palette import series_styles
from threads_or_processes.reporting.sections.figure_builders import dots, ratio_mark
from threads_or_processes.reporting.sections.pivot_tables import Cells
from threads_or_processes.reporting.sections.question import Question


def by_arm(cell: Cell) -> Series:
    """The series of a cell where arms are compared."""
    return Series(title=cell.arm, arm=cell.arm)


def ratio_rows(
    question: Question,
    ratios: Callable[[Cell], Iterable[tuple[Series, Ratio | None]]],
    *,
    title: str,
    finding: str,
    axis: str,
    cells: Cells | None = None,
    label: Callable[[Cell], str] | None = None,
) -> tuple[FigureSpec, ...]:
    """Ratios in rows with the band of no difference in practice; none where there is no ratio."""
    margin = question.campaign.margin
    return dots(
        (
            ratio_mark(ratio, series, (label or question.label)(cell))
            for cell in (question.cells if cells is None else cells)
            for series, ratio in ratios(cell)
            if ratio is not None
        ),
        question.campaign,
        name=question.experiment.name,
        title=title,
        finding=finding,
        caption=f"{words.capital(axis)}; whiskers are {question.intervals}. Grey band: ±"
        f"{text.percent(margin)}, no difference in practice.",
        values=Axis(label=axis, unit=Unit.RATIO, margin=margin),
    )


def ratio_lines(
    question: Question,
    ways: Iterable[Cells],
    ratio: Callable[[Cell], Ratio | None],
    *,
    name: str,
    title: str,
    finding: str,
    caption: str,
    sizes: Axis,
    axis: str,
    size: Callable[[Cell], float],
    crossover: Callable[[Cell], CrossoverRow | None],
    among: tuple[str, ...] = (),
) -> FigureSpec:
    """Ratios over sizes, a line for each way, with a bar where a way begins to be faster."""
    marks: list[Mark] = []
    crossovers: list[Crossover] = []
    for way in ways:
        found = ((cell, ratio(cell)) for cell in way)
        line = [ratio_mark(one, question.series(cell), size(cell)) for cell, one in found if one]
        if line:
            marks += line
            crossovers += _crossovers(crossover(way[0]), line[0].series)
    return FigureSpec(
        name=name,
        kind=Kind.LINES,
        title=title,
        finding=finding,
        caption=caption,
        positions=sizes,
        values=Axis(label=axis, unit=Unit.RATIO, margin=question.campaign.margin),
        styles=series_styles(marks, question.campaign, among),
        marks=tuple(marks),
        crossovers=tuple(crossovers),
    )


def _crossovers(row: CrossoverRow | None, series: Series) -> tuple[Crossover, ...]:
    """Where a series begins to be faster, if that lies between two sizes."""
    if row is None or row.baseline_to_size is None or row.faster_from_size is None:
        return ()
    return (Crossover(series=series, low=row.baseline_to_size, high=row.faster_from_size),)
