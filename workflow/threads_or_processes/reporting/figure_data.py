"""The numbers of a figure, for its file: one row for each mark, units in the names."""

import csv
import io
from collections.abc import Iterator

from threads_or_processes.reporting.figure_spec import Axis, DotsFigure, LinesFigure, Scale
from threads_or_processes.reporting.traces import AnyFigure, SpeedupFigure, TimelineFigure

Record = dict[str, str | int | float | None]

_UNITS = {
    Scale.RATIO: "ratio",
    Scale.TIME: "ns",
    Scale.BYTES: "bytes",
    Scale.COUNT: "workers",
    Scale.BLOCK: "block",
    Scale.KIB: "kib",
    Scale.TASK: "us",
}


def csv_text(figure: AnyFigure) -> str:
    r"""The numbers of a figure as CSV: `\n`, floats to twelve digits, empty for missing."""
    rows = list(records(figure))
    stream = io.StringIO()
    if rows:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _spelled(value) for name, value in row.items()} for row in rows)
    return stream.getvalue()


def _spelled(value: str | float | None) -> str | int | None:
    return f"{value:.12g}" if isinstance(value, float) else value


def records(figure: AnyFigure) -> Iterator[Record]:
    """One record for each mark of a figure."""
    match figure:
        case TimelineFigure():
            yield from _spans(figure)
        case SpeedupFigure():
            yield from _speedups(figure)
        case DotsFigure() | LinesFigure():
            yield from _marks(figure)


def _spans(figure: TimelineFigure) -> Iterator[Record]:
    for lane in figure.lanes:
        for span in lane.spans:
            yield {
                "arm": lane.arm,
                "model": lane.model,
                "worker": span.worker,
                "start_ns": span.start_ns,
                "end_ns": span.end_ns,
            }


def _speedups(figure: SpeedupFigure) -> Iterator[Record]:
    """Estimates have no block; a row with a block is the speed-up in it."""
    for curve in figure.curves:
        place: Record = {"model": curve.model, "arm": curve.arm}
        for estimate in curve.estimates:
            yield place | {
                "workers": estimate.workers,
                "block": None,
                "speedup_ratio": estimate.speedup.value,
                "speedup_low_ratio": estimate.speedup.low,
                "speedup_high_ratio": estimate.speedup.high,
            }
        for point in curve.points:
            yield place | {
                "workers": point.workers,
                "block": point.block,
                "speedup_ratio": point.speedup_ratio,
                "speedup_low_ratio": None,
                "speedup_high_ratio": None,
            }


def _marks(figure: DotsFigure | LinesFigure) -> Iterator[Record]:
    unit = _unit(figure.axis)
    for label, mark in figure.marks:
        about: Record = {"label": label}
        if isinstance(figure, LinesFigure):
            about = {f"size_{_unit(figure.sizes)}": mark.x}
        yield about | {
            "series": mark.series.title,
            f"value_{unit}": mark.value,
            f"low_{unit}": mark.low,
            f"high_{unit}": mark.high,
        }


def _unit(axis: Axis) -> str:
    return _UNITS[axis.scale]
