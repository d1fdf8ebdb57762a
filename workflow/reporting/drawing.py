"""Traces become SVG text: matplotlib and seaborn are used here and nowhere else."""

import io
import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from workflow.reporting import alt, look, words
from workflow.reporting import formatting as text
from workflow.reporting.campaign import Campaign
from workflow.reporting.svg import finished
from workflow.reporting.traces import Curve, Lane, SpeedupFigure, TimelineFigure

# 360 points wide: on a phone one point is about one pixel, so the text keeps its size.
WIDTH_IN = 5.0
LINEAR_UP_TO_WORKERS = 8
"""More workers than this and both axes double from tick to tick."""

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, and in the page's own font
    "text.parse_math": False,  # a dollar sign in a title is a dollar sign
    "font.family": "sans-serif",
    "font.size": 10.5,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 10.5,
    "axes.edgecolor": look.INK,
    "axes.labelcolor": look.INK,
    "axes.titlecolor": look.INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": look.INK,
    "xtick.color": look.INK,
    "ytick.color": look.INK,
    "grid.color": look.INK,
    "grid.alpha": 0.14,
    "grid.linewidth": 0.7,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
}


def draw(figure: SpeedupFigure | TimelineFigure, campaign: Campaign) -> str:
    """The SVG text of a figure; the same figure gives the same bytes."""
    settings = {**_SETTINGS, "svg.hashsalt": figure.name}
    with mpl.rc_context(settings), warnings.catch_warnings():
        # Text stays text, so a character that matplotlib's own font lacks is still shown.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        if isinstance(figure, TimelineFigure):
            drawing = _timeline(figure, campaign)
        else:
            drawing = _speedup(figure, campaign)
        stream = io.StringIO()
        drawing.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return finished(
        stream.getvalue(),
        name=figure.name,
        title=alt.title(figure),
        description=alt.description(figure),
    )


def _empty(title: str, message: str) -> Figure:
    drawing = Figure(figsize=(WIDTH_IN, 0.9))
    drawing.text(0.02, 0.72, title, weight="bold", size=11.5)
    drawing.text(0.02, 0.3, message)
    return drawing


# Speed-up curves


