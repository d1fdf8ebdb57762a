"""The part of plan.json that the analysis needs, as frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import read_json
from threads_or_processes.records.vocabulary import PLAN_SCHEMA_VERSION, SERIAL, Family, Timing

#: What timed cells share that are compared with one another: workload (with parameters) and timing.
Peers = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """An interpreter build with its GIL setting."""

    name: str
    version: str
    free_threaded: bool
    gil: bool


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Workload x model x workers x arm, with its timing.

    `workload` names the work with those of its parameters that an experiment varies, `function` is
    its task function; `replicate` is 2 where a cell is measured once more, for the A/A control.
    """

    id: str
    workload: str
    function: str
    model: str
    start_method: str
    workers: int
    worker_kind: str
    arm: str
    timing: str
    replicate: int

    @property
    def is_compared(self) -> bool:
        """Whether it takes part in comparisons: it is timed and no other cell's replicate."""
        return self.timing != Timing.MEMORY and self.replicate == 1


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence stated before the measurement, and the cells that test it.

    `by` is the factor that the claim must reach, `published` the range of ratios published for it;
    `untested` says why there are no such cells.
    """

    id: str
    file: str
    sentence: str
    source: str
    answer: str | None
    expects: str
    measure: str
    by: float
    cell: str
    baseline: str | None
    published: list[float] | None
    untested: str | None


@dataclass(frozen=True, kw_only=True)
class PlannedTrial:
    """One trial that the campaign wants; `record` is its file, relative to the results."""

    cell: str
    block: int
    record: str


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Until when peers get more blocks than the base ones.

    `target` is how far an interval may reach to either side, as a ratio above 1; `looks` are the
    numbers of blocks at which peers are judged, the base blocks first; `trials` are all that may be
    added.
    """

    target: float
    looks: Mapping[Peers, tuple[int, ...]]
    trials: tuple[PlannedTrial, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was planned and by which thresholds it is read.

    `quiet_threshold` is how far above its floor a sentinel may read and be quiet (0.12: 12 %);
    `margin` is the equivalence margin as a ratio above 1 (0.05: up to 5 % counts as equal);
    `confidence` the nominal level of every interval; `families` maps each model to its own;
    `varied` are the workloads some of whose parameters an experiment varies.
    """

    campaign: str
    fingerprint: Mapping[str, Any]
    margin: float
    quiet_threshold: float
    confidence: float
    reference_arm: str
    arms: tuple[Arm, ...]
    families: Mapping[str, Family]
    varied: frozenset[str]
    cells: tuple[Cell, ...]
    trials: tuple[PlannedTrial, ...]
    precision: Precision | None
    claims: tuple[Claim, ...]

    def family(self, cell: Cell) -> Family:
        """The family of a cell's model."""
        return self.families[cell.model]

    def in_order(self) -> list[Cell]:
        """Cells in the order of every table, whatever the order in the plan's file.

        By workload, arm (as the plan lists the arms), timing, model (serial first), workers,
        replicate.
        """
        rank = {arm.name: place for place, arm in enumerate(self.arms)}
        return sorted(
            self.cells,
            key=lambda cell: (
                cell.workload,
                rank[cell.arm],
                cell.timing,
                cell.model != SERIAL,
                cell.model,
                cell.workers,
                cell.replicate,
                cell.id,
            ),
        )


def peers_of(cell: Cell) -> Peers:
    """Whom a cell is compared with."""
    return cell.workload, cell.timing


def read_plan(path: Path) -> Plan:
    """Read plan.json; `UserError` names the file and what it lacks."""
    value = read_json(path)
    try:
        return plan_from(value)
    except (KeyError, TypeError) as error:
        raise UserError(
            f"the plan is not complete ({type(error).__name__}: {error})",
            where=str(path),
            hint="delete the file and run snakemake again; it will be made anew",
        ) from None
    except ValueError as error:
        raise UserError(
            str(error), where=str(path), hint="run snakemake again with this version of the code"
        ) from None


def plan_from(value: Mapping[str, Any]) -> Plan:
    """Take from a plan's JSON what the analysis needs.

    Raises KeyError or TypeError for a plan that lacks a part, ValueError for one that
    contradicts itself or has another schema version.
    """
    if value["schema_version"] != PLAN_SCHEMA_VERSION:
        raise ValueError(
            f"schema_version is {value['schema_version']!r}, this code reads {PLAN_SCHEMA_VERSION}"
        )
    plan = Plan(
        campaign=value["campaign"],
        fingerprint=value["machine"]["fingerprint"],
        margin=value["margin"],
        quiet_threshold=value["quiet_threshold"],
        confidence=value["confidence"],
        reference_arm=value["reference_arm"],
        arms=tuple(Arm(**_only(arm, Arm)) for arm in value["arms"]),
        families={name: Family(model["family"]) for name, model in value["models"].items()},
        varied=frozenset(
            label for label, workload in value["workloads"].items() if label != workload["name"]
        ),
        cells=tuple(Cell(**_only(cell, Cell)) for cell in value["cells"]),
        trials=_planned_trials(value),
        precision=_precision(value["precision"]),
        claims=tuple(Claim(**_only(claim, Claim)) for claim in value["claims"]),
    )
    for kind, named, listed in (
        ("arms", {cell.arm for cell in plan.cells}, {arm.name for arm in plan.arms}),
        ("models", {cell.model for cell in plan.cells}, plan.families.keys()),
    ):
        if unknown := named - listed:
            raise ValueError(f"cells name {kind} that the plan does not list: {sorted(unknown)}")
    return plan


def _planned_trials(value: Mapping[str, Any]) -> tuple[PlannedTrial, ...]:
    return tuple(PlannedTrial(**_only(trial, PlannedTrial)) for trial in value["trials"])


def _precision(value: Mapping[str, Any] | None) -> Precision | None:
    if value is None:
        return None
    return Precision(
        target=value["target"],
        looks={
            (peers["workload"], peers["timing"]): tuple(peers["blocks"]) for peers in value["peers"]
        },
        trials=_planned_trials(value),
    )


def _only(
    value: Mapping[str, Any], kind: type[Arm | Cell | PlannedTrial | Claim]
) -> dict[str, Any]:
    """The entries of a JSON object that a record of `kind` has fields for."""
    return {field.name: value[field.name] for field in fields(kind)}
