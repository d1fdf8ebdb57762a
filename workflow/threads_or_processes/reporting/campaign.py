"""What was planned, as the report needs it: a typed view of plan.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import read_json
from threads_or_processes.records.vocabulary import NOTEBOOK, SCALING, Family
from threads_or_processes.reporting.formatting import SPACE, plain

TIMELINE_FIGURE = "notebook-timeline"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A way to execute a batch; `start_method` is `none` where it starts no processes."""

    name: str
    title: str
    family: Family
    start_method: str

    @property
    def leads_family(self) -> bool:
        """Whether it is the family's own (the pool, of any start method), not another interface."""
        return self.name.partition("-")[0] == self.family


@dataclass(frozen=True, kw_only=True)
class Arm:
    """An interpreter build with its GIL setting."""

    name: str
    version: str
    free_threaded: bool
    gil: bool


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A kind of work, in the words of its author; a `label` for each set of varied parameters.

    `name` is the label without them, `plain_title` the title.
    """

    label: str
    name: str
    plain_title: str
    title: str
    kind: str
    unit: str
    why: str
    expected: str
    params: Mapping[str, Any]

    @property
    def varied(self) -> Mapping[str, Any]:
        """Those parameters that an experiment varies, in the order of the label."""
        names = (part.partition("=")[0] for part in self.label.split(",")[1:])
        return {name: self.params[name] for name in names if name in self.params}


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
    function: str
    model: str
    workers: int
    worker_kind: str
    arm: str
    timing: str
    replicate: int
    warmups: int
    repetitions: int
    blocks: int


@dataclass(frozen=True, kw_only=True)
class Precision:
    """More blocks were added until intervals reached at most `target` to either side (a ratio)."""

    target: float
    max_blocks: int


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
    models: Mapping[str, Model]
    experiments: tuple[Experiment, ...]
    cells: tuple[PlannedCell, ...]
    precision: Precision | None

    def experiment(self, name: str) -> Experiment | None:
        """An experiment by name, if it was planned."""
        return next((e for e in self.experiments if e.name == name), None)

    @cached_property
    def cells_by_id(self) -> Mapping[str, PlannedCell]:
        """Every planned cell."""
        return {cell.id: cell for cell in self.cells}

    @cached_property
    def cells_by_place(self) -> Mapping[tuple[object, ...], PlannedCell]:
        """Every planned cell by workload, model, workers, arm, timing and replicate."""
        return {
            (c.workload, c.model, c.workers, c.arm, c.timing, c.replicate): c for c in self.cells
        }

    def cells_of(self, experiment: Experiment | None) -> tuple[PlannedCell, ...]:
        """The cells of an experiment in its order; none of one that was not planned."""
        return tuple(self.cells_by_id[cell] for cell in experiment.cells) if experiment else ()

    @property
    def scaled(self) -> tuple[Workload, ...]:
        """The workloads of the scaling experiment, each of which has a figure."""
        cells = self.cells_of(self.experiment(SCALING))
        return tuple(self.workloads[label] for label in dict.fromkeys(c.workload for c in cells))

    @property
    def drawn_models(self) -> tuple[Model, ...]:
        """The models that figures show."""
        drawn = (
            *self.cells_of(self.experiment(SCALING)),
            *self.cells_of(self.experiment(NOTEBOOK)),
        )
        return tuple(self.models[name] for name in dict.fromkeys(cell.model for cell in drawn))

    @property
    def decision_arms(self) -> tuple[Arm, ...]:
        """Arms somebody would choose: the free-threaded build with its lock on is a control."""
        return tuple(arm for arm in self.arms if not (arm.free_threaded and arm.gil))

    def title(self, workload: str) -> str:
        """The title of a workload by its label."""
        return self.workloads[workload].title

    def model_title(self, model: str) -> str:
        """A model as a reader calls it."""
        return self.models[model].title


def speedup_figure(workload: str) -> str:
    """The name of the speed-up figure of a workload."""
    return f"speedup-{workload}"


def _text(record: Mapping[str, Any], key: str) -> str:
    return plain(str(record.get(key) or ""))


def _workload(label: str, record: Mapping[str, Any]) -> Workload:
    title = _text(record, "title") or plain(record["name"])
    varied = label.partition(",")[2].replace("=", SPACE + "=" + SPACE).replace(",", ", ")
    return Workload(
        label=label,
        name=record["name"],
        plain_title=title,
        title=f"{title} ({plain(varied)})" if varied else title,
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


def _precision(record: Mapping[str, Any] | None) -> Precision | None:
    if record is None:
        return None
    return Precision(target=record["target"], max_blocks=record["max_blocks"])


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
        workloads={label: _workload(label, record) for label, record in plan["workloads"].items()},
        models={
            name: Model(
                name=name,
                title=_text(record, "title") or plain(name),
                family=Family(record["family"]),
                start_method=record["start_method"],
            )
            for name, record in plan["models"].items()
        },
        experiments=tuple(_experiment(record) for record in plan["experiments"]),
        cells=tuple(
            PlannedCell(
                id=cell["id"],
                workload=cell["workload"],
                function=cell["function"],
                model=cell["model"],
                workers=cell["workers"],
                worker_kind=cell["worker_kind"],
                arm=cell["arm"],
                timing=cell["timing"],
                replicate=cell["replicate"],
                warmups=cell["warmups"],
                repetitions=cell["repetitions"],
                blocks=cell["blocks"],
            )
            for cell in plan["cells"]
        ),
        precision=_precision(plan["precision"]),
    )


def read_campaign(path: Path) -> Campaign:
    """Read plan.json; `UserError` names the key that is absent."""
    plan = read_json(path)
    try:
        return parse_campaign(plan)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"the plan lacks what the report needs ({error})",
            where=str(path),
            hint="delete the file and run snakemake again; it will be made anew",
        ) from None
