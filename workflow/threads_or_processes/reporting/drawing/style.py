"""What all drawings share: size, ink, and the words where there is nothing to draw."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from threads_or_processes.reporting import palette

# 360 points wide: on a phone one point is about one pixel, so the text keeps its size.
WIDTH_IN = 5.0

TITLE_CHARACTERS = 40
"""That fit into the width in bold letters."""

MOST_CHARACTERS = 28
"""Of a key in a legend of two columns."""

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, and in the page's own font
    "text.parse_math": False,  # a dollar sign in a title is a dollar sign
    "font.family": "sans-serif",
    "font.size": 10.5,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 10.5,
    "axes.edgecolor": palette.INK,
    "axes.labelcolor": palette.INK,
    "axes.titlecolor": palette.INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": palette.INK,
    "xtick.color": palette.INK,
    "ytick.color": palette.INK,
    "grid.color": palette.INK,
    "grid.alpha": 0.14,
    "grid.linewidth": 0.7,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
}


def empty(title: str, message: str) -> Figure:
    """A title, and why there is no more."""
    drawing = Figure(figsize=(WIDTH_IN, 0.9))
    drawing.text(0.02, 0.72, title, weight="bold", size=11.5)
    drawing.text(0.02, 0.3, message)
    return drawing


def dashes(style: palette.Line) -> Any:
    """A line's dashes as matplotlib takes them."""
    return (0, style.dashes) if style.dashes else "solid"


def key(label: str, ink: str, style: palette.Line) -> Line2D:
    """What a legend shows of a series."""
    return Line2D(
        [],
        [],
        color=ink,
        marker=style.marker,
        markersize=4.5,
        linewidth=1.6,
        linestyle=dashes(style),
        label=label,
    )


def legend_height_in(keys: Sequence[Line2D]) -> float:
    """The room that a legend takes."""
    return 0.19 * -(-len(keys) // _columns(keys)) + 0.1


def _columns(keys: Sequence[Line2D]) -> int:
    """Two columns, or one where words are too long for half of the width."""
    return 1 if any(len(str(key.get_label())) > MOST_CHARACTERS for key in keys) else 2


def legend(drawing: Figure, keys: Sequence[Line2D], height_in: float) -> None:
    """The keys at the foot of a drawing that is `height_in` high."""
    drawing.legend(
        handles=list(keys),
        loc="lower left",
        bbox_to_anchor=(0.0, 0.0, 1.0, legend_height_in(keys) / height_in),
        ncols=_columns(keys),
        mode="expand",
        handlelength=2.6,
        columnspacing=1.0,
        labelspacing=0.35,
        borderaxespad=0.1,
    )
