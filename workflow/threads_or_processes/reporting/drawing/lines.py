"""A line for each series over sizes: how long a task is, how much is sent."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import palette
from threads_or_processes.reporting.drawing import axes as scales
from threads_or_processes.reporting.drawing.style import (
    TITLE_CHARACTERS,
    WIDTH_IN,
    dashes,
    empty,
    key,
    legend,
    legend_height_in,
)
from threads_or_processes.reporting.figure_spec import LinesFigure, Scale, Series

PLOT_IN = 2.3


def draw(figure: LinesFigure, looks: Mapping[Series, palette.SeriesStyle]) -> Figure:
    """Lines with whiskers; brackets lie on the line of 1, where a way begins to be faster."""
    title = text.plain(figure.title, TITLE_CHARACTERS)
    if not figure.lines:
        return empty(title, "There is nothing to draw.")
    keys = [key(series.title, seen.ink, seen.line) for series, seen in looks.items()]
    legend_in = legend_height_in(keys)
    height_in = 0.4 + PLOT_IN + 0.52 + legend_in
    drawing = Figure(figsize=(WIDTH_IN, height_in))
    axes = drawing.add_axes((0.19, (legend_in + 0.52) / height_in, 0.76, PLOT_IN / height_in))
    axes.set_title(title, pad=10)
    _frame(axes, figure)
    for bracket in figure.brackets:
        axes.plot(
            [bracket.low, bracket.high],
            [1, 1],
            color=looks[bracket.series].ink,
            lw=7,
            alpha=0.3,
            solid_capstyle="butt",
        )
    for line in figure.lines:
        seen = looks[line[0].series]
        axes.errorbar(
            [mark.x for mark in line],
            [mark.value for mark in line],
            yerr=[
                [mark.value - (mark.low or mark.value) for mark in line],
                [(mark.high or mark.value) - mark.value for mark in line],
            ],
            color=seen.ink,
            marker=seen.line.marker,
            markersize=4.5,
            linewidth=1.6,
            linestyle=dashes(seen.line),
            elinewidth=1.2,
            capsize=2.2,
        )
    legend(drawing, keys, height_in)
    return drawing


def _frame(axes: Axes, figure: LinesFigure) -> None:
    sizes = sorted({mark.x for _, mark in figure.marks})
    ends = scales.span(
        figure.axis,
        [end for _, m in figure.marks for end in (m.value, m.low, m.high) if end is not None],
    )
    axes.set_yscale("log")
    if figure.sizes.scale is Scale.BLOCK:
        axes.set_xlim(sizes[0] - 0.5, sizes[-1] + 0.5)
    else:
        axes.set_xscale("log")
        axes.set_xlim(sizes[0] / 1.35, sizes[-1] * 1.35)
    axes.set_ylim(*ends)
    scales.format_axis(axes.xaxis, figure.sizes, (sizes[0], sizes[-1]))
    axes.xaxis.set_major_locator(FixedLocator(sizes[:: -(-len(sizes) // scales.MOST_TICKS)]))
    scales.format_axis(axes.yaxis, figure.axis, ends)
    axes.grid(axis="y")
    axes.tick_params(length=3)
    axes.set_xlabel(figure.sizes.label)
    axes.set_ylabel(figure.axis.label)
    if figure.axis.scale is Scale.RATIO:
        axes.axhline(1, color=palette.INK, lw=1, alpha=0.8)
    if figure.axis.margin is not None:
        upper = 1 + figure.axis.margin
        axes.axhspan(1 / upper, upper, color=palette.INK, alpha=0.08, linewidth=0)
