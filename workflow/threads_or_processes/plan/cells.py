"""Cells: workload (with its parameters) x model x workers x arm, and the experiments they serve."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threads_or_processes.plan.catalogue import Catalogue, WorkloadEntry
from threads_or_processes.plan.config import params_of
from threads_or_processes.plan.spelling import kind_of, parse_arm, worker_counts
from threads_or_processes.records.plan import Cell, Machine, NotApplicable, Workload
from threads_or_processes.records.vocabulary import Lack, Timing


@dataclass(frozen=True, kw_only=True)
class Grid:
    """One experiment spelled out: its works by label, its cells, and those that can't be run."""

    name: str
    question: str
    works: Mapping[str, Workload]
    cells: Sequence[Cell]
    not_applicable: Sequence[NotApplicable]


def grids_of(config: Mapping[str, Any], catalogue: Catalogue, machine: Machine) -> list[Grid]:
    """Every experiment of the config with its grid spelled out for a machine."""
    return [
        _grid(name, settings, config, catalogue, machine)
        for name, settings in config["experiments"].items()
    ]


def _grid(
    name: str,
    settings: Mapping[str, Any],
    config: Mapping[str, Any],
    catalogue: Catalogue,
    machine: Machine,
) -> Grid:
    works = _works(settings, config, catalogue)
    reasons = {
        cell: _why_not(cell, catalogue, machine)
        for cell in _cells(works, settings, config, catalogue, machine)
    }
    return Grid(
        name=name,
        question=settings["question"],
        works=works,
        cells=[cell for cell, reason in reasons.items() if not reason],
        not_applicable=[
            NotApplicable(cell=cell.id, reason=reason) for cell, reason in reasons.items() if reason
        ],
    )


def _works(
    settings: Mapping[str, Any], config: Mapping[str, Any], catalogue: Catalogue
) -> dict[str, Workload]:
    """The works of an experiment by their labels, with every value of what it varies."""
    works = {}
    for name in settings["workloads"]:
        entry, chosen = catalogue.workloads[name], config["workloads"].get(name, {})
        params = {**entry.parameters, **params_of(chosen)}
        for varied in _points(entry, settings.get("params", {})):
            label = ",".join([name, *(f"{key}={_shown(value)}" for key, value in varied.items())])
            works[label] = Workload(
                name=name,
                function=chosen.get("function", name),
                params=params | varied,
                title=entry.title,
                kind=entry.kind,
                unit=entry.unit,
                why=entry.why,
                expected=entry.expected,
                source=entry.source,
                remedy_of=entry.remedy_of,
            )
    return works


def _shown(value: Any) -> str:
    """A parameter's value in a label, on one line."""
    text = str(value)
    return text if text.isprintable() else json.dumps(text)


def _cells(
    works: Mapping[str, Workload],
    settings: Mapping[str, Any],
    config: Mapping[str, Any],
    catalogue: Catalogue,
    machine: Machine,
) -> Iterator[Cell]:
    common = {"builds": config["builds"], "blocks": config["blocks"], "replicates": 1}
    asked = {**config["trial"], **common, **settings}
    counts = worker_counts(asked["workers"], machine)
    replicates = range(1, asked["replicates"] + 1)
    for (label, work), model in itertools.product(works.items(), asked["models"]):
        entry = catalogue.models[model]
        contended = catalogue.workloads[work.name].contended
        for workers in counts if entry.is_parallel else [1]:
            for arm, replicate in itertools.product(asked["builds"], replicates):
                yield Cell(
                    workload=label,
                    function=work.function,
                    model=model,
                    start_method=entry.start_method,
                    workers=workers,
                    worker_kind=kind_of(workers, machine),
                    arm=arm,
                    timing=Timing(asked["timing"]),
                    replicate=replicate,
                    warmups=asked["warmups"],
                    repetitions=asked["repetitions"],
                    patience_s=asked["wait_s"],
                    # Only warm workers do the same work again and again.
                    amounts=tuple(asked["amounts"])
                    if asked["timing"] == Timing.WARM and not contended
                    else (1,),
                    blocks=asked["blocks"],
                )


def _points(entry: WorkloadEntry, grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values asked for, of those parameters that the workload has."""
    names = sorted(set(grid) & set(entry.parameters))
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(grid[name] for name in names))
    ]


def _why_not(cell: Cell, catalogue: Catalogue, machine: Machine) -> str:
    """The reason why a cell can't be run; empty if it can."""
    workload = catalogue.workloads[cell.workload.partition(",")[0]]
    model = catalogue.models[cell.model]
    version = parse_arm(cell.arm).version
    if tuple(map(int, version.split("."))) < model.since:
        return f"Python {version} has no such thing; {'.'.join(map(str, model.since))} is the first"
    needed = {Lack.PINNING: model.unpinned, Lack.MEMORY: cell.timing is Timing.MEMORY}
    for lack in machine.lacks:
        if needed.get(lack):
            return f"the system {lack.meaning}"
    if model.needs_semaphores and machine.no_semaphores:
        return machine.no_semaphores
    unmet = [
        *sorted(workload.requires - model.provides),
        *sorted(model.requires - workload.provides),
    ]
    return catalogue.reasons[unmet[0]] if unmet else ""
