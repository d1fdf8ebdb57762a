"""A line for each series over sizes: workers, how long a task is, how much is sent."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
import seaborn.objects as so
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from threads_or_processes.reporting import palette
from threads_or_processes.reporting.drawing.axes import (
    format_axis,
    size_ends,
    size_ticks,
    value_ends,
)
from threads_or_processes.reporting.drawing.layers import add, add_intervals, plot, tidy
from threads_or_processes.reporting.drawing.style import (
    LINE_PT,
    MARKER_PT,
    WIDTH_IN,
    dashes,
    legend,
    legend_height_in,
    legend_keys,
    reference_style,
)
from threads_or_processes.reporting.figure_spec import FigureSpec, Mark, Scale

PLOT_IN = 2.3


def draw(figure: FigureSpec, title: str) -> Figure:
    """Lines with whiskers, small points for single blocks, and the lines to compare with."""
    keys = legend_keys(figure)
    legend_in = legend_height_in(keys)
    height_in = (0.5 if figure.borders else 0.4) + PLOT_IN + 0.52 + legend_in
    drawing = Figure(figsize=(WIDTH_IN, height_in))
    axes = drawing.add_axes((0.19, (legend_in + 0.52) / height_in, 0.76, PLOT_IN / height_in))
    _layers(axes, figure)
    axes.set_title(title, pad=18 if figure.borders else 10)
    _format(axes, figure)
    _references(axes, figure)
    legend(drawing, keys, height_in)
    return drawing


def _layers(axes: Axes, figure: FigureSpec) -> None:
    estimates = _tidy(figure, figure.estimates)
    drawn = add_intervals(plot(figure), estimates, 1.2, along="y")
    line = so.Line(linewidth=LINE_PT if figure.is_joined else 0, pointsize=MARKER_PT)
    styles = {"marker": "series", "linestyle": "series"}
    add(drawn, line, estimates, x="position", y="value", **styles).on(axes).plot()
    blocks = [mark for mark in figure.marks if mark.block is not None]
    for series in dict.fromkeys(mark.series for mark in blocks):
        style = figure.styles[series]
        # Not so.Dots: it writes a path for each point, which makes the file half as large again.
        sns.scatterplot(
            _tidy(figure, [mark for mark in blocks if mark.series == series]),
            x="position",
            y="value",
            color=style.colour,
            marker=style.line.marker,
            s=9,
            alpha=0.45,
            linewidth=0,
            legend=False,
            ax=axes,
            zorder=1.8,
        )


def _tidy(figure: FigureSpec, marks: Sequence[Mark]) -> pd.DataFrame:
    """Marks a small step sideways, where points are drawn, so that series stand apart."""
    series = list(figure.styles)
    has_points = len(figure.marks) > len(figure.estimates) or not figure.is_joined
    step = min(0.07, 0.5 / len(series)) if has_points else 0.0
    steps = np.array([series.index(mark.series) - (len(series) - 1) / 2 for mark in marks]) * step
    positions = np.array([mark.position for mark in marks], dtype=float)
    is_linear = figure.positions.scale is Scale.LINEAR
    return tidy(marks, positions + steps if is_linear else positions * 2**steps)


def _format(axes: Axes, figure: FigureSpec) -> None:
    sizes = figure.sizes
    # Of the lines to compare with, the lowest is in sight.
    reached = [reference.at(sizes[-1]) for reference in figure.references]
    values = (*figure.ends, *([1.0, min(reached)] if reached else ()))
    ends = size_ends(figure.positions, sizes)
    format_axis(axes, "x", figure.positions, ends, size_ticks(figure.positions, ends, sizes))
    format_axis(axes, "y", figure.values, value_ends(figure.values, values))
    axes.grid(axis="y")


def _references(axes: Axes, figure: FigureSpec) -> None:
    """What has no marks: seaborn's objects draw data only, so these are matplotlib's own lines."""
    for curve in figure.curves:
        style = figure.styles[curve.series]
        axes.plot(
            curve.positions, curve.values, color=style.colour, ls=dashes(style.line), lw=LINE_PT
        )
    for crossover in figure.crossovers:
        colour = figure.styles[crossover.series].colour
        axes.hlines(1, crossover.low, crossover.high, color=colour, lw=7, alpha=0.3)
    # The line is between two counts; there is no room to say so of several.
    beyond = "> " if len(figure.borders) == 1 else ""
    for border in figure.borders:
        is_linear = figure.positions.scale is Scale.LINEAR
        middle = (
            (border.below + border.above) / 2 if is_linear else (border.below * border.above) ** 0.5
        )
        axes.axvline(middle, color=palette.INK, lw=0.8, alpha=0.55, ls=(0, (1, 2)), zorder=1.4)
        axes.annotate(
            f"{beyond}{border.title}",
            (middle, 1),
            (0, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="bottom",
            size=8.5,
        )
    edges = axes.get_xlim()
    for reference in figure.references:
        heights = [reference.at(edge) for edge in edges]
        axes.plot(edges, heights, zorder=1.5, **reference_style(reference))
