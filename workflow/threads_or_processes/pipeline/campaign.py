"""A campaign: one config on one machine, as the rules see it.

The only place that knows both `plan` and `trial`; the rules ask it and add nothing.
"""

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from threads_or_processes.common.decoding import read_as
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import (
    digest,
    read_json,
    sha256_file,
    write_json,
    write_text,
)
from threads_or_processes.common.phrases import format_duration
from threads_or_processes.common.plan_file import plan_json
from threads_or_processes.common.signing import read_identity
from threads_or_processes.interpreters.cache import default_cache
from threads_or_processes.interpreters.lacking import lacking
from threads_or_processes.interpreters.program import program_sha256
from threads_or_processes.interpreters.request import fingerprints, request_from
from threads_or_processes.pipeline.baseline import FOLDER, Baseline
from threads_or_processes.pipeline.results import Results
from threads_or_processes.plan.catalogue import Catalogue
from threads_or_processes.plan.claims import claim_file, files_behind, read_claim_files
from threads_or_processes.plan.config import (
    ABOUT_KEYS,
    checked,
    completed,
    former_keys,
    own_works,
    requirements_of,
)
from threads_or_processes.plan.expected import (
    FREE_THREADED,
    Expected,
    announcement,
    contention,
    expected,
)
from threads_or_processes.plan.plan import make_plan
from threads_or_processes.plan.thinning import fitting, left_out, limit_s, thinned
from threads_or_processes.records.interpreter import BuildKind, InterpreterRequest, ProviderName
from threads_or_processes.records.paths import path_key
from threads_or_processes.records.plan import (
    Arm,
    Cell,
    Machine,
    Plan,
    Trial,
    compilation_of,
)
from threads_or_processes.records.vocabulary import Family
from threads_or_processes.trial.machine import (
    allowed_cpus,
    fingerprint,
    lacks,
    name_of,
    no_semaphores,
    online_cpus,
)
from threads_or_processes.trial.models import MODELS
from threads_or_processes.trial.needs import REASONS, Need
from threads_or_processes.trial.supervisor.instrument import (
    function_sha256,
    instrument_sha256,
    model_sha256,
)
from threads_or_processes.trial.topology import topology
from threads_or_processes.trial.user_workloads import UserFunction, read_user_function, workload_of
from threads_or_processes.trial.workloads import all_workloads
from threads_or_processes.trial.workloads.registry import Batch, Workload, batch_for

DEFAULT_CAMPAIGN = "report"
#: What sending an empty task or a small payload costs, about.
EMPTY_TASK_S = 0.00002


class TrialWildcards(Protocol):
    """The wildcards of a trial's record."""

    workload: str
    model: str
    workers: str
    arm: str
    timing: str
    block: str


#: To compile one of two builds, side by side on two CPUs (README.md).
COMPILE_S = {
    BuildKind.OPTIMISED: 210.0,
    BuildKind.PLAIN: 120.0,
    BuildKind.OPTIMISED_IF_CACHED: 120.0,
}


