"""Figures as data: what will be drawn, before anything is drawn. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from threads_or_processes.records.tables.experiments import NotebookRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import SCALING, Family
from threads_or_processes.reporting.campaign import (
    TIMELINE_FIGURE,
    Campaign,
    Workload,
    speedup_figure,
)
from threads_or_processes.reporting.figure_spec import DotsFigure, LinesFigure
from threads_or_processes.reporting.tables import Tables


@dataclass(frozen=True, kw_only=True)
class BlockPoint:
    """The speed-up in one block."""

    workers: int
    block: int
    speedup_ratio: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The speed-up over all blocks, with its interval where there is one."""

    workers: int
    worker_kind: str
    speedup: Ratio


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One model on one arm over the worker counts."""

    model: str
    title: str
    arm: str
    estimates: tuple[Estimate, ...]
    points: tuple[BlockPoint, ...]

    @property
    def best(self) -> Estimate:
        """The highest speed-up of the curve."""
        return max(self.estimates, key=lambda estimate: estimate.speedup.value)


@dataclass(frozen=True, kw_only=True)
class SpeedupFigure:
    """Speed-up over worker count for one workload; `baseline_ns` is serial on the reference arm."""

    name: str
    workload: Workload
    reference_arm: str
    baseline_ns: float | None
    logical_cpus: int
    curves: tuple[Curve, ...]

    @property
    def worker_counts(self) -> tuple[int, ...]:
        """Every worker count that has an estimate, ascending."""
        return tuple(sorted({e.workers for curve in self.curves for e in curve.estimates}))

    @property
    def highest(self) -> float:
        """The highest value that must fit into the figure."""
        values = [1.0]
        for curve in self.curves:
            values += [point.speedup_ratio for point in curve.points]
            values += [e.speedup.high or e.speedup.value for e in curve.estimates]
        return max(values)


@dataclass(frozen=True, kw_only=True)
class WorkerSpan:
    """When one worker had its task, since the start of the timed region."""

    worker: int
    start_ns: float
    end_ns: float


@dataclass(frozen=True, kw_only=True)
class Lane:
    """All workers of one way to run the notebook on one arm."""

    model: str
    title: str
    arm: str
    workers: int
    wall_ns: float | None
    spans: tuple[WorkerSpan, ...]


@dataclass(frozen=True, kw_only=True)
class TimelineFigure:
    """Start and finish of each worker in the notebook replay."""

    name: str
    lanes: tuple[Lane, ...]

    @property
    def end_ns(self) -> float:
        """The end of the time axis."""
        return max((span.end_ns for lane in self.lanes for span in lane.spans), default=0.0)


def _block_points(
    workers: int, values_ns: Mapping[int, float], baseline_ns: Mapping[int, float]
) -> list[BlockPoint]:
    """Speed-up in each block that has both the cell and its baseline."""
    return [
        BlockPoint(
            workers=workers, block=block, speedup_ratio=baseline_ns[block] / values_ns[block]
        )
        for block in sorted(values_ns.keys() & baseline_ns.keys())
    ]


def speedup(workload: Workload, campaign: Campaign, tables: Tables) -> SpeedupFigure:
    """The speed-up figure of a workload: its cells of the scaling experiment.

    Each is compared with serial on the reference arm.
    """
    cells = {cell.id: cell for cell in campaign.cells_of(campaign.experiment(SCALING))}
    estimates: dict[tuple[str, str], list[Estimate]] = {}
    points: dict[tuple[str, str], list[BlockPoint]] = {}
    for row in tables.ratios:
        wanted = row.contrast == "speedup_reference" and row.timing == "warm"
        if not wanted or row.workload != workload.label or row.cell not in cells:
            continue
        if campaign.models[row.model].family is Family.SERIAL:
            continue
        ratio = row.estimate
        if ratio is None:
            continue
        key = (row.model, row.arm)
        estimates.setdefault(key, []).append(
            Estimate(workers=row.workers, worker_kind=cells[row.cell].worker_kind, speedup=ratio)
        )
        points.setdefault(key, []).extend(
            _block_points(
                row.workers,
                tables.block_values(row.cell, row.basis),
                tables.block_values(row.baseline_cell, row.basis),
            )
        )
    baseline = tables.serial(workload.label, campaign.reference_arm)
    order = [(model, arm.name) for model in campaign.models for arm in campaign.arms]
    return SpeedupFigure(
        name=speedup_figure(workload.label),
        workload=workload,
        reference_arm=campaign.reference_arm,
        baseline_ns=baseline.median_ns if baseline else None,
        logical_cpus=campaign.machine.logical_cpus,
        curves=tuple(
            Curve(
                model=model,
                title=campaign.model_title(model),
                arm=arm,
                estimates=tuple(sorted(estimates[model, arm], key=lambda e: e.workers)),
                points=tuple(sorted(points[model, arm], key=lambda p: (p.workers, p.block))),
            )
            for model, arm in order
            if (model, arm) in estimates
        ),
    )


def _lane(row: NotebookRow, campaign: Campaign) -> Lane:
    return Lane(
        model=row.model,
        title=campaign.model_title(row.model),
        arm=row.arm,
        workers=row.workers,
        wall_ns=row.wall_ns,
        spans=tuple(
            WorkerSpan(worker=span["worker"], start_ns=span["start_ns"], end_ns=span["end_ns"])
            for span in row.spans or ()
        ),
    )


def timeline(campaign: Campaign, tables: Tables) -> TimelineFigure:
    """The timeline of the notebook replay, a lane for each row of its table."""
    lanes = tuple(_lane(row, campaign) for row in tables.notebook)
    return TimelineFigure(name=TIMELINE_FIGURE, lanes=lanes)


AnyFigure = SpeedupFigure | TimelineFigure | DotsFigure | LinesFigure
