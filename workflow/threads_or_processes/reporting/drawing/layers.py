"""The layers of every figure, drawn by seaborn's objects from one tidy table of marks.

seaborn maps series to styles and draws what has data: lines, intervals and points. Axes, legend
and the lines to compare with are matplotlib's: seaborn has no ticks for ratios, no legend at the
foot of a drawing whose height follows from it, and no marks without data.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import pandas as pd
import seaborn.objects as so

from threads_or_processes.reporting.drawing.style import SETTINGS, dashes
from threads_or_processes.reporting.figure_spec import FigureSpec, Mark, Series


def tidy(marks: Sequence[Mark], positions: Iterable[float]) -> pd.DataFrame:
    """A row for each mark at its place on the axis of positions; missing ends are NaN."""
    numbers = {
        "position": list(positions),
        "value": [mark.value for mark in marks],
        "low": [mark.low for mark in marks],
        "high": [mark.high for mark in marks],
    }
    series = [_key(mark.series) for mark in marks]
    return pd.DataFrame(numbers, dtype=float).assign(series=series)


def _key(series: Series) -> str:
    """A name that no other series of a figure has: two can share a title."""
    return repr(series)


def plot(figure: FigureSpec) -> so.Plot:
    """A plot without layers, in which each series has its own colour, line and marker."""
    styles = {_key(series): style for series, style in figure.styles.items()}
    scales: dict[str, Any] = {
        "color": {key: style.colour for key, style in styles.items()},
        "linestyle": {key: dashes(style.line) for key, style in styles.items()},
        "marker": {key: style.line.marker for key, style in styles.items()},
    }
    nominal = {name: so.Nominal(values) for name, values in scales.items()}
    return so.Plot().scale(**nominal).theme(SETTINGS)


def add(drawn: so.Plot, mark: Any, data: pd.DataFrame, **variables: str) -> so.Plot:
    """A layer; its variables are columns of `tidy`. Each names all of its own.

    seaborn would take those it lacks from another layer's data, row by row.
    """
    layer: dict[str, Any] = {"legend": False, "color": "series", **variables}
    return drawn.add(mark, data=data, **layer)


def add_intervals(
    drawn: so.Plot, data: pd.DataFrame, width_pt: float, *, along: Literal["x", "y"]
) -> so.Plot:
    """A line from low to high, `along` an axis, for each mark that has both."""
    # seaborn would square the ends, which makes a line longer than its interval.
    mark = so.Range(linewidth=width_pt, artist_kws={"capstyle": "butt"})
    other = "y" if along == "x" else "x"
    places = {other: "position", f"{along}min": "low", f"{along}max": "high"}
    return add(drawn, mark, data.dropna(subset=["low", "high"]), orient=other, **places)
