"""Figures of ratios, and figures as the page shows them: caption below, numbers on demand."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.experiments import CrossoverRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.figure_spec import (
    ROWS,
    Axis,
    Crossover,
    FigureSpec,
    Kind,
    Mark,
    Series,
    Unit,
)
from threads_or_processes.reporting.page import Column, Figure, Fold, Number, Table, table_of
from threads_or_processes.reporting.palette import series_styles

NUMBERS = "The numbers in this figure"


def figure_block(figure: FigureSpec, table: Table | None = None, note: str = "") -> Figure:
    """A figure with its caption and a table of its marks: every estimate, or the given one."""
    return Figure(
        drawn=figure,
        data=Fold(summary=NUMBERS, note=note, content=table or _table(figure)),
    )


def _table(figure: FigureSpec) -> Table:
    shown = figure.values.shown
    return table_of(
        figure.estimates,
        (
            Column(figure.positions.label, lambda mark: figure.positions.shown(mark.position)),
            Column("Series", lambda mark: mark.series.title),
            Number("Value", lambda mark: shown(mark.value)),
            Number("Low", lambda mark: shown(mark.low)),
            Number("High", lambda mark: shown(mark.high)),
        ),
        caption=f"{figure.title}: {figure.values.label}",
        row_headers=2,
    )


def ratio_mark(ratio: Ratio, series: Series, position: float | str) -> Mark:
    """A ratio with its interval."""
    return Mark(series=series, position=position, value=ratio.value, low=ratio.low, high=ratio.high)


def in_rows(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Marks of one row together, rows in the order of their first marks."""
    rows: dict[float | str, list[Mark]] = {}
    for mark in marks:
        rows.setdefault(mark.position, []).append(mark)
    return tuple(chain.from_iterable(rows.values()))


def ratio_lines(
    *,
    name: str,
    title: str,
    finding: str,
    caption: str,
    sizes: Axis,
    axis: str,
    campaign: Campaign,
    ways: Iterable[Sequence[Cell]],
    series: Callable[[Cell], Series],
    size: Callable[[Cell], float],
    ratio: Callable[[Cell], Ratio | None],
    crossover: Callable[[Cell], CrossoverRow | None],
    among: tuple[str, ...] = (),
) -> FigureSpec:
    """Ratios over sizes, a line for each way, with a bar where a way begins to be faster."""
    marks: list[Mark] = []
    crossovers: list[Crossover] = []
    for way in ways:
        found = ((cell, ratio(cell)) for cell in way)
        line = [ratio_mark(one, series(cell), size(cell)) for cell, one in found if one]
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
        values=Axis(label=axis, unit=Unit.RATIO, margin=campaign.margin),
        styles=series_styles(marks, campaign, among),
        marks=tuple(marks),
        crossovers=tuple(crossovers),
    )


def _crossovers(row: CrossoverRow | None, series: Series) -> tuple[Crossover, ...]:
    """Where a series begins to be faster, if that lies between two sizes."""
    if row is None or row.baseline_to_size is None or row.faster_from_size is None:
        return ()
    return (Crossover(series=series, low=row.baseline_to_size, high=row.faster_from_size),)


def ratio_rows(
    *,
    name: str,
    title: str,
    finding: str,
    axis: str,
    campaign: Campaign,
    cells: Iterable[Cell],
    label: Callable[[Cell], str],
    ratios: Callable[[Cell], Iterable[tuple[Series, Ratio | None]]],
) -> tuple[FigureSpec, ...]:
    """Ratios in rows with the band of no difference in practice; none where there is no ratio."""
    marks = in_rows(
        ratio_mark(ratio, series, label(cell))
        for cell in cells
        for series, ratio in ratios(cell)
        if ratio is not None
    )
    if not marks:
        return ()
    return (
        FigureSpec(
            name=name,
            kind=Kind.DOTS,
            title=title,
            finding=finding,
            caption=f"{words.capital(axis)}; whiskers are intervals. In the grey band, within "
            f"{text.percent(campaign.margin)}, there is no difference in practice.",
            positions=ROWS,
            values=Axis(label=axis, unit=Unit.RATIO, margin=campaign.margin),
            styles=series_styles(marks, campaign),
            marks=marks,
        ),
    )
