"""What is drawn lies where its numbers say."""

import math
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.patches import Rectangle
from threads_or_processes.reporting import drawing
from threads_or_processes.reporting.drawing import bars, dots, lines, stacks
from threads_or_processes.reporting.drawing.axes import value_ends
from threads_or_processes.reporting.figure_spec import (
    ROWS,
    Axis,
    Curve,
    FigureSpec,
    Kind,
    LineStyle,
    Mark,
    Reference,
    Scale,
    Series,
    SeriesStyle,
    Unit,
)

# seaborn 0.13 passes pandas a keyword that does nothing; `drawing.draw` is silent about it.
pytestmark = pytest.mark.filterwarnings("ignore:The copy keyword is deprecated")

ONE, OTHER = (Series(title="a title that both have", arm=arm) for arm in ("3.13", "3.13t"))
STYLES = {
    ONE: SeriesStyle("#0072b2", LineStyle((), "o")),
    OTHER: SeriesStyle("#d55e00", LineStyle((5, 2), "D")),
}
COUNTS = Axis(label="workers", unit=Unit.COUNT, scale=Scale.LINEAR)
DRAW = {Kind.DOTS: dots.draw, Kind.LINES: lines.draw, Kind.BARS: bars.draw}


def figure(kind: Kind) -> FigureSpec:
    """Two series with and without an interval; lines have points of two blocks, too."""
    places: list[float | str] = ["few", "many"] if kind is Kind.DOTS else [1, 2]
    marks = []
    for place in places:
        for series, value in ((ONE, 1.5), (OTHER, 2.5)):
            ends = (value - 0.25, value + 0.5) if series is ONE else (None, None)
            if kind is Kind.BARS:
                ends = (value - 0.25, value)
            marks.append(
                Mark(series=series, position=place, value=value, low=ends[0], high=ends[1])
            )
            if kind is Kind.LINES:
                marks += [
                    Mark(series=series, position=place, value=value + block / 8, block=block)
                    for block in (1, 2)
                ]
    return FigureSpec(
        name="a-figure",
        kind=kind,
        title="A figure",
        caption="",
        positions=ROWS if kind is Kind.DOTS else COUNTS,
        values=Axis(label="ratio", unit=Unit.RATIO, scale=Scale.LINEAR),
        styles=STYLES,
        marks=tuple(marks),
        references=(Reference(title="ideal"),) if kind is Kind.LINES else (),
    )


def intervals(axes: list[Axes], along: int) -> list[tuple[float, float]]:
    """The ends of every interval that is drawn, along x (0) or y (1)."""
    found = (one for panel in axes for one in panel.collections if isinstance(one, LineCollection))
    segments = [np.asarray(segment) for one in found for segment in one.get_segments()]
    return sorted((segment[0, along], segment[1, along]) for segment in segments)


def points(axes: list[Axes], along: int) -> list[float]:
    """Every point that is drawn."""
    found = (one for panel in axes for one in panel.collections if isinstance(one, PathCollection))
    return sorted(float(x) for one in found for x in np.asarray(one.get_offsets())[:, along])


@pytest.mark.parametrize("kind", DRAW)
def test_every_interval_and_point_is_drawn_at_its_numbers(kind: Kind) -> None:
    spec, along = figure(kind), 1 if kind is Kind.LINES else 0
    axes = DRAW[kind](spec, "A figure").axes
    known = sorted((m.low, m.high) for m in spec.marks if m.low is not None and m.high is not None)
    assert intervals(axes, along) == known
    drawn = {
        Kind.DOTS: spec.estimates,
        Kind.LINES: [mark for mark in spec.marks if mark.block is not None],
        Kind.BARS: (),
    }[kind]
    assert points(axes, along) == sorted(mark.value for mark in drawn)


def test_the_bars_of_a_stack_lie_end_to_end() -> None:
    parts = ((ONE, 0.75), (OTHER, -0.25), (ONE, 0.5))
    spec = replace(
        figure(Kind.DOTS),
        kind=Kind.STACKS,
        marks=tuple(Mark(series=series, position="way", value=share) for series, share in parts),
    )
    (axes,) = stacks.draw(spec, "A figure").axes
    bars_drawn = [one for one in axes.patches if isinstance(one, Rectangle) and one.get_height()]
    spans = [(one.get_x(), one.get_x() + one.get_width()) for one in bars_drawn]
    assert (0.0, 0.75) in spans
    assert (-0.25, 0.0) in spans
    assert (0.75, 1.25) in spans


def test_series_that_share_a_title_have_lines_of_their_own() -> None:
    (axes,) = lines.draw(figure(Kind.LINES), "A figure").axes
    drawn = [line for line in axes.lines if line.get_marker() in ("o", "D")]
    colours = [mpl.colors.to_hex(line.get_color()) for line in drawn]
    assert colours == [style.colour for style in STYLES.values()]
    assert [list(np.asarray(line.get_ydata())) for line in drawn] == [[1.5, 1.5], [2.5, 2.5]]


@pytest.mark.parametrize("kind", Kind)
def test_the_same_figure_gives_the_same_bytes(kind: Kind) -> None:
    drawn = drawing.draw(figure(kind))
    assert drawn == drawing.draw(figure(kind))
    assert drawn.svg == drawing.draw_for_page(figure(kind))


def test_points_that_are_not_joined_have_no_line_but_their_curve() -> None:
    curve = Curve(series=OTHER, positions=(1.0, 1.5, 2.0), values=(2.4, 2.5, 2.6))
    spec = replace(figure(Kind.LINES), is_joined=False, curves=(curve,))
    with mpl.rc_context({"text.parse_math": False}):
        (axes,) = lines.draw(spec, "").axes
    drawn = [one for one in axes.lines if one.get_linewidth() > 0 and np.size(one.get_xdata()) == 3]
    (line,) = drawn
    assert list(np.asarray(line.get_xdata())) == list(curve.positions)
    assert list(np.asarray(line.get_ydata())) == list(curve.values)
    assert line.get_color() == STYLES[OTHER].colour
    points = [one for one in axes.lines if one.get_marker() in ("o", "D")]
    assert all(one.get_linewidth() == 0 for one in points)


@pytest.mark.parametrize("values", [(1e-200, 1e200), (5e-324, 1.7e308), (2.0, 2.0), (1e308,)])
def test_an_axis_has_ends_around_any_values(values: tuple[float, ...]) -> None:
    low, high = value_ends(Axis(label="ratio", unit=Unit.RATIO, scale=Scale.LOG), values)
    assert 0 < low < high < math.inf
    assert low <= max(min(values), 1e-307)
    assert high >= max(values) * 0.999
