"""The plan, declared once: everything that a campaign measures on a machine, and in which order.

Its fields are those of plan.json; `common/plan_file.py` writes and reads it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from threads_or_processes.records.paths import path_key
from threads_or_processes.records.topology import Topology, usable_cpus
from threads_or_processes.records.trial import MeasuredCell, TrialSpec
from threads_or_processes.records.vocabulary import (
    PLAN_SCHEMA_VERSION,
    SERIAL,
    Expects,
    Family,
    Lack,
    Measure,
    StartMethod,
    Timing,
    WorkerKind,
)

#: What timed cells share that are compared with one another: workload (with parameters) and timing.
PeersName = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """An interpreter build with its GIL setting; `gil` is whether it runs with its GIL.

    Another `compilation` of it has another link order, and a name of its own.
    """

    name: str
    version: str
    free_threaded: bool
    gil: bool
    compilation: int = 1

    def compiled(self, compilation: int) -> "Arm":
        """The same arm in its first compilation, or in a later one: `3.13t-2`."""
        if compilation == 1:
            return self
        return replace(self, name=f"{self.name}-{compilation}", compilation=compilation)


def earlier_version(arm: Arm, arms: Iterable[Arm]) -> Arm | None:
    """Of `arms`, that of the next lower version of Python, alike in all else; None without one."""

    def number(one: Arm) -> tuple[int, ...]:
        return tuple(map(int, one.version.split(".")))

    lower = (
        one
        for one in arms
        if (one.free_threaded, one.gil) == (arm.free_threaded, arm.gil)
        and number(one) < number(arm)
    )
    return max(lower, key=number, default=None)


def compilation_of(block: int, compilations: int) -> int:
    """The compilation on which all trials of a block run: blocks take turns."""
    return 1 + (block - 1) % compilations


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine: the name of its results' folder, what identifies it, how its CPUs are built.

    `label` is its owner's name for it. `lacks` are what its system does not have. `online_cpus`
    counts its CPUs, whoever may use them. `no_semaphores` is why programs can't make semaphores
    there, which pools need; empty where they can.
    """

    name: str
    fingerprint: Mapping[str, Any]
    label: str | None = None
    topology: Topology = field(default_factory=Topology)
    lacks: tuple[Lack, ...] = ()
    online_cpus: int | None = None
    no_semaphores: str = ""

    @property
    def logical_cpus(self) -> int:
        """CPUs that the campaign may use."""
        return int(self.fingerprint["logical_cpus"])

    @property
    def is_shared(self) -> bool:
        """Whether it has CPUs that the campaign may not use."""
        return self.online_cpus is not None and self.online_cpus > self.logical_cpus

    @property
    def physical_cores(self) -> int:
        """The physical cores; where they are unknown, each logical CPU counts as one."""
        return int(self.fingerprint.get("physical_cores") or self.logical_cpus)

    @property
    def cpu_quota(self) -> float | None:
        """The CPUs' worth of time that control groups allow, if that is less than all CPUs."""
        quota = self.fingerprint.get("cpu_quota")
        return float(quota) if quota is not None and quota < self.logical_cpus else None

    @property
    def usable_cpus(self) -> int:
        """How many CPUs can work at a time."""
        return usable_cpus(self.logical_cpus, self.cpu_quota)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A kind of work, in the words of its author, with the parameters it is measured with.

    `name` is without the parameters that an experiment varies; `function` is its task function.
    `source` is where `expected` was published; `remedy_of` names the work whose trouble this one
    avoids.
    """

    name: str
    function: str
    params: Mapping[str, Any]
    title: str
    kind: str
    unit: str
    why: str
    expected: str
    source: str = ""
    remedy_of: str = ""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A way to execute a batch, through `api`; `unpinned`: the same with workers that are free."""

    title: str
    family: Family
    start_method: StartMethod
    unpinned: str = ""
    api: str = ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One point of the sweep, with the settings its trials run under.

    `workload` names the work with those of its parameters that the experiment varies; `function`
    is its task function. `amounts` are the multiples of the batch that its trials measure, the
    least first: each task is executed so many times. The same cell measured once more has another
    `replicate`. `id` is made from the other fields where it isn't given: the cell's folder, and its
    key in every table.
    """

    workload: str
    function: str
    model: str
    start_method: StartMethod
    workers: int
    worker_kind: WorkerKind
    arm: str
    timing: Timing
    replicate: int
    warmups: int
    repetitions: int
    patience_s: float
    blocks: int
    amounts: tuple[int, ...] = (1,)
    id: str = ""

    def __post_init__(self) -> None:
        again = f"-{self.replicate}" if self.replicate > 1 else ""
        made = f"{self.workload}/{self.model}/{self.workers}/{self.arm}/{self.timing}{again}"
        object.__setattr__(self, "id", self.id or made)

    @property
    def peers(self) -> PeersName:
        """Whom it is compared with."""
        return self.workload, self.timing

    @property
    def is_compared(self) -> bool:
        """Whether it takes part in comparisons: it is timed and no other cell's replicate."""
        return self.timing is not Timing.MEMORY and self.replicate == 1


