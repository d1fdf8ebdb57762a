"""The plan: everything that will be measured, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.plan_checks import contradictions
from threads_or_processes.plan.blocks import in_order, precision_of
from threads_or_processes.plan.catalogue import Catalogue
from threads_or_processes.plan.cells import Grid, grids_of
from threads_or_processes.plan.claims import ClaimContext, planned_claims
from threads_or_processes.plan.config import completed
from threads_or_processes.plan.spelling import parse_arm
from threads_or_processes.records.plan import (
    Cell,
    Experiment,
    Machine,
    Model,
    PeersName,
    Plan,
    Workload,
)
from threads_or_processes.records.vocabulary import CONFIDENCE


def make_plan(
    config: Mapping[str, Any],
    catalogue: Catalogue,
    machine: Machine,
    claims: Mapping[str, Any] = MappingProxyType({}),
    *,
    left_out: Sequence[str] = (),
    without_builds: Sequence[str] = (),
) -> Plan:
    """Spell out a config that is `checked`, and the contents of its files of claims, for a machine.

    `left_out` says what thinning made of the config; `without_builds` are experiments that need
    builds which the config has not.

    Raises `UserError` for a config that is wrong or that asks for one cell in two ways, and for
    wrong claims.
    """
    config = completed(config, catalogue)
    arms = tuple(parse_arm(name) for name in config["builds"])
    grids = grids_of(config, catalogue, machine)
    cells = _merged(grids)
    trials = tuple(in_order(cells, config["seed"]))
    works = _works(grids)
    models = {cell.model: catalogue.models[cell.model] for cell in cells}
    context = ClaimContext(
        catalogue=catalogue,
        arms=arms,
        grids=grids,
        machine=machine,
        margin=config["margin"],
    )
    plan = Plan(
        campaign=config["campaign"],
        machine=machine,
        seed=config["seed"],
        blocks=config["blocks"],
        margin=config["margin"],
        quiet_threshold=config["trial"]["undisturbed_threshold"],
        confidence=CONFIDENCE,
        reference_arm=arms[0].name,
        config=config,
        arms=arms,
        workloads={label: works[label] for label in sorted({cell.workload for cell in cells})},
        models={
            name: Model(
                title=model.title,
                family=model.family,
                start_method=model.start_method,
                unpinned=model.unpinned,
                api=model.api,
            )
            for name, model in models.items()
        },
        experiments=tuple(
            Experiment(
                name=grid.name,
                question=grid.question,
                cells=tuple(cell.id for cell in grid.cells),
                not_applicable=tuple(grid.not_applicable),
            )
            for grid in grids
        ),
        cells=tuple(cells),
        trials=trials,
        precision=precision_of(config, cells, after=len(trials)),
        claims=tuple(planned_claims(claims, context)),
        left_out=tuple(left_out),
        without_builds=tuple(without_builds),
        compilations=config["interpreters"].get("compilations", 1),
    )
    for problem in contradictions(plan):  # what no reader of the plan would take
        raise UserError(problem, where="the config", hint="change what it says of this")
    return plan


def _works(grids: Sequence[Grid]) -> dict[str, Workload]:
    """Every work by its label."""
    works: dict[str, Workload] = {}
    for grid in grids:
        for label, work in grid.works.items():
            if works.setdefault(label, work) != work:
                raise UserError(
                    f"two workloads have the name {label!r}",
                    where=f"config key experiments.{grid.name}.params",
                    hint="write the values of parameters without commas and equals signs",
                )
    return works


def _merged(grids: Sequence[Grid]) -> list[Cell]:
    """Each cell once, in as many blocks as any experiment asks for; its trials run in one way.

    Cells that are compared with one another measure the same amounts: all that any of them asks
    for.
    """
    amounts: dict[PeersName, set[int]] = {}
    for grid in grids:
        for cell in grid.cells:
            amounts.setdefault(cell.peers, set()).update(cell.amounts)
    cells: dict[str, Cell] = {}
    for grid in grids:
        for asked in grid.cells:
            cell = replace(asked, amounts=tuple(sorted(amounts[asked.peers])))
            known = cells.get(cell.id, cell)
            blocks = max(cell.blocks, known.blocks)
            cells[cell.id] = replace(cell, blocks=blocks)
            if cells[cell.id] != replace(known, blocks=blocks):
                raise UserError(
                    f"two experiments plan {cell.id} with different settings",
                    where=f"config key experiments.{grid.name}",
                    hint="give both the same warmups, repetitions and wait_s",
                )
    return list(cells.values())
