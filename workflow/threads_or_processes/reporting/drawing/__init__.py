"""Figures become drawings: matplotlib and seaborn are used in this folder and nowhere else."""

import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.figure import Figure

from threads_or_processes.reporting import alt_text
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.drawing import dots, lines, speedup, timeline
from threads_or_processes.reporting.drawing.style import SETTINGS
from threads_or_processes.reporting.figure_spec import DotsFigure, LinesFigure, Series
from threads_or_processes.reporting.palette import SeriesStyle, series_styles
from threads_or_processes.reporting.svg import finished
from threads_or_processes.reporting.traces import AnyFigure, TimelineFigure

PNG_DPI = 300
"""1,500 pixels for the width of a column."""


@dataclass(frozen=True)
class Drawn:
    """One figure in two formats: for pages and for papers."""

    svg: str
    png: bytes


def draw(figure: AnyFigure, campaign: Campaign) -> Drawn:
    """A figure as SVG and as PNG; the same figure gives the same bytes."""
    return _drawn(figure, lambda: _drawing(figure, campaign))


def draw_lines(figure: LinesFigure, looks: Mapping[Series, SeriesStyle]) -> Drawn:
    """Lines of several campaigns, whose looks are given."""
    return _drawn(figure, lambda: lines.draw(figure, looks))


def _drawn(figure: AnyFigure, draw_it: Callable[[], Figure]) -> Drawn:
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": figure.name}), warnings.catch_warnings():
        # Text stays text, so a character that matplotlib's own font lacks is still shown.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        drawing = draw_it()
        svg, png = io.StringIO(), io.BytesIO()
        drawing.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        drawing.savefig(
            png, format="png", dpi=PNG_DPI, facecolor="white", metadata={"Software": None}
        )
    page = finished(
        svg.getvalue(),
        name=figure.name,
        title=alt_text.title(figure),
        description=alt_text.description(figure),
    )
    return Drawn(svg=page, png=png.getvalue())


def _drawing(figure: AnyFigure, campaign: Campaign) -> Figure:
    match figure:
        case TimelineFigure():
            return timeline.draw(figure, campaign)
        case DotsFigure():
            return dots.draw(figure, series_styles(figure.series, campaign))
        case LinesFigure():
            return lines.draw(figure, series_styles(figure.series, campaign, figure.among))
        case _:
            return speedup.draw(figure, campaign)
