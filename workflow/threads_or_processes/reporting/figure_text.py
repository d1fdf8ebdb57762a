"""A figure for those who can't see it: alternative text, and its numbers as a file."""

import csv
import io
from collections.abc import Iterator, Mapping
from operator import attrgetter

from threads_or_processes.common.spreadsheet import harmless
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import FigureSpec, Kind, Unit

MOST_MARKS = 40
"""More than anyone would listen to; the table below a figure has them all."""

_UNITS = {
    Unit.RATIO: "ratio",
    Unit.SHARE: "ratio",
    Unit.TIME: "ns",
    Unit.BYTES: "bytes",
    Unit.COUNT: "workers",
    Unit.BLOCK: "block",
    Unit.KIB: "kib",
    Unit.TASK: "us",
}


def alt_text(figure: FigureSpec) -> str:
    """The type of the figure, its axes and what the numbers in it are."""
    if not figure.marks:
        return figure.why_empty
    shown = "; ".join(figure.summary or _marks(figure))
    parts = (figure.finding, figure.opening or _opening(figure), words.sentence(shown))
    return " ".join(part for part in parts if part)


def _marks(figure: FigureSpec) -> Iterator[str]:
    for mark in figure.estimates[:MOST_MARKS]:
        position = figure.positions.shown(mark.position)
        yield f"{position}, {mark.series.title}: {figure.values.shown(mark.value)}"
    if (more := len(figure.estimates) - MOST_MARKS) > 0:
        yield f"{text.fixed(more, 0)} more in the table"


def _opening(figure: FigureSpec) -> str:
    if figure.kind is Kind.DOTS:
        return f"Dot plot in rows over {figure.values.label}, whiskers are intervals."
    return f"Line chart: {figure.values.label} over {figure.positions.label}."


def csv_text(figure: FigureSpec) -> str:
    r"""The numbers of a figure as CSV: `\n`, floats to twelve digits, empty for missing.

    One row for each mark, units in the names of the columns; empty without marks.
    """
    if not figure.marks:
        return ""
    stream = io.StringIO()
    columns = figure.columns or _columns(figure)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    fields = attrgetter(*columns.values())
    writer.writerows(map(_digits, fields(mark)) for mark in figure.marks)
    return stream.getvalue()


def _digits(value: str | float | None) -> str | int | None:
    if isinstance(value, float):
        return f"{value:.12g}"
    return harmless(value) if isinstance(value, str) else value


def _columns(figure: FigureSpec) -> Mapping[str, str]:
    """Column to field of a mark."""
    is_named = figure.positions.unit is Unit.NAME
    position = "label" if is_named else f"size_{_UNITS[figure.positions.unit]}"
    ends = {f"{end}_{_UNITS[figure.values.unit]}": end for end in ("value", "low", "high")}
    return {position: "position", "series": "series.title", **ends}
