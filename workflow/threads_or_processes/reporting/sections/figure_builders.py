"""Figures as the page shows them: caption below, numbers on demand; rows of dots."""

from collections.abc import Iterable
from itertools import chain

from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.figure_spec import (
    ROWS,
    Axis,
    FigureSpec,
    Kind,
    Mark,
    Series,
)
from threads_or_processes.reporting.limits import largest
from threads_or_processes.reporting.page import Column, Figure, Fold, Number, Table, table_of
from threads_or_processes.reporting.palette import series_styles

MOST_DOTS = 120
"""In a figure."""
NUMBERS = "The numbers in this figure"


def figure_block(figure: FigureSpec, table: Table | None = None, note: str = "") -> Figure:
    """A figure with its caption and a table of its marks: every estimate, or the given one."""
    return Figure(
        drawn=figure,
        data=Fold(summary=NUMBERS, note=note, content=(table or _table(figure),)),
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


def dots(
    marks: Iterable[Mark],
    campaign: Campaign,
    *,
    name: str,
    title: str,
    finding: str,
    caption: str,
    values: Axis,
) -> tuple[FigureSpec, ...]:
    """Marks in rows, in the order of each row's first mark; no figure without any."""
    rows: dict[float | str, list[Mark]] = {}
    for mark in marks:
        rows.setdefault(mark.position, []).append(mark)
    every = tuple(chain.from_iterable(rows.values()))
    found = largest(every, MOST_DOTS, values.effect)
    if not found:
        return ()
    if len(found) < len(every):
        caption += f" Shown: the {MOST_DOTS} largest of {len(every)} differences."
    return (
        FigureSpec(
            name=name,
            kind=Kind.DOTS,
            title=title,
            finding=finding,
            caption=caption,
            positions=ROWS,
            values=values,
            styles=series_styles(found, campaign),
            marks=found,
        ),
    )
