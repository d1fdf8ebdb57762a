"""What all drawings share: size, ink and legend."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from threads_or_processes.reporting import palette
from threads_or_processes.reporting.figure_spec import FigureSpec, Kind, LineStyle, Reference

# 360 points wide: on a phone one point is about one pixel, so the text keeps its size.
WIDTH_IN = 5.0

TITLE_CHARACTERS = 40
"""That fit into the width in bold letters."""

MARKER_PT, LINE_PT = 4.5, 1.6

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


def dashes(line: LineStyle) -> Any:
    """A line's dashes as matplotlib takes them."""
    return (0, line.dashes) if line.dashes else "solid"


def _legend_line(kind: Kind, line: LineStyle) -> Any:
    """A line as it is drawn; none where there are only filled areas."""
    if kind is Kind.LINES:
        return dashes(line)
    return "none" if kind is Kind.STACKS else "solid"


def legend_keys(figure: FigureSpec) -> list[Line2D]:
    """What a legend shows: every series, and the lines to compare with."""
    shared: dict[str, Any] = {"markersize": MARKER_PT, "linewidth": LINE_PT}
    return [
        Line2D(
            [],
            [],
            color=style.colour,
            marker=style.line.marker,
            linestyle=_legend_line(figure.kind, style.line),
            label=series.title,
            **shared,
        )
        for series, style in figure.styles.items()
    ] + [
        Line2D([], [], label=reference.title, **reference_style(reference))
        for reference in figure.references
    ]


def reference_style(reference: Reference) -> dict[str, Any]:
    """A thin line: solid where it is slanted, else dotted."""
    ls = "solid" if reference.value is None else (0, (1, 2))
    return {"color": palette.INK, "lw": 1, "alpha": 0.55, "ls": ls}


def legend_height_in(keys: Sequence[Line2D]) -> float:
    """The room that a legend takes."""
    return 0.19 * -(-len(keys) // _columns(keys)) + 0.1


def _columns(keys: Sequence[Line2D]) -> int:
    """Two columns, or one where words are too long for half of the width."""
    return 1 if any(len(str(one.get_label())) > MOST_CHARACTERS for one in keys) else 2


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