@dataclass(frozen=True, kw_only=True)
class NotApplicable:
    """A cell of an experiment's grid that can't be run, and why."""

    cell: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One question, the ids of the cells that answer it, and those of its grid that can't."""

    name: str
    question: str
    cells: tuple[str, ...]
    not_applicable: tuple[NotApplicable, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial of a cell; `position` counts from 1 over the whole campaign.

    `record` is its file, below the results; it is made from the others where it isn't given. A
    workload whose name is no plain one has a key there.
    """

    cell: str
    block: int
    position: int
    record: str = ""

    def __post_init__(self) -> None:
        workload, *place = self.cell.rsplit("/", 4)
        made = "/".join(["trials", path_key(workload), *place, f"{self.block:03d}.json"])
        object.__setattr__(self, "record", self.record or made)


@dataclass(frozen=True, kw_only=True)
class Peers:
    """Cells that get more blocks together; `blocks` are the numbers of blocks they are judged at.

    The base blocks come first.
    """

    workload: str
    timing: Timing
    blocks: tuple[int, ...]

    @property
    def name(self) -> PeersName:
        """What they share."""
        return self.workload, self.timing


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How precise ratios shall be, and every trial that may be added for it.

    `target` is how far an interval may reach to either side, as a ratio above 1 (0.03: from
    ratio/1.03 to ratio*1.03). The trials are in order; their positions go on after those of the
    base blocks and leave gaps where peers have enough.
    """

    target: float
    max_blocks: int
    peers: tuple[Peers, ...]
    trials: tuple[Trial, ...]

    @property
    def looks(self) -> dict[PeersName, tuple[int, ...]]:
        """The numbers of blocks at which peers are judged, by their name."""
        return {peers.name: peers.blocks for peers in self.peers}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A cell, or a cell against a baseline, that a claim must hold for.

    `untested` says why it can't be tested; then both may be as they were written.
    """

    cell: str
    baseline: str | None = None
    untested: str | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence stated before the measurement, and its test.

    `expects` is what the sentence says of each of the `cases`; `by` the factor that it must reach;
    `published` the smallest and the largest ratio that was published for it; `at_most` the share of
    updates that may be lost; `not_comparable` why what was published can't be compared with ours.
    """

    id: str
    file: str
    sentence: str
    source: str
    answer: str | None
    expects: Expects
    measure: Measure
    by: float
    cases: tuple[Case, ...]
    published: tuple[float, ...] | None = None
    at_most: float | None = None
    not_comparable: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A campaign's design on one machine, and by which thresholds it is read.

    `quiet_threshold` is how far above its floor a sentinel may read and be quiet (0.12: 12 %);
    `margin` is the equivalence margin as a ratio above 1 (0.05: up to 5 % counts as equal);
    `confidence` the nominal level of every interval. `left_out` says in phrases what the config
    asked for and the plan leaves out to save time; `without_builds` names the experiments of which
    none of the builds is there. Serial on `reference_arm` is what every
    speed-up is measured against. Each interpreter is compiled `compilations` times.
    """

    campaign: str
    machine: Machine
    seed: int
    blocks: int
    margin: float
    quiet_threshold: float
    confidence: float
    reference_arm: str
    config: Mapping[str, Any] = field(hash=False)
    arms: tuple[Arm, ...]
    workloads: Mapping[str, Workload]
    models: Mapping[str, Model]
    experiments: tuple[Experiment, ...]
    cells: tuple[Cell, ...]
    trials: tuple[Trial, ...]
    precision: Precision | None
    claims: tuple[Claim, ...]
    left_out: tuple[str, ...] = ()
    without_builds: tuple[str, ...] = ()
    compilations: int = 1
    schema_version: Literal[1] = PLAN_SCHEMA_VERSION

    @property
    def fingerprint(self) -> Mapping[str, Any]:
        """What identifies the machine."""
        return self.machine.fingerprint

    @property
    def interpreters(self) -> tuple[Arm, ...]:
        """Every arm in each of its compilations."""
        return tuple(
            arm.compiled(compilation)
            for compilation in range(1, self.compilations + 1)
            for arm in self.arms
        )

    def interpreter(self, arm: str, block: int) -> str:
        """The name of the interpreter on which an arm's trials of a block run."""
        return self.arms_by_name[arm].compiled(compilation_of(block, self.compilations)).name

    @cached_property
    def arms_by_name(self) -> Mapping[str, Arm]:
        """Every arm in its first compilation."""
        return {arm.name: arm for arm in self.arms}

    @cached_property
    def cells_by_id(self) -> Mapping[str, Cell]:
        """Every planned cell."""
        return {cell.id: cell for cell in self.cells}

    @property
    def possible_trials(self) -> list[Trial]:
        """All trials of the base blocks, then those that may be added for precision; in order."""
        return [*self.trials, *(self.precision.trials if self.precision else ())]

    @property
    def varied(self) -> frozenset[str]:
        """The workloads some of whose parameters an experiment varies."""
        return frozenset(label for label, one in self.workloads.items() if label != one.name)

    def family(self, cell: Cell) -> Family:
        """The family of a cell's model."""
        return self.models[cell.model].family

    def is_pinned(self, cell: Cell) -> bool:
        """Whether a cell's workers stay on one CPU each: a factor of its own, no way to choose."""
        return bool(self.models[cell.model].unpinned)

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

    def places(self, of: Collection[str]) -> list[str]:
        """Where some cells are: `startup`, or `sleep in scaling` where that has other workloads."""
        told = []
        for experiment in self.experiments:
            cells = [self.cells_by_id[cell] for cell in experiment.cells]
            works = dict.fromkeys(cell.workload for cell in cells if cell.id in of)
            if len(works) == len({cell.workload for cell in cells}):
                told.append(experiment.name)
            elif works:
                told.append(f"{', '.join(works)} in {experiment.name}")
        return told

    def spec(self, trial: Trial) -> TrialSpec:
        """What decides a trial's numbers."""
        cell = self.cells_by_id[trial.cell]
        return TrialSpec(
            cell=MeasuredCell(
                id=cell.id,
                workload=cell.workload,
                function=cell.function,
                params=dict(self.workloads[cell.workload].params),
                model=cell.model,
                start_method=cell.start_method,
                workers=cell.workers,
                arm=cell.arm,
                timing=cell.timing,
                replicate=cell.replicate,
            ),
            block=trial.block,
            seed=self.seed,
            warmups=cell.warmups,
            repetitions=cell.repetitions,
            amounts=list(cell.amounts),
            patience_s=cell.patience_s,
            quiet_threshold=self.quiet_threshold,
            timeout_s=self.config["trial"]["timeout_s"],
        )
