"""What a figure shows, in words, for those who can't see it; written from its traces."""

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import DotsFigure, LinesFigure
from threads_or_processes.reporting.traces import (
    AnyFigure,
    Curve,
    SpeedupFigure,
    TimelineFigure,
    WorkerSpan,
)

MOST_MARKS = 40
"""More than anyone would listen to; the table below a figure has them all."""


def title(figure: AnyFigure) -> str:
    """The name of a figure for a reader."""
    if isinstance(figure, TimelineFigure):
        return "Start and finish of each worker in the notebook replay"
    if isinstance(figure, DotsFigure | LinesFigure):
        return figure.title
    return f"Speed-up of {figure.workload.title}"


def _curve(curve: Curve) -> str:
    best = curve.best
    figures = f"{text.times_as_fast(best.speedup)} {text.interval(best.speedup)}".strip()
    workers = text.count(best.workers, "worker")
    return f"{curve.title} on {curve.arm}: at most {figures}, with {workers}"


def _axes(figure: SpeedupFigure) -> str:
    counts = text.listing([str(workers) for workers in figure.worker_counts])
    baseline = f"serial on {figure.reference_arm}"
    if figure.baseline_ns is not None:
        baseline += f", which takes {text.time(figure.baseline_ns)}"
    return (
        f"Line chart: speed-up against {baseline}, over the number of workers ({counts}); "
        "points are blocks, whiskers are intervals."
    )


def last_start_ns(spans: tuple[WorkerSpan, ...]) -> float | None:
    """When the last worker got its task; `None` without workers."""
    return max((span.start_ns for span in spans), default=None)


def description(figure: AnyFigure) -> str:
    """The type of the figure, its axes and what the numbers in it are."""
    match figure:
        case TimelineFigure():
            return _timeline(figure)
        case DotsFigure() | LinesFigure():
            return _marks(figure)
        case SpeedupFigure():
            return _speedup(figure)


def _speedup(figure: SpeedupFigure) -> str:
    if not figure.curves:
        return "No speed-up can be drawn: no cell can be compared with serial."
    curves = "; ".join(_curve(curve) for curve in figure.curves)
    return f"{_axes(figure)} {words.sentence(curves)}"


def _timeline(figure: TimelineFigure) -> str:
    lanes = [
        f"{lane.title} on {lane.arm}: {text.count(len(lane.spans), 'worker')}, "
        f"the last started after {text.time(last_start_ns(lane.spans))}, "
        f"the whole took {text.time(lane.wall_ns)}"
        for lane in figure.lanes
        if lane.spans
    ]
    if not lanes:
        return "No timeline can be drawn: no trial of the notebook replay succeeded."
    opening = "Timeline: one bar for each worker, over seconds since the start of the timed region."
    return f"{opening} {words.sentence('; '.join(lanes))}"


def _marks(figure: DotsFigure | LinesFigure) -> str:
    if not figure.marks:
        return "Nothing can be drawn: no trial that it needs succeeded."
    opening = (
        f"Dot plot in rows over {figure.axis.label}, whiskers are intervals."
        if isinstance(figure, DotsFigure)
        else f"Line chart: {figure.axis.label} over {figure.sizes.label}."
    )
    told = [
        f"{label}, {mark.series.title}: {figure.axis.shown(mark.value)}"
        for label, mark in figure.marks
    ]
    more = (
        f"; {text.fixed(len(told) - MOST_MARKS, 0)} more in the table"
        if len(told) > MOST_MARKS
        else ""
    )
    return f"{figure.finding} {opening} {words.sentence('; '.join(told[:MOST_MARKS]) + more)}"
