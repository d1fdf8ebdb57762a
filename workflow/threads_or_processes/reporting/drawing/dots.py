"""Dots with intervals in rows, over one axis: forest plots, start-up, memory."""

import itertools
import textwrap
from collections.abc import Sequence

import seaborn.objects as so
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import palette
from threads_or_processes.reporting.drawing.axes import format_axis, value_ends
from threads_or_processes.reporting.drawing.layers import add, add_intervals, plot, tidy
from threads_or_processes.reporting.drawing.style import (
    MARKER_PT,
    WIDTH_IN,
    legend,
    legend_height_in,
    legend_keys,
)
from threads_or_processes.reporting.figure_spec import FigureSpec

LABEL_IN = 1.95
CHARACTERS_A_LINE = 27
LINE_IN = 0.16
DOT_IN = 0.135
GAP_IN = 0.13
AXIS_IN = 0.5
TITLE_IN = 0.36


def draw(figure: FigureSpec, title: str) -> Figure:
    """A row for each label; its marks one under the other, so that whiskers never cover."""
    rows = [list(of) for _, of in itertools.groupby(figure.estimates, lambda m: m.position)]
    labels = [wrapped(str(row[0].position)) for row in rows]
    heights = [
        max(DOT_IN * len(row) + GAP_IN, LINE_IN * (label.count("\n") + 1) + 0.12)
        for row, label in zip(rows, labels, strict=True)
    ]
    middles = [
        top + row_in / 2
        for top, row_in in zip(itertools.accumulate(heights, initial=0), heights, strict=False)
    ]
    keys = legend_keys(figure)
    legend_in = legend_height_in(keys)
    height_in = TITLE_IN + sum(heights) + AXIS_IN + legend_in
    drawing = Figure(figsize=(WIDTH_IN, height_in))
    left = LABEL_IN / WIDTH_IN
    axes = drawing.add_axes(
        (left, (AXIS_IN + legend_in) / height_in, 0.975 - left, sum(heights) / height_in)
    )
    drawing.text(0.012, 1 - 0.22 / height_in, title, weight="bold", size=11.5)
    places = [
        middle + DOT_IN * (place - (len(row) - 1) / 2)
        for middle, row in zip(middles, rows, strict=True)
        for place in range(len(row))
    ]
    data = tidy(figure.estimates, places)
    drawn = add_intervals(plot(figure), data, 1.4, along="x")
    dot = so.Dot(pointsize=MARKER_PT, edgewidth=1)
    add(drawn, dot, data, x="value", y="position", marker="series").on(axes).plot()
    format_axis(axes, "x", figure.values, value_ends(figure.values, figure.ends))
    axes.set_xlabel(figure.values.label, x=1.0, ha="right")
    axes.tick_params(labelsize=9.5)
    axes.grid(axis="x")
    name_rows(axes, labels, heights, middles)
    legend(drawing, keys, height_in)
    return drawing


def name_rows(
    axes: Axes, labels: Sequence[str], heights: Sequence[float], middles: Sequence[float]
) -> None:
    """The rows' labels, and a shade behind every other row."""
    axes.set(ylim=(sum(heights), 0), yticks=(), ylabel="")
    axes.spines["left"].set_visible(False)
    for index, (label, row_in, middle) in enumerate(zip(labels, heights, middles, strict=True)):
        if index % 2 == 0:
            ends = middle - row_in / 2, middle + row_in / 2
            axes.axhspan(*ends, color=palette.INK, alpha=0.045, linewidth=0)
        axes.text(
            -0.02,
            middle,
            label,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            size=9,
            linespacing=1.15,
        )


def wrapped(label: str) -> str:
    """A label on at most four lines."""
    return "\n".join(
        textwrap.wrap(label, CHARACTERS_A_LINE, max_lines=4, placeholder=text.ELLIPSIS)
    )
