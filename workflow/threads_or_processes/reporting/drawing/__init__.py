"""Figures become drawings: matplotlib and seaborn are used in this folder and nowhere else."""

import contextlib
import io
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.figure import Figure

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.drawing import bars, dots, lines, stacks
from threads_or_processes.reporting.drawing.style import SETTINGS, TITLE_CHARACTERS, WIDTH_IN
from threads_or_processes.reporting.figure_spec import FigureSpec, Kind
from threads_or_processes.reporting.figure_text import alt_text
from threads_or_processes.reporting.svg import finished

PNG_DPI = 300
"""1,500 pixels for the width of a column."""

_DRAW = {
    Kind.DOTS: dots.draw,
    Kind.LINES: lines.draw,
    Kind.BARS: bars.draw,
    Kind.STACKS: stacks.draw,
}


@dataclass(frozen=True)
class Drawing:
    """One figure in two formats: for pages and for papers."""

    svg: str
    png: bytes


def draw(figure: FigureSpec) -> Drawing:
    """A figure as SVG and as PNG; the same figure gives the same bytes."""
    with _drawn(figure) as drawn:
        svg, png = _svg(figure, drawn), io.BytesIO()
        drawn.savefig(
            png, format="png", dpi=PNG_DPI, facecolor="white", metadata={"Software": None}
        )
    return Drawing(svg=svg, png=png.getvalue())


def draw_for_page(figure: FigureSpec) -> str:
    """The SVG of `draw`, in half the time."""
    with _drawn(figure) as drawn:
        return _svg(figure, drawn)


@contextlib.contextmanager
def _drawn(figure: FigureSpec) -> Iterator[Figure]:
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": figure.name}), warnings.catch_warnings():
        # Text stays text, so a character that matplotlib's own font lacks is still shown.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        # seaborn 0.13 still passes pandas a keyword that does nothing.
        warnings.filterwarnings("ignore", message="The copy keyword is deprecated")
        title = text.plain(figure.drawn_title or figure.title, TITLE_CHARACTERS)
        yield _DRAW[figure.kind](figure, title) if figure.marks else _empty(figure, title)


def _svg(figure: FigureSpec, drawn: Figure) -> str:
    svg = io.StringIO()
    drawn.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return finished(
        svg.getvalue(), name=figure.name, title=figure.title, description=alt_text(figure)
    )


def _empty(figure: FigureSpec, title: str) -> Figure:
    """A title, and why there is no more."""
    drawn = Figure(figsize=(WIDTH_IN, 0.9))
    drawn.text(0.02, 0.72, title, weight="bold", size=11.5)
    drawn.text(0.02, 0.52, textwrap.fill(figure.why_empty, 56), va="top")
    return drawn
