"""The notebook's timeline."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import palette, words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.drawing.style import WIDTH_IN, empty
from threads_or_processes.reporting.traces import Lane, TimelineFigure


def draw(figure: TimelineFigure, campaign: Campaign) -> Figure:
    """A lane for each way, a bar for each worker."""
    lanes = [lane for lane in figure.lanes if lane.spans]
    if not lanes:
        return empty("The notebook replay", "No trial of it succeeded; there is nothing to draw.")
    heights = [_lane_height_in(lane) for lane in lanes]
    title_in, axis_in = 0.24, 0.55
    height_in = sum(heights) + title_in * len(lanes) + axis_in
    drawing = Figure(figsize=(WIDTH_IN, height_in))
    colours = palette.model_colours(campaign.drawn_models)
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
    axes: Axes, lane: Lane, colour: palette.Colour, *, end_ns: float, with_axis: bool
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
