"""What was planned, as the report needs it: a typed view of plan.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.errors import UserError
from workflow.files import read_json
from workflow.reporting.formatting import plain

NOTEBOOK = "notebook"
TIMELINE_FIGURE = "notebook-timeline"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """An interpreter build with its GIL setting."""

    name: str
    version: str
    free_threaded: bool
    gil: bool


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A kind of work, in the words of its author."""

    name: str
    title: str
    kind: str
    unit: str
    why: str
    expected: str
    params: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class NotApplicable:
    """A cell that was left out of the plan, and why."""

    cell: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A question of the report with the cells that answer it."""

    name: str
    question: str
    cells: tuple[str, ...]
    not_applicable: tuple[NotApplicable, ...]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine it ran on."""

    name: str
    fingerprint: Mapping[str, Any]

    @property
    def logical_cpus(self) -> int:
        """CPUs the operating system offers."""
        return int(self.fingerprint["logical_cpus"])


@dataclass(frozen=True, kw_only=True)
class PlannedCell:
    """A cell of the plan: workload x model x workers x arm x timing."""

    id: str
    workload: str
    model: str
    workers: int
    arm: str
    timing: str
    warmups: int
    repetitions: int
    blocks: int


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One plan: the machine, the arms, the kinds of work, the questions and the statistics."""

    name: str
    machine: Machine
    seed: int
    blocks: int
    margin: float
    quiet_threshold: float
    confidence: float
    reference_arm: str
    config: Mapping[str, Any]
    arms: tuple[Arm, ...]
    workloads: Mapping[str, Workload]
    experiments: tuple[Experiment, ...]
    cells: tuple[PlannedCell, ...]
    planned_trials: int

    @property
    def has_notebook(self) -> bool:
        """Whether the notebook replay was planned."""
        return any(experiment.name == NOTEBOOK for experiment in self.experiments)

    @property
    def swept(self) -> tuple[Workload, ...]:
        """The workloads of every experiment but the notebook replay, in the plan's order."""
        replayed = {
            cell
            for experiment in self.experiments
            if experiment.name == NOTEBOOK
            for cell in experiment.cells
        }
        asked = {
            cell
            for experiment in self.experiments
            if experiment.name != NOTEBOOK
            for cell in experiment.cells
        }
        names = {c.workload for c in self.cells if c.id in asked or c.id not in replayed}
        return tuple(workload for name, workload in self.workloads.items() if name in names)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model of the plan, in the order in which the plan first names it."""
        return tuple(dict.fromkeys(cell.model for cell in self.cells))

    @property
    def decision_arms(self) -> tuple[Arm, ...]:
        """Arms somebody would choose: the free-threaded build with its lock on is a control."""
        return tuple(arm for arm in self.arms if not (arm.free_threaded and arm.gil))

    def title(self, workload: str) -> str:
        """The title of a workload, or its name when the plan does not describe it."""
        known = self.workloads.get(workload)
        return known.title if known else workload


def speedup_figure(workload: str) -> str:
    """The name of the speed-up figure of a workload."""
    return f"speedup-{workload}"


def figure_names(campaign: Campaign) -> tuple[str, ...]:
    """Every figure a plan leads to, known before anything has run."""
    speedups = tuple(speedup_figure(workload.name) for workload in campaign.swept)
    return ((TIMELINE_FIGURE,) if campaign.has_notebook else ()) + speedups


def _text(record: Mapping[str, Any], key: str) -> str:
    return plain(str(record.get(key) or ""))


def _workload(name: str, record: Mapping[str, Any]) -> Workload:
    return Workload(
        name=name,
        title=_text(record, "title") or plain(name),
        kind=_text(record, "kind"),
        unit=_text(record, "unit"),
        why=_text(record, "why"),
        expected=_text(record, "expected"),
        params=record.get("params") or {},
    )


def _experiment(record: Mapping[str, Any]) -> Experiment:
    return Experiment(
        name=record["name"],
        question=_text(record, "question"),
        cells=tuple(record["cells"]),
        not_applicable=tuple(
            NotApplicable(cell=item["cell"], reason=_text(item, "reason"))
            for item in record.get("not_applicable", ())
        ),
    )


def parse_campaign(plan: Mapping[str, Any]) -> Campaign:
    """A campaign from the content of plan.json; raises `KeyError` for a key that is absent."""
    return Campaign(
        name=plan["campaign"],
        machine=Machine(
            name=plain(plan["machine"]["name"]), fingerprint=plan["machine"]["fingerprint"]
        ),
        seed=plan["seed"],
        blocks=plan["blocks"],
        margin=plan["margin"],
        quiet_threshold=plan["quiet_threshold"],
        confidence=plan["confidence"],
        reference_arm=plan["reference_arm"],
        config=plan["config"],
        arms=tuple(
            Arm(
                name=arm["name"],
                version=arm["version"],
                free_threaded=arm["free_threaded"],
                gil=arm["gil"],
            )
            for arm in plan["arms"]
        ),
        workloads={name: _workload(name, record) for name, record in plan["workloads"].items()},
        experiments=tuple(_experiment(record) for record in plan["experiments"]),
        cells=tuple(
            PlannedCell(
                id=cell["id"],
                workload=cell["workload"],
                model=cell["model"],
                workers=cell["workers"],
                arm=cell["arm"],
                timing=cell["timing"],
                warmups=cell["warmups"],
                repetitions=cell["repetitions"],
                blocks=cell["blocks"],
            )
            for cell in plan["cells"]
        ),
        planned_trials=len(plan["trials"]),
    )


def read_campaign(path: Path) -> Campaign:
    """Read plan.json; `UserError` names the key that is absent."""
    plan = read_json(path)
    try:
        return parse_campaign(plan)
    except (KeyError, TypeError) as error:
        raise UserError(
            f"the plan lacks what the report needs ({error})",
            where=str(path),
            mend="delete the file and run snakemake again; it will be made anew",
        ) from None
