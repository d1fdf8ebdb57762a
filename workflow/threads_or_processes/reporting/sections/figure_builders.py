"""Plots as the page shows them: the finding below, the numbers on demand; and plots of ratios."""

from collections.abc import Callable, Iterable, Sequence

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.experiments import CrossoverRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import (
    Axis,
    Bracket,
    DotRow,
    DotsFigure,
    LinesFigure,
    Mark,
    Scale,
    Series,
)
from threads_or_processes.reporting.page import Column, Figure, Fold, Table

NUMBERS = "The numbers in this figure"


def figure_block(figure: DotsFigure | LinesFigure) -> Figure:
    """A plot with its caption and a table of its marks."""
    label = "About" if isinstance(figure, DotsFigure) else figure.sizes.label
    return Figure(
        drawn=figure,
        caption=figure.caption,
        data=Fold(
            summary=NUMBERS,
            content=Table(
                caption=f"{figure.title}: {figure.axis.label}",
                columns=(
                    Column(header=label),
                    Column(header="Series"),
                    Column(header="Value", numeric=True),
                    Column(header="Low", numeric=True),
                    Column(header="High", numeric=True),
                ),
                rows=tuple(
                    (
                        about,
                        mark.series.title,
                        *(figure.axis.shown(end) for end in (mark.value, mark.low, mark.high)),
                    )
                    for about, mark in figure.marks
                ),
                row_headers=2,
            ),
        ),
    )


def ratio_mark(ratio: Ratio, series: Series, x: float = 0.0) -> Mark:
    """A ratio with its interval."""
    return Mark(series=series, value=ratio.value, low=ratio.low, high=ratio.high, x=x)


def ratio_lines(
    *,
    name: str,
    title: str,
    finding: str,
    caption: str,
    sizes: Axis,
    axis: str,
    margin: float,
    ways: Iterable[Sequence[Cell]],
    series: Callable[[Cell], Series],
    size: Callable[[Cell], float],
    ratio: Callable[[Cell], Ratio | None],
    crossover: Callable[[Cell], CrossoverRow | None],
    among: tuple[str, ...] = (),
) -> LinesFigure:
    """Ratios over sizes, a line for each way, with brackets where a way begins to be faster."""
    lines: list[tuple[Mark, ...]] = []
    brackets: list[Bracket] = []
    for way in ways:
        found = ((cell, ratio(cell)) for cell in way)
        line = tuple(ratio_mark(one, series(cell), size(cell)) for cell, one in found if one)
        if line:
            lines.append(line)
            brackets += _brackets(crossover(way[0]), line[0].series)
    return LinesFigure(
        name=name,
        title=title,
        finding=finding,
        caption=caption,
        sizes=sizes,
        axis=Axis(label=axis, scale=Scale.RATIO, margin=margin),
        lines=tuple(lines),
        brackets=tuple(brackets),
        among=among,
    )


def _brackets(row: CrossoverRow | None, series: Series) -> tuple[Bracket, ...]:
    """Where a series begins to be faster, if that lies between two sizes."""
    if row is None or row.baseline_to_size is None or row.faster_from_size is None:
        return ()
    return (Bracket(series=series, low=row.baseline_to_size, high=row.faster_from_size),)


def ratio_rows(
    *,
    name: str,
    title: str,
    finding: str,
    axis: str,
    margin: float,
    cells: Iterable[Cell],
    label: Callable[[Cell], str],
    ratios: Callable[[Cell], Iterable[tuple[Series, Ratio | None]]],
) -> tuple[DotsFigure, ...]:
    """Ratios in rows with the band of no difference in practice; none where there is no ratio."""
    marks: dict[str, list[Mark]] = {}
    for cell in cells:
        for series, ratio in ratios(cell):
            if ratio is not None:
                marks.setdefault(label(cell), []).append(ratio_mark(ratio, series))
    if not marks:
        return ()
    return (
        DotsFigure(
            name=name,
            title=title,
            finding=finding,
            caption=f"{words.capital(axis)}; whiskers are intervals. In the grey band, within "
            f"{text.percent(margin)}, there is no difference in practice.",
            axis=Axis(label=axis, scale=Scale.RATIO, margin=margin),
            rows=tuple(DotRow(label=about, marks=tuple(of)) for about, of in marks.items()),
        ),
    )
