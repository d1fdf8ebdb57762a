"""Cells: workload (with its parameters) x model x workers x arm, and the experiments they serve."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflow.plan.arms import Arm
from workflow.plan.catalogue import Catalogue
from workflow.plan.workers import worker_counts


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One point of the sweep, with the settings its trials run under."""

    workload: str
    params: Mapping[str, Any] = field(hash=False)
    model: str
    start_method: str
    workers: int
    arm: str
    timing: str
    warmups: int
    repetitions: int
    patience_s: float
    blocks: int

    @property
    def id(self) -> str:
        """The cell's one name: its folder, its key in every table."""
        return f"{self.workload}/{self.model}/{self.workers}/{self.arm}/{self.timing}"


@dataclass(frozen=True)
class NotApplicable:
    """A cell of an experiment's grid that can't be run, and why."""

    cell: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One question, the cells that answer it, and those of its grid that can't."""

    name: str
    question: str
    cells: Sequence[Cell]
    not_applicable: Sequence[NotApplicable]


def experiments_of(
    config: Mapping[str, Any], catalogue: Catalogue, logical_cpus: int
) -> list[Experiment]:
    """Every experiment of the config with its grid spelled out."""
    return [
        _experiment(name, settings, config, catalogue, logical_cpus)
        for name, settings in config["experiments"].items()
    ]


def _experiment(
    name: str,
    settings: Mapping[str, Any],
    config: Mapping[str, Any],
    catalogue: Catalogue,
    logical_cpus: int,
) -> Experiment:
    cells, not_applicable = [], []
    for cell in _grid(settings, config, catalogue, logical_cpus):
        reason = _why_not(cell, catalogue)
        if reason:
            not_applicable.append(NotApplicable(cell.id, reason))
        else:
            cells.append(cell)
    return Experiment(
        name=name, question=settings["question"], cells=cells, not_applicable=not_applicable
    )


def _grid(
    settings: Mapping[str, Any], config: Mapping[str, Any], catalogue: Catalogue, logical_cpus: int
) -> Iterator[Cell]:
    counts = worker_counts(settings["workers"], {"logical_cpus": logical_cpus})
    for workload in settings["workloads"]:
        entry = catalogue.workloads[workload]
        for model in settings["models"]:
            for workers in counts if catalogue.models[model].is_parallel else [1]:
                for arm in config["arms"]:
                    yield Cell(
                        workload=workload,
                        params={**entry.params, **config["workloads"].get(workload, {})},
                        model=model,
                        start_method=catalogue.models[model].start_method,
                        workers=workers,
                        arm=Arm.parse(arm).name,
                        timing=settings["timing"],
                        warmups=settings.get("warmups", config["trial"]["warmups"]),
                        repetitions=settings.get("repetitions", config["trial"]["repetitions"]),
                        patience_s=settings.get("patience_s", config["trial"]["patience_s"]),
                        blocks=settings.get("blocks", config["blocks"]),
                    )


def _why_not(cell: Cell, catalogue: Catalogue) -> str:
    """The reason why a cell can't be run; empty if it can."""
    if (
        catalogue.workloads[cell.workload].needs_shared_memory
        and not catalogue.models[cell.model].shares_memory
    ):
        return "its tasks change one object together; each process would change its own copy"
    return ""
