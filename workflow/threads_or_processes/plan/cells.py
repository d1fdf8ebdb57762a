"""Cells: workload (with its parameters) x model x workers x arm, and the experiments they serve."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threads_or_processes.plan.arms import parse_arm
from threads_or_processes.plan.catalogue import Catalogue, WorkloadEntry
from threads_or_processes.plan.own import function_of
from threads_or_processes.plan.workers import kind_of, worker_counts
from threads_or_processes.records.plan import Cell, NotApplicable, Workload
from threads_or_processes.records.vocabulary import Timing


@dataclass(frozen=True, kw_only=True)
class Grid:
    """One experiment spelled out: its works by label, its cells, and those that can't be run."""

    name: str
    question: str
    works: Mapping[str, Workload]
    cells: Sequence[Cell]
    not_applicable: Sequence[NotApplicable]


def grids_of(
    config: Mapping[str, Any], catalogue: Catalogue, machine: Mapping[str, Any]
) -> list[Grid]:
    """Every experiment of the config with its grid spelled out for a machine's fingerprint."""
    return [
        _grid(name, settings, config, catalogue, machine)
        for name, settings in config["experiments"].items()
    ]


def _grid(
    name: str,
    settings: Mapping[str, Any],
    config: Mapping[str, Any],
    catalogue: Catalogue,
    machine: Mapping[str, Any],
) -> Grid:
    works = _works(settings, config, catalogue)
    cells, not_applicable = [], []
    for cell in _cells(works, settings, config, catalogue, machine):
        reason = _why_not(cell, catalogue)
        if reason:
            not_applicable.append(NotApplicable(cell=cell.id, reason=reason))
        else:
            cells.append(cell)
    return Grid(
        name=name,
        question=settings["question"],
        works=works,
        cells=cells,
        not_applicable=not_applicable,
    )


def _works(
    settings: Mapping[str, Any], config: Mapping[str, Any], catalogue: Catalogue
) -> dict[str, Workload]:
    """The works of an experiment by their labels, with every value of what it varies."""
    works = {}
    for name in settings["workloads"]:
        entry = catalogue.workloads[name]
        for varied in _points(entry, settings.get("params", {})):
            works[_label(name, varied)] = Workload(
                name=name,
                function=function_of(config, name),
                params={**entry.parameters, **_set(config, name, entry), **varied},
                title=entry.title,
                kind=entry.kind,
                unit=entry.unit,
                why=entry.why,
                expected=entry.expected,
            )
    return works


def _cells(
    works: Mapping[str, Workload],
    settings: Mapping[str, Any],
    config: Mapping[str, Any],
    catalogue: Catalogue,
    machine: Mapping[str, Any],
) -> Iterator[Cell]:
    counts = worker_counts(settings["workers"], machine)
    arms = settings.get("arms", config["arms"])
    replicates = range(1, settings.get("replicates", 1) + 1)
    for (label, work), model in itertools.product(works.items(), settings["models"]):
        mode = catalogue.models[model]
        for workers in counts if mode.is_parallel else [1]:
            for arm, replicate in itertools.product(arms, replicates):
                yield Cell(
                    workload=label,
                    function=work.function,
                    model=model,
                    start_method=mode.start_method,
                    workers=workers,
                    worker_kind=kind_of(workers, machine),
                    arm=parse_arm(arm).name,
                    timing=Timing(settings["timing"]),
                    replicate=replicate,
                    warmups=settings.get("warmups", config["trial"]["warmups"]),
                    repetitions=settings.get("repetitions", config["trial"]["repetitions"]),
                    patience_s=settings.get("patience_s", config["trial"]["patience_s"]),
                    blocks=settings.get("blocks", config["blocks"]),
                )


def _points(entry: WorkloadEntry, grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values asked for, of those parameters that the workload has."""
    names = sorted(set(grid) & set(entry.parameters))
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(grid[name] for name in names))
    ]


def _label(workload: str, varied: Mapping[str, Any]) -> str:
    return ",".join([workload, *(f"{name}={value}" for name, value in varied.items())])


def _set(config: Mapping[str, Any], name: str, entry: WorkloadEntry) -> dict[str, Any]:
    """The parameters that the config sets for a workload wherever it is used."""
    settings = config["workloads"].get(name, {})
    return {key: value for key, value in settings.items() if key in entry.parameters}


def _why_not(cell: Cell, catalogue: Catalogue) -> str:
    """The reason why a cell can't be run; empty if it can."""
    workload = catalogue.workloads[cell.workload.partition(",")[0]]
    model = catalogue.models[cell.model]
    version = parse_arm(cell.arm).version
    if tuple(map(int, version.split("."))) < model.since:
        return f"Python {version} has no such thing; {'.'.join(map(str, model.since))} is the first"
    unmet = [
        *sorted(workload.requires - model.provides),
        *sorted(model.requires - workload.provides),
    ]
    return catalogue.reasons[unmet[0]] if unmet else ""
