"""A bar in a row for each way of working, its parts one after the other."""

import itertools

from matplotlib.figure import Figure

from threads_or_processes.reporting.drawing.axes import format_axis
from threads_or_processes.reporting.drawing.dots import (
    AXIS_IN,
    LABEL_IN,
    LINE_IN,
    TITLE_IN,
    name_rows,
    wrapped,
)
from threads_or_processes.reporting.drawing.style import (
    WIDTH_IN,
    legend,
    legend_height_in,
    legend_keys,
)
from threads_or_processes.reporting.figure_spec import FigureSpec, Mark

BAR_IN = 0.16


def draw(figure: FigureSpec, title: str) -> Figure:
    """A row for each label; parts below zero lie to the left of it, so that the rest adds up."""
    rows = [list(of) for _, of in itertools.groupby(figure.estimates, lambda mark: mark.position)]
    labels = [wrapped(str(row[0].position)) for row in rows]
    heights = [LINE_IN * (label.count("\n") + 1) + 0.14 for label in labels]
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
        (left, (AXIS_IN + legend_in) / height_in, 0.96 - left, sum(heights) / height_in)
    )
    drawing.text(0.012, 1 - 0.22 / height_in, title, weight="bold", size=11.5)
    spans = [span for row in rows for span in _spans(row)]
    for middle, row in zip(middles, rows, strict=True):
        for mark, (low, high) in zip(row, _spans(row), strict=True):
            colour = figure.styles[mark.series].colour
            axes.barh(middle, high - low, left=low, height=BAR_IN, color=colour, linewidth=0)
    ends = min(0.0, *(low for low, _ in spans)), max(1.0, *(high for _, high in spans))
    format_axis(axes, "x", figure.values, ends)
    axes.set_xlabel(figure.values.label, x=1.0, ha="right")
    axes.tick_params(labelsize=9.5)
    axes.grid(axis="x")
    name_rows(axes, labels, heights, middles)
    legend(drawing, keys, height_in)
    return drawing


def _spans(row: list[Mark]) -> list[tuple[float, float]]:
    """From where to where each part's bar goes."""
    above = below = 0.0
    found = []
    for mark in row:
        if mark.value >= 0:
            found.append((above, above + mark.value))
            above += mark.value
        else:
            found.append((below + mark.value, below))
            below += mark.value
    return found
