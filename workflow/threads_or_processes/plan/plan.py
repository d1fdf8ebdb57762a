"""The plan: everything that will be measured, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.plan.arms import Arm
from threads_or_processes.plan.blocks import Trial, in_order
from threads_or_processes.plan.catalogue import Catalogue
from threads_or_processes.plan.cells import Cell, Experiment, experiments_of
from threads_or_processes.plan.claims import NO_CLAIMS, Claim, ClaimFiles, Ground, planned_claims
from threads_or_processes.plan.config import check_config
from threads_or_processes.plan.precision import Precision, precision_of
from threads_or_processes.records.vocabulary import CONFIDENCE, PLAN_SCHEMA_VERSION


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A campaign's design on one machine."""

    config: Mapping[str, Any]
    machine: Mapping[str, Any]
    catalogue: Catalogue
    arms: Sequence[Arm]
    experiments: Sequence[Experiment]
    cells: Sequence[Cell]
    trials: Sequence[Trial]
    precision: Precision | None
    claims: Sequence[Claim]

    @property
    def reference_arm(self) -> Arm:
        """The arm whose serial time every speed-up is measured against."""
        return self.arms[0]

    @property
    def workloads(self) -> list[str]:
        """The workloads that are measured, by name."""
        return sorted({cell.workload for cell in self.cells})

    @property
    def possible_trials(self) -> list[Trial]:
        """All trials of the base blocks, then those that may be added for precision; in order."""
        return [*self.trials, *(self.precision.trials if self.precision else ())]


def make_plan(
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
    catalogue: Catalogue,
    machine: Mapping[str, Any],
    claims: ClaimFiles = NO_CLAIMS,
) -> Plan:
    """Check a config and its claims, and spell them out for a machine, given by its fingerprint.

    Raises `UserError` for a config that is wrong or that asks for one cell in two ways, and for
    wrong claims.
    """
    check_config(config, schema, catalogue)
    arms = [Arm.parse(name) for name in config["arms"]]
    experiments = experiments_of(config, catalogue, machine)
    cells = _merged(experiments)
    trials = in_order(cells, config["seed"])
    ground = Ground(
        catalogue=catalogue,
        arms=arms,
        experiments=experiments,
        machine=machine,
        margin=config["margin"],
    )
    return Plan(
        config=config,
        machine=machine,
        catalogue=catalogue,
        arms=arms,
        experiments=experiments,
        cells=cells,
        trials=trials,
        precision=precision_of(config, cells, after=len(trials)),
        claims=planned_claims(claims, ground),
    )


def _merged(experiments: Sequence[Experiment]) -> list[Cell]:
    """Each cell once, in as many blocks as any experiment asks for; its trials run in one way."""
    cells: dict[str, Cell] = {}
    for experiment in experiments:
        for cell in experiment.cells:
            known = cells.get(cell.id, cell)
            blocks = max(cell.blocks, known.blocks)
            cells[cell.id] = replace(cell, blocks=blocks)
            if cells[cell.id] != replace(known, blocks=blocks):
                raise UserError(
                    f"two experiments ask for the cell {cell.id} with different settings",
                    where=f"config key experiments.{experiment.name}",
                    hint="give both the same warmups, repetitions and patience_s",
                )
    return list(cells.values())


def as_record(plan: Plan, machine_name: str) -> dict[str, Any]:
    """The plan as it stands in plan.json, for the rooms that come after."""
    config = plan.config
    return {
        "schema_version": PLAN_SCHEMA_VERSION,
        "campaign": config["campaign"],
        "machine": {"name": machine_name, "fingerprint": dict(plan.machine)},
        "seed": config["seed"],
        "blocks": config["blocks"],
        "margin": config["margin"],
        "quiet_threshold": config["trial"]["quiet_threshold"],
        "confidence": CONFIDENCE,
        "reference_arm": plan.reference_arm.name,
        "config": dict(config),
        "arms": [arm.as_record() for arm in plan.arms],
        "workloads": {
            cell.workload: {
                **plan.catalogue.workloads[_name(cell)].about,
                "name": _name(cell),
                "function": cell.function,
                "params": dict(cell.params),
            }
            for cell in sorted(plan.cells, key=lambda cell: cell.workload)
        },
        "models": {
            name: {
                "title": plan.catalogue.models[name].title,
                "family": plan.catalogue.models[name].family,
                "start_method": plan.catalogue.models[name].start_method,
            }
            for name in dict.fromkeys(cell.model for cell in plan.cells)
        },
        "experiments": [
            {
                "name": experiment.name,
                "question": experiment.question,
                "cells": [cell.id for cell in experiment.cells],
                "not_applicable": [
                    {"cell": skipped.cell, "reason": skipped.reason}
                    for skipped in experiment.not_applicable
                ],
            }
            for experiment in plan.experiments
        ],
        "cells": [
            {"id": cell.id, **{k: v for k, v in asdict(cell).items() if k != "params"}}
            for cell in plan.cells
        ],
        "trials": [trial.as_record() for trial in plan.trials],
        "precision": plan.precision and plan.precision.as_record(),
        "claims": [claim.as_record() for claim in plan.claims],
    }


def _name(cell: Cell) -> str:
    """The workload's name without the parameters that an experiment varies."""
    return cell.workload.partition(",")[0]


def order_of(plan: Plan, trial: Trial) -> dict[str, Any]:
    """What decides a trial's numbers; a change of any of it measures the trial anew."""
    cell = trial.cell
    return {
        "cell": {
            "id": cell.id,
            "workload": cell.workload,
            "function": cell.function,
            "params": dict(cell.params),
            "model": cell.model,
            "start_method": cell.start_method,
            "workers": cell.workers,
            "arm": cell.arm,
            "timing": cell.timing,
            "replicate": cell.replicate,
        },
        "block": trial.block,
        "seed": plan.config["seed"],
        "warmups": cell.warmups,
        "repetitions": cell.repetitions,
        "patience_s": cell.patience_s,
        "quiet_threshold": plan.config["trial"]["quiet_threshold"],
        "timeout_s": plan.config["trial"]["timeout_s"],
    }