def _speedup(figure: SpeedupFigure, campaign: Campaign) -> Figure:
    title = text.plain(figure.workload.title, 52)
    if not figure.curves:
        return _empty(title, "No cell can be compared with serial; there is no speed-up.")
    legend_rows = -(-(len(figure.curves) + 2) // 2)
    legend_in = 0.19 * legend_rows + 0.1
    height_in = 3.1 + legend_in
    drawing = Figure(figsize=(WIDTH_IN, height_in))
    axes = drawing.add_axes((0.115, (legend_in + 0.52) / height_in, 0.865, 2.22 / height_in))
    axes.set_title(title, pad=10)
    _speedup_axes(axes, figure)
    _bounds(axes, figure)
    colours = look.colours(campaign.drawn_models)
    styles = look.lines(campaign.arms)
    for curve, shift in zip(figure.curves, _shifts(len(figure.curves)), strict=True):
        _points(axes, curve, colours[curve.model], styles[curve.arm], shift)
        _estimates(axes, curve, colours[curve.model], styles[curve.arm], shift)
    drawing.legend(
        handles=[
            *(_key(curve, colours[curve.model], styles[curve.arm]) for curve in figure.curves),
            Line2D([], [], color=look.INK, lw=1, alpha=0.55, label="ideal: workers × serial"),
            Line2D([], [], color=look.INK, lw=1, alpha=0.55, ls=(0, (1, 2)), label=_cpus(figure)),
        ],
        loc="lower left",
        bbox_to_anchor=(0.0, 0.0, 1.0, legend_in / height_in),
        ncols=2,
        mode="expand",
        handlelength=2.6,
        columnspacing=1.0,
        labelspacing=0.35,
        borderaxespad=0.1,
    )
    return drawing


def _cpus(figure: SpeedupFigure) -> str:
    return f"bound of computing: {text.count(figure.logical_cpus, 'CPU')}"


def _doubles(figure: SpeedupFigure) -> bool:
    return max(figure.worker_counts) > LINEAR_UP_TO_WORKERS


def _shifts(curves: int) -> list[float]:
    """A small step sideways for each curve, so that intervals at one worker count stand apart."""
    step = min(0.07, 0.5 / curves)
    return [(index - (curves - 1) / 2) * step for index in range(curves)]


def _speedup_axes(axes: Axes, figure: SpeedupFigure) -> None:
    counts = figure.worker_counts
    top = max(figure.highest, min(figure.logical_cpus, max(counts))) * 1.08
    if _doubles(figure):
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        lowest = min(
            [p.speedup_ratio for curve in figure.curves for p in curve.points]
            + [e.speedup.value for curve in figure.curves for e in curve.estimates]
        )
        axes.set_xlim(min(counts) * 0.8, max(counts) * 1.25)
        axes.set_ylim(min(0.8, lowest * 0.9), top)
    else:
        margin = 0.45 if len(counts) > 1 else 1.0
        axes.set_xlim(min(counts) - margin, max(counts) + margin)
        axes.set_ylim(0, top)
    axes.xaxis.set_major_locator(FixedLocator(list(counts)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    axes.grid(axis="y")
    axes.tick_params(length=3)
    axes.set_xlabel("workers (number)")
    axes.set_ylabel(f"speed-up over serial {figure.reference_arm}")


def _bounds(axes: Axes, figure: SpeedupFigure) -> None:
    """Where nothing is gained, what perfect sharing would give, and what the CPUs allow."""
    edges = axes.get_xlim()
    ink: dict[str, Any] = {"color": look.INK, "zorder": 1.5, "lw": 1}
    axes.axhline(1, alpha=0.8, **ink)
    axes.plot(edges, edges, alpha=0.55, **ink)
    axes.axhline(figure.logical_cpus, alpha=0.55, ls=(0, (1, 2)), **ink)


def _moved(workers: int, shift: float, *, doubles: bool) -> float:
    return float(workers * 2**shift) if doubles else workers + shift


def _points(
    axes: Axes,
    curve: Curve,
    colour: look.Colour,
    style: look.Line,
    shift: float,
) -> None:
    """Every block as a small point. A call a curve: one marker a call keeps the file small."""
    doubles = axes.get_xscale() == "log"
    labels = (axes.get_xlabel(), axes.get_ylabel())
    sns.scatterplot(
        x=[_moved(point.workers, shift, doubles=doubles) for point in curve.points],
        y=[point.speedup_ratio for point in curve.points],
        color=colour.light,
        marker=style.marker,
        s=9,
        alpha=0.45,
        linewidth=0,
        legend=False,
        ax=axes,
        zorder=2,
    )
    axes.set(xlabel=labels[0], ylabel=labels[1])


def _estimates(
    axes: Axes,
    curve: Curve,
    colour: look.Colour,
    style: look.Line,
    shift: float,
) -> None:
    """The estimates with their intervals, joined by the curve's own line."""
    doubles = axes.get_xscale() == "log"
    x = [_moved(estimate.workers, shift, doubles=doubles) for estimate in curve.estimates]
    y = [estimate.speedup.value for estimate in curve.estimates]
    below = [e.speedup.value - (e.speedup.low or e.speedup.value) for e in curve.estimates]
    above = [(e.speedup.high or e.speedup.value) - e.speedup.value for e in curve.estimates]
    axes.errorbar(
        x,
        y,
        yerr=[below, above],
        color=colour.light,
        marker=style.marker,
        markersize=4.5,
        linewidth=1.6,
        linestyle=(0, style.dashes) if style.dashes else "solid",
        elinewidth=1.2,
        capsize=2.2,
        zorder=3,
    )


def _key(curve: Curve, colour: look.Colour, style: look.Line) -> Line2D:
    return Line2D(
        [],
        [],
        color=colour.light,
        marker=style.marker,
        markersize=4.5,
        linewidth=1.6,
        linestyle=(0, style.dashes) if style.dashes else "solid",
        label=f"{curve.title}, {curve.arm}",
    )


# The notebook's timeline


def _timeline(figure: TimelineFigure, campaign: Campaign) -> Figure:
    lanes = [lane for lane in figure.lanes if lane.spans]
    if not lanes:
        return _empty("The notebook replay", "No trial of it succeeded; there is nothing to draw.")
    heights = [_lane_height_in(lane) for lane in lanes]
    title_in, axis_in = 0.24, 0.55
    height_in = sum(heights) + title_in * len(lanes) + axis_in
    drawing = Figure(figsize=(WIDTH_IN, height_in))
    colours = look.colours(campaign.drawn_models)
    edge_in = height_in
    for lane, lane_in in zip(lanes, heights, strict=True):
        edge_in -= title_in + lane_in
        axes = drawing.add_axes((0.075, edge_in / height_in, 0.895, lane_in / height_in))
        last = lane is lanes[-1]
        _draw_lane(axes, lane, colours[lane.model], end_ns=figure.end_ns, with_axis=last)
    return drawing


def _lane_height_in(lane: Lane) -> float:
    """A line each for a few workers, thinner bars for many."""
    return min(0.15 * len(lane.spans), 0.8 + 0.012 * len(lane.spans)) + 0.1


def _draw_lane(
    axes: Axes, lane: Lane, colour: look.Colour, *, end_ns: float, with_axis: bool
) -> None:
    second = text.SECONDS.ns
    axes.barh(
        y=list(range(len(lane.spans))),
        width=[(span.end_ns - span.start_ns) / second for span in lane.spans],
        left=[span.start_ns / second for span in lane.spans],
        height=0.7,
        color=colour.light,
        linewidth=0,
    )
    axes.set_title(f"{words.capital(lane.title)} on {lane.arm}", pad=3, size=10.5)
    axes.set_xlim(0, end_ns / second * 1.02)
    axes.set_ylim(len(lane.spans) - 0.4, -0.6)
    axes.set_yticks(_worker_ticks(lane))
    axes.tick_params(length=2, labelsize=9)
    axes.grid(axis="x")
    if with_axis:
        axes.set_xlabel("time since the start of the timed region (s)")
    else:
        axes.tick_params(labelbottom=False)


def _worker_ticks(lane: Lane) -> Sequence[int]:
    last = len(lane.spans) - 1
    return range(last + 1) if last < 4 else (0, last)
