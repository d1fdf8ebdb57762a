"""Dots with intervals in rows, over one axis: forest plots, start-up, memory."""

import textwrap
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import palette
from threads_or_processes.reporting.drawing import axes as scales
from threads_or_processes.reporting.drawing.style import (
    TITLE_CHARACTERS,
    WIDTH_IN,
    empty,
    key,
    legend,
    legend_height_in,
)
from threads_or_processes.reporting.figure_spec import DotsFigure, Scale, Series

LABEL_IN = 1.95
CHARACTERS_A_LINE = 27
LINE_IN = 0.15
DOT_IN = 0.135
GAP_IN = 0.13
AXIS_IN = 0.5
TITLE_IN = 0.36


def draw(figure: DotsFigure, looks: Mapping[Series, palette.SeriesStyle]) -> Figure:
    """A row for each label; its marks one under the other, so that whiskers never cover."""
    title = text.plain(figure.title, TITLE_CHARACTERS)
    if not figure.rows:
        return empty(title, "There is nothing to draw.")
    keys = [
        key(series.title, seen.ink, palette.Line((), seen.line.marker))
        for series, seen in looks.items()
    ]
    labels = [_wrapped(row.label) for row in figure.rows]
    heights = [
        max(DOT_IN * len(row.marks) + GAP_IN, LINE_IN * (label.count("\n") + 1) + 0.12)
        for row, label in zip(figure.rows, labels, strict=True)
    ]
    legend_in = legend_height_in(keys)
    height_in = TITLE_IN + sum(heights) + AXIS_IN + legend_in
    drawing = Figure(figsize=(WIDTH_IN, height_in))
    left = LABEL_IN / WIDTH_IN
    axes = drawing.add_axes(
        (left, (AXIS_IN + legend_in) / height_in, 0.975 - left, sum(heights) / height_in)
    )
    drawing.text(0.012, 1 - 0.22 / height_in, title, weight="bold", size=11.5)
    _frame(axes, figure, sum(heights))
    top = 0.0
    for index, (row, label, row_in) in enumerate(zip(figure.rows, labels, heights, strict=True)):
        if index % 2 == 0:
            axes.axhspan(top, top + row_in, color=palette.INK, alpha=0.045, linewidth=0)
        axes.text(
            -0.02,
            top + row_in / 2,
            label,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            size=9,
            linespacing=1.05,
        )
        for place, mark in enumerate(row.marks):
            y = top + row_in / 2 + DOT_IN * (place - (len(row.marks) - 1) / 2)
            seen = looks[mark.series]
            if mark.low is not None and mark.high is not None:
                axes.plot([mark.low, mark.high], [y, y], color=seen.ink, lw=1.4)
            axes.plot([mark.value], [y], color=seen.ink, marker=seen.line.marker, ms=4.6, lw=0)
        top += row_in
    legend(drawing, keys, height_in)
    return drawing


def _wrapped(label: str) -> str:
    """A label on at most four lines."""
    return "\n".join(
        textwrap.wrap(label, CHARACTERS_A_LINE, max_lines=4, placeholder=text.ELLIPSIS)
    )


def _frame(axes: Axes, figure: DotsFigure, height_in: float) -> None:
    ends = scales.span(
        figure.axis,
        [
            end
            for _, mark in figure.marks
            for end in (mark.value, mark.low, mark.high)
            if end is not None
        ],
    )
    if figure.axis.scale is not Scale.BYTES:
        axes.set_xscale("log")
    axes.set_xlim(*ends)
    axes.set_ylim(height_in, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    scales.format_axis(axes.xaxis, figure.axis, ends)
    axes.tick_params(length=3, labelsize=9.5)
    axes.grid(axis="x")
    axes.set_xlabel(figure.axis.label, x=1.0, ha="right")
    if figure.axis.scale is Scale.RATIO:
        axes.axvline(1, color=palette.INK, lw=1, alpha=0.8)
    if figure.axis.margin is not None:
        upper = 1 + figure.axis.margin
        axes.axvspan(1 / upper, upper, color=palette.INK, alpha=0.1, linewidth=0)