@dataclass(frozen=True, kw_only=True)
class Campaign(Results):
    """The plan of a config on this machine; `notes` are what its author should know."""

    notes: Sequence[str] = ()
    doing = "measuring this campaign"

    @classmethod
    def of(cls, config: Mapping[str, Any], root: Path = Path()) -> "Campaign":
        """Check `config` and plan it for this machine; `UserError` for what is wrong in it."""
        notes = former_keys(config)
        asked = checked(config)  # before the files are read that it names
        # What it is compared with changes no measurement.
        config = {key: value for key, value in asked.items() if key != "baseline"}
        claims = read_claim_files(config["claims"])
        works = catalogue(own_works(config))
        here = fingerprint()
        name = name_of(here, label := config.get("machine"))
        if config["campaign"] != DEFAULT_CAMPAIGN:  # a folder of its own, beside the default one's
            name += f"-{config['campaign']}"
        machine = Machine(
            name=name,
            fingerprint={**here},
            label=label,
            topology=topology(allowed_cpus()),
            lacks=lacks(),
            no_semaphores=(no_pools := no_semaphores()),
            online_cpus=online_cpus(),
        )
        notes = [*notes, *(f"This system {lack.meaning}." for lack in machine.lacks)]
        if no_pools:
            notes = [*notes, f"warning: {no_pools}; their configurations are left out"]
        plan = planned(config, works, machine, claims)
        baseline = Baseline.of(asked, plan, root)
        return cls(plan=plan, root=root, notes=notes, baseline=baseline)

    @property
    def claim_files(self) -> list[str]:
        """The files of claims that the config names."""
        return [str(claim_file(name)) for name in self.plan.config["claims"]]

    @property
    def named_files(self) -> list[str]:
        """All files that the config names: claims, functions, interpreters."""
        functions = [works["function"] for works in own_works(self.plan.config).values()]
        interpreters = self.interpreter_request
        return [
            *(str(file) for name in self.plan.config["claims"] for file in files_behind(name)),
            *(function.rpartition(":")[0] for function in functions),
            *interpreters.paths.values(),
            *([interpreters.tarball] if interpreters.tarball else []),
        ]

    @cached_property
    def plan_sha256(self) -> str:
        """Digest of the plan as it is written."""
        return digest(plan_json(self.plan))

    @property
    def has_its_plan(self) -> bool:
        """Whether the plan that was written last is this one."""
        file = self.results / "plan.json"
        return file.exists() and digest(read_json(file)) == self.plan_sha256

    def write_plan(self, path: Path, *, log: Path) -> None:
        """Write the plan for the packages that come after."""
        write_json(path, plan_json(self.plan))
        write_text(log, f"{len(self.plan.trials)} trials planned\n")

    @property
    def records(self) -> list[str]:
        """The record of every trial of the base blocks."""
        return [self.record(trial) for trial in self.plan.trials]

    def record(self, trial: Trial) -> str:
        """A trial's record."""
        return str(self.results / trial.record)

    @property
    def behind_dataset(self) -> list[str]:
        """What the data set is made from, without added blocks."""
        return [*super().behind_dataset, *self.records, str(self.results / "second-look.json")]

    @cached_property
    def interpreter_request(self) -> InterpreterRequest:
        """What is asked of `threads_or_processes.interpreters`."""
        settings = {**self.plan.config["interpreters"]}
        settings.pop("compilations", None)  # the plan has made arms of it
        return InterpreterRequest(
            arms=self.plan.interpreters,
            **settings,
            requirements=tuple(requirements_of(self.plan.config)),
        )

    @cached_property
    def given_executables(self) -> dict[str, str]:
        """SHA-256 of each file the config names, so that a changed one is noticed.

        Raises `UserError` for one that can't be read.
        """
        request = self.interpreter_request
        paths = {f"interpreters.paths.{build}": path for build, path in request.paths.items()}
        tarball = {"interpreters.tarball": request.tarball} if request.tarball else {}
        return fingerprints(paths, program_sha256) | fingerprints(tarball)

    @cached_property
    def interpreter_keys(self) -> dict[str, str]:
        """Digest of all that decides an interpreter, by its name; others play no part."""
        return {arm.name: self._interpreter_key(arm) for arm in self.plan.interpreters}

    def _interpreter_key(self, arm: Arm) -> str:
        asked = asdict(replace(self.interpreter_request, arms=(arm,)))
        if arm.compilation == 1:  # then it is as if there were no other
            del asked["arms"][0]["compilation"]
        return digest({**asked, "given": self.given_executables})

    def trial_identity(self, wildcards: TrialWildcards, unchanged: Callable[[str], str]) -> str:
        """The identity file that a trial needs, marked as `identity` does.

        With another number of compilations a block may run on another one, as old as that may be.
        """
        block, now = int(wildcards.block), self.plan.compilations
        if compilation_of(block, now) != compilation_of(block, self._compilations_before):
            return self.identity_file(self.interpreter(wildcards))
        return self.identity(self.interpreter(wildcards), unchanged)

    @cached_property
    def _compilations_before(self) -> int:
        """In how many compilations the interpreters were provided when they last were."""
        number = 1
        while any(arm.compiled(number + 1).name in self._made_for for arm in self.plan.arms):
            number += 1
        return number

    def identity(self, interpreter: str, unchanged: Callable[[str], str]) -> str:
        """An identity file, marked as `unchanged` if it was made for what is asked for now.

        Else what depends on it is made again with it. Were it always marked, Snakemake would look
        at the changed trials only in its next run.
        """
        file = self.identity_file(interpreter)
        is_current = self._made_for.get(interpreter) == self.interpreter_keys[interpreter]
        return unchanged(file) if is_current else file

    def interpreter(self, wildcards: TrialWildcards) -> str:
        """The name of the interpreter that a trial runs on."""
        return self.plan.interpreter(wildcards.arm, int(wildcards.block))

    def check_interpreters(self) -> None:
        """`UserError` for interpreters and requirements that can't be asked for.

        And for a file of the config's, or an identity made for it, that is broken.
        """
        request_from(self.interpreter_request)
        for file in map(Path, self.identities):
            if file.exists():
                read_identity(file)

    @property
    def calibrations(self) -> list[Path]:
        """The calibration of every workload."""
        return [self.calibration(key) for key in self._labels]

    def calibration(self, workload: str) -> Path:
        """A workload's calibration, by the workload's key."""
        return self.results / "calibration" / f"{workload}.json"

    @cached_property
    def _labels(self) -> dict[str, str]:
        """The label of each workload by its key in paths and wildcards."""
        return {path_key(label): label for label in self.plan.workloads}

    def calibration_request(self, workload: str) -> dict[str, Any]:
        """What decides how much work the batch of a workload, by its key, holds."""
        label = self._labels[workload]
        work = self.plan.workloads[label]
        workers = {}
        if workload_of(work.function).batch is Batch.ONE_A_WORKER:
            workers["workers"] = max(c.workers for c in self.plan.cells if c.workload == label)
        return {
            "function": work.function,
            "params": dict(work.params),
            "batch_ms": self._batch_ms,
            "instrument": self._instrument_sha256(work.function, "serial"),
            **workers,
        }

    @property
    def _batch_ms(self) -> float:
        """How long a batch takes serially on the reference arm: a chunk for each CPU.

        So a worker has a whole chunk to do when all CPUs work. More workers than CPUs share these,
        and their smaller chunks take as long.
        """
        chunk_ms: float = self.plan.config["trial"]["chunk_ms"]
        return chunk_ms * self.plan.machine.usable_cpus

    def announcement(self, ahead: Collection[TrialWildcards], more: Collection[Trial] = ()) -> str:
        """How much is planned and how long it will take.

        `ahead` are trials still to be measured, `more` those that may be added for precision.
        """
        to_measure = [self.trial(wildcards) for wildcards in ahead]
        planned, now = {trial.record for trial in self.plan.trials}, {t.record for t in to_measure}
        ahead_in_words = announcement(
            cells=len(self.plan.cells),
            planned=len(planned | now),
            ahead=[self.expected_of(trial) for trial in to_measure],
            more=[self.expected_of(trial) for trial in more],
            retry_pass_s=self.plan.config["trial"]["retry_pass_s"],
            left_out=self.plan.left_out,
            without_builds=self.plan.without_builds,
            limit_s=limit_s(self.plan.config),
            later=sum(not (self.results / record).exists() for record in planned - now),
        )
        words = [*self.notes, *self._about_interpreters, ahead_in_words, *self.about_baseline]
        return "\n".join(words)

    @property
    def _about_interpreters(self) -> list[str]:
        """What is downloaded or compiled before the first trial; the times leave it out."""
        request = request_from(self.interpreter_request)
        if all(Path(file).exists() for file in self.identities):
            return []
        if not (builds := lacking(request, default_cache())):
            return []
        names = ", ".join(build.name for build in builds)
        time = f"{format_duration(COMPILE_S[request.build_kind] * len(builds))} on two CPUs"
        if math.isfinite(limit_s(self.plan.config)):
            time += ", which the budget includes"
        if request.provider == ProviderName.SOURCE or request.is_compiled:
            return [f"Interpreters to compile first: {names} ({time})"]
        lack = f"Interpreters that are not in the cache yet: {names}"
        return [f"{lack}. They are downloaded, or compiled in {time}"]

    def spec(self, wildcards: TrialWildcards) -> str:
        """The trial as JSON for the trial's command."""
        return json.dumps(self.plan.spec(self.trial(wildcards)))

    def rerun_when_changed(self, wildcards: TrialWildcards) -> str:
        """What re-runs a trial when it changes, besides its spec.

        Holds the requests, known before anything has run, and the contents of the identity and
        calibration. While one of these is missing it raises FileNotFoundError, which Snakemake
        takes for "to be determined".
        """
        interpreter = self.interpreter(wildcards)
        identity = Path(self.identity_file(interpreter))
        calibration = self.calibration(wildcards.workload)
        return digest(
            {
                "interpreter": self.interpreter_keys[interpreter],
                "identity": json.loads(identity.read_text(encoding="utf-8"))["identity_sha256"],
                "calibration_request": self.calibration_request(wildcards.workload),
                "calibration": sha256_file(calibration),
                "instrument": self._instrument_sha256(
                    self.plan.workloads[self._labels[wildcards.workload]].function, wildcards.model
                ),
                "machine": dict(self.plan.fingerprint),
            }
        )

    @cached_property
    def _instrument_sha256(self) -> Callable[[str, str], str]:
        """Of a task function and a model; many trials share one."""
        return cache(lambda function, model: instrument_sha256(workload_of(function), model))

    @property
    def code(self) -> dict[str, dict[str, str]]:
        """A hash of the code behind each task function and each model, by name."""
        functions = {work.function for work in self.plan.workloads.values()}
        return {
            "functions": {one: function_sha256(workload_of(one)) for one in sorted(functions)},
            "models": {one: model_sha256(one) for one in sorted(self.plan.models)},
        }

    @property
    def states(self) -> Path:
        """Where each finished data set is kept under its date."""
        return self.root / FOLDER / self.plan.campaign

    def position(self, wildcards: TrialWildcards) -> int:
        """The trial's place in the planned order, from 1."""
        return self.trial(wildcards).position

    def priority(self, wildcards: TrialWildcards) -> int:
        """Earlier trials first."""
        return len(self._trials) - self.position(wildcards)

    @cached_property
    def _made_for(self) -> dict[str, str]:
        """The keys that the interpreters were provided for; none before the first time."""
        file = self.results / "interpreters" / "made-for.json"
        return read_as(file, dict[str, str]) if file.exists() else {}

    @cached_property
    def _trials(self) -> dict[tuple[str, int], Trial]:
        return {(trial.cell, trial.block): trial for trial in self.plan.possible_trials}

    def forecast_s(self) -> float:
        """How long all trials of the base blocks take on a quiet machine."""
        return math.fsum(cell.blocks * self._expected(cell).quiet_s for cell in self.plan.cells)

    def expected_of(self, trial: Trial) -> Expected:
        """How long a trial takes."""
        return self._expected(self.plan.cells_by_id[trial.cell])

    def _expected(self, cell: Cell) -> Expected:
        return expected(
            family=self.plan.family(cell),
            start_method=cell.start_method,
            timing=cell.timing,
            workers=cell.workers,
            cpus=self.plan.machine.logical_cpus,
            warmups=cell.warmups,
            repetitions=cell.repetitions,
            amounts=cell.amounts,
            batch_s=self._batch_s(cell),
            gain=self._gain(cell),
            patience_s=cell.patience_s,
        )

    def _batch_s(self, cell: Cell) -> float:
        """What a batch waits for, or what it is sized for: workers may gain nothing."""
        if waiting_s := self._waiting_s(cell):
            return waiting_s
        tasks, target_ns = self._batch(cell)
        is_sized = workload_of(cell.function).is_sized
        work_s = target_ns / 1e9 if is_sized else tasks * EMPTY_TASK_S
        arm = self.plan.arms_by_name[cell.arm]
        return work_s * (FREE_THREADED if arm.free_threaded else 1.0)

    def _waiting_s(self, cell: Cell) -> float:
        """How long the workers of a batch wait, if that is all they do."""
        params = self.plan.workloads[cell.workload].params
        seconds: float = params.get("seconds", 0.0) * params.get("requests", 1)
        return math.ceil(self._batch(cell)[0] / cell.workers) * seconds

    def _batch(self, cell: Cell) -> tuple[int, int]:
        return batch_for(
            workload_of(cell.function),
            self.plan.workloads[cell.workload].params,
            self._batch_ms,
            self.plan.machine.usable_cpus,
            cell.workers,
        )

    def _gain(self, cell: Cell) -> float:
        """How many times as fast as one the workers may be; holders of a GIL count as one."""
        family = self.plan.family(cell)
        has_gil = (
            self.plan.arms_by_name[cell.arm].gil and not workload_of(cell.function).releases_gil
        )
        gains = family in (Family.PROCESSES, Family.INTERPRETERS) or (
            family is Family.THREADS and not has_gil
        )
        if self._waiting_s(cell) or not gains:
            return 1.0
        if family is Family.THREADS and workload_of(cell.function).contended:
            return 1 / contention(cell.workers)
        return min(cell.workers, self.plan.machine.usable_cpus)

    def trial(self, wildcards: TrialWildcards) -> Trial:
        """The trial that a record's wildcards name."""
        w = wildcards
        label = self._labels[w.workload]
        return self._trials[f"{label}/{w.model}/{w.workers}/{w.arm}/{w.timing}", int(w.block)]


