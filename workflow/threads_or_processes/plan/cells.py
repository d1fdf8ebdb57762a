"""Cells: workload (with its parameters) x model x workers x arm, and the experiments they serve."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from threads_or_processes.plan.arms import Arm
from threads_or_processes.plan.catalogue import Catalogue, WorkloadEntry
from threads_or_processes.plan.workers import kind_of, worker_counts


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One point of the sweep, with the settings its trials run under.

    `workload` names the work with those of its parameters that the experiment varies; `function`
    is its task function. The same cell measured once more has another `replicate`.
    """

    workload: str
    function: str
    params: Mapping[str, Any] = field(hash=False)
    model: str
    start_method: str
    workers: int
    worker_kind: str
    arm: str
    timing: str
    replicate: int
    warmups: int
    repetitions: int
    patience_s: float
    blocks: int

    @property
    def id(self) -> str:
        """The cell's one name: its folder, its key in every table."""
        again = f"-{self.replicate}" if self.replicate > 1 else ""
        return f"{self.workload}/{self.model}/{self.workers}/{self.arm}/{self.timing}{again}"


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
    config: Mapping[str, Any], catalogue: Catalogue, machine: Mapping[str, Any]
) -> list[Experiment]:
    """Every experiment of the config with its grid spelled out for a machine's fingerprint."""
    return [
        _experiment(name, settings, config, catalogue, machine)
        for name, settings in config["experiments"].items()
    ]


def _experiment(
    name: str,
    settings: Mapping[str, Any],
    config: Mapping[str, Any],
    catalogue: Catalogue,
    machine: Mapping[str, Any],
) -> Experiment:
    cells, not_applicable = [], []
    for cell in _grid(settings, config, catalogue, machine):
        reason = _why_not(cell, catalogue)
        if reason:
            not_applicable.append(NotApplicable(cell.id, reason))
        else:
            cells.append(cell)
    return Experiment(
        name=name, question=settings["question"], cells=cells, not_applicable=not_applicable
    )


def _grid(
    settings: Mapping[str, Any],
    config: Mapping[str, Any],
    catalogue: Catalogue,
    machine: Mapping[str, Any],
) -> Iterator[Cell]:
    counts = worker_counts(settings["workers"], machine)
    arms = settings.get("arms", config["arms"])
    replicates = range(1, settings.get("replicates", 1) + 1)
    for name in settings["workloads"]:
        entry = catalogue.workloads[name]
        for varied in _points(entry, settings.get("params", {})):
            for model in settings["models"]:
                mode = catalogue.models[model]
                for workers in counts if mode.is_parallel else [1]:
                    for arm, replicate in itertools.product(arms, replicates):
                        yield Cell(
                            workload=_label(name, varied),
                            function=entry.function,
                            params={**entry.params, **_set(config, name, entry), **varied},
                            model=model,
                            start_method=mode.start_method,
                            workers=workers,
                            worker_kind=kind_of(workers, machine).value,
                            arm=Arm.parse(arm).name,
                            timing=settings["timing"],
                            replicate=replicate,
                            warmups=settings.get("warmups", config["trial"]["warmups"]),
                            repetitions=settings.get("repetitions", config["trial"]["repetitions"]),
                            patience_s=settings.get("patience_s", config["trial"]["patience_s"]),
                            blocks=settings.get("blocks", config["blocks"]),
                        )


def _points(entry: WorkloadEntry, grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values asked for, of those parameters that the workload has."""
    names = sorted(set(grid) & set(entry.params))
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(grid[name] for name in names))
    ]


def _label(workload: str, varied: Mapping[str, Any]) -> str:
    return ",".join([workload, *(f"{name}={value}" for name, value in varied.items())])


def _set(config: Mapping[str, Any], name: str, entry: WorkloadEntry) -> dict[str, Any]:
    """The parameters that the config sets for a workload wherever it is used."""
    settings = config["workloads"].get(name, {})
    return {key: value for key, value in settings.items() if key in entry.params}


def _why_not(cell: Cell, catalogue: Catalogue) -> str:
    """The reason why a cell can't be run; empty if it can."""
    workload = catalogue.workloads[cell.workload.partition(",")[0]]
    model = catalogue.models[cell.model]
    version = Arm.parse(cell.arm).version
    if tuple(map(int, version.split("."))) < model.since:
        return f"Python {version} has no such thing; {'.'.join(map(str, model.since))} is the first"
    unmet = [*sorted(workload.wants - model.meets), *sorted(model.asks - workload.has)]
    return catalogue.reasons[unmet[0]] if unmet else ""
