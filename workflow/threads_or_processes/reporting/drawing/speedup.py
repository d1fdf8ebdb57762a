"""Speed-up curves."""

from collections.abc import Mapping
from typing import Any

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import palette
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.drawing.style import (
    TITLE_CHARACTERS,
    WIDTH_IN,
    dashes,
    empty,
    key,
    legend,
    legend_height_in,
)
from threads_or_processes.reporting.traces import Curve, SpeedupFigure

LINEAR_UP_TO_WORKERS = 8
"""More workers than this and both axes double from tick to tick."""


def draw(figure: SpeedupFigure, campaign: Campaign) -> Figure:
    """A curve for each model and arm, every block as a point, and the bounds."""
    title = text.plain(figure.workload.title, TITLE_CHARACTERS)
    if not figure.curves:
        return empty(title, "No cell can be compared with serial; there is no speed-up.")
    colours = palette.model_colours(campaign.drawn_models)
    styles = palette.arm_lines(campaign.arms)
    keys = _keys(figure, colours, styles)
    legend_in = legend_height_in(keys)
    height_in = 3.1 + legend_in
    drawing = Figure(figsize=(WIDTH_IN, height_in))
    axes = drawing.add_axes((0.14, (legend_in + 0.52) / height_in, 0.84, 2.22 / height_in))
    axes.set_title(title, pad=10)
    _speedup_axes(axes, figure)
    _bounds(axes, figure)
    for curve, shift in zip(figure.curves, _shifts(len(figure.curves)), strict=True):
        _points(axes, curve, colours[curve.model], styles[curve.arm], shift)
        _estimates(axes, curve, colours[curve.model], styles[curve.arm], shift)
    legend(drawing, keys, height_in)
    return drawing


def _keys(
    figure: SpeedupFigure, colours: Mapping[str, palette.Colour], styles: Mapping[str, palette.Line]
) -> list[Line2D]:
    return [
        *(
            key(f"{curve.title}, {curve.arm}", colours[curve.model].light, styles[curve.arm])
            for curve in figure.curves
        ),
        Line2D([], [], color=palette.INK, lw=1, alpha=0.55, label="ideal: workers × serial"),
        Line2D([], [], color=palette.INK, lw=1, alpha=0.55, ls=(0, (1, 2)), label=_cpus(figure)),
    ]


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
    ink: dict[str, Any] = {"color": palette.INK, "zorder": 1.5, "lw": 1}
    axes.axhline(1, alpha=0.8, **ink)
    axes.plot(edges, edges, alpha=0.55, **ink)
    axes.axhline(figure.logical_cpus, alpha=0.55, ls=(0, (1, 2)), **ink)


def _moved(workers: int, shift: float, *, doubles: bool) -> float:
    return float(workers * 2**shift) if doubles else workers + shift


def _points(
    axes: Axes,
    curve: Curve,
    colour: palette.Colour,
    style: palette.Line,
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
    colour: palette.Colour,
    style: palette.Line,
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
        linestyle=dashes(style),
        elinewidth=1.2,
        capsize=2.2,
        zorder=3,
    )
