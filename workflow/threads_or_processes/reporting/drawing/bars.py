"""A panel for each series, with a bar for each of its workers: the notebook's timeline."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from threads_or_processes.reporting import words
from threads_or_processes.reporting.drawing.axes import format_axis
from threads_or_processes.reporting.drawing.layers import add_intervals, plot, tidy
from threads_or_processes.reporting.drawing.style import WIDTH_IN
from threads_or_processes.reporting.figure_spec import FigureSpec, Mark

TITLE_IN, AXIS_IN = 0.24, 0.55


def draw(figure: FigureSpec, _title: str) -> Figure:
    """Panels of one time axis below each other; their titles say more than the figure's would."""
    panels = {series: figure.of(series) for series in figure.styles}
    heights = [_height_in(bars) for bars in panels.values()]
    height_in = sum(heights) + TITLE_IN * len(panels) + AXIS_IN
    drawing = Figure(figsize=(WIDTH_IN, height_in))
    edge_in = height_in
    for (series, bars), panel_in in zip(panels.items(), heights, strict=True):
        edge_in -= TITLE_IN + panel_in
        axes = drawing.add_axes((0.075, edge_in / height_in, 0.895, panel_in / height_in))
        _draw_panel(axes, figure, bars, panel_in)
        axes.set_title(words.capital(series.title), pad=3, size=10.5)
    for axes in drawing.axes[:-1]:
        axes.tick_params(labelbottom=False)
        axes.set_xlabel("")
    return drawing


def _height_in(bars: Sequence[Mark]) -> float:
    """A line each for a few workers, thinner bars for many."""
    return min(0.15 * len(bars), 0.8 + 0.012 * len(bars)) + 0.1


def _draw_panel(axes: Axes, figure: FigureSpec, bars: Sequence[Mark], panel_in: float) -> None:
    last = len(bars) - 1
    # Not so.Bar: it clips each bar by a path of its own, which doubles the size of the file.
    bars_pt = 0.7 * 72 * panel_in / (last + 1.2)
    add_intervals(plot(figure), tidy(bars, range(last + 1)), bars_pt, along="x").on(axes).plot()
    format_axis(axes, "x", figure.values, (0, max(figure.ends) * 1.02))
    axes.set(ylim=(last + 0.6, -0.6), yticks=range(last + 1) if last < 4 else (0, last), ylabel="")
    axes.tick_params(length=2, labelsize=9)
    axes.grid(axis="x")