def planned(
    config: Mapping[str, Any],
    works: Catalogue,
    machine: Machine,
    claims: Mapping[str, Any] = MappingProxyType({}),
) -> Plan:
    """The plan of a config that is `checked`, thinned where it would take too long."""

    def forecast_s(one: Mapping[str, Any], on: Machine) -> float:
        return Campaign(plan=make_plan(one, works, on)).forecast_s()

    whole = completed(config, works)
    thin = fitting(thinned(whole, machine, forecast_s), machine, forecast_s, limit_s(config))
    unasked = [name for name in config["experiments"] if name not in whole["experiments"]]
    out = left_out(whole, thin, machine)
    return make_plan(thin, works, machine, claims, left_out=out, without_builds=unasked)


def catalogue(own: Mapping[str, Mapping[str, Any]] = MappingProxyType({})) -> Catalogue:
    """The workloads and models that `trial` has, as a plan sees them.

    `own` are the config's settings of each work of the user's own. `UserError` for one whose
    function can't be measured, or whose name is taken.
    """
    built_in = all_workloads()
    for name in own:
        if name in built_in:
            raise UserError(
                f"{name} is a built-in workload",
                where=f"config key workloads.{name}.function",
                hint="give yours another name",
            )
    return Catalogue(
        workloads={
            **built_in,
            **{name: _own_entry(name, settings) for name, settings in own.items()},
        },
        models=MODELS,
        reasons=REASONS,
    )


def _own_entry(name: str, settings: Mapping[str, Any]) -> Workload:
    function = UserFunction(settings["function"], key=f"workloads.{name}.function")
    about = {key: settings[key] for key in ABOUT_KEYS if key in settings}
    needs = frozenset({Need.ONE_MEMORY} if settings.get("shares_memory") else ())
    return replace(read_user_function(function), needs=needs, **about)
