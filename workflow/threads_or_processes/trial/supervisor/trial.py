"""One trial from its specification to its record; one calibration likewise."""

import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from threads_or_processes.common.decoding import problem_with, read_as
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import digest, sha256_program
from threads_or_processes.common.signing import read_signed
from threads_or_processes.common.streams import said
from threads_or_processes.records.imputation import JudgedRepetition, judged, usable
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.quiet import ProbeMode, QuietRule
from threads_or_processes.records.texts import shortened
from threads_or_processes.records.topology import usable_cpus
from threads_or_processes.records.trial import (
    Answer,
    Sentinel,
    Supervised,
    TrialHealth,
    TrialRecord,
    TrialSpec,
    problem_with_answer,
    unmeasured,
)
from threads_or_processes.records.vocabulary import (
    TRIAL_SCHEMA_VERSION,
    HealthFlag,
    Outcome,
    Timing,
)
from threads_or_processes.trial.machine import allowed_cpus, check_unchanged, cpu_quota, fingerprint
from threads_or_processes.trial.measured.probe_client import ProbeReading
from threads_or_processes.trial.measured.user_errors import TO_FORGET
from threads_or_processes.trial.supervisor import health
from threads_or_processes.trial.supervisor.environment import Environment, draw_environment
from threads_or_processes.trial.supervisor.faults import HarnessError, SurroundingsError
from threads_or_processes.trial.supervisor.instrument import instrument_sha256
from threads_or_processes.trial.supervisor.noise_monitor import NoiseMonitor, noise_monitor
from threads_or_processes.trial.supervisor.supervisor import (
    PACKAGE_ROOT,
    Ending,
    run_measured,
)
from threads_or_processes.trial.user_workloads import place_of, workload_of
from threads_or_processes.trial.workloads.registry import Workload, batch_for

CALIBRATION_TIMEOUT_S = 300
# After a fault of the harness a trial is tried once more.
MOST_TRIES = 2


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a trial takes place in: the planned machine, faults of the harness that came before.

    `machine` is its fingerprint; None checks nothing.
    """

    machine: Mapping[str, Any] | None = None
    faults: tuple[str, ...] = ()
    has_lock: bool = True

    def check(self, now: Mapping[str, Any] | None = None) -> None:
        """`UserError` if it is another machine than the plan's."""
        if self.machine is not None:
            check_unchanged(self.machine, now)

    def on(self, seen: Supervised) -> Mapping[str, Any]:
        """What was seen of a trial, with what is odd here."""
        odd = {HealthFlag.HARNESS_FAULT: self.faults, HealthFlag.UNLOCKED: not self.has_lock}
        flags = sorted({*seen["health"]["flags"], *(flag for flag, holds in odd.items() if holds)})
        health_now = {**seen["health"], "flags": flags}
        faults = {"harness_faults": list(self.faults)} if self.faults else {}
        return {**seen, "health": health_now, **faults}


ORDINARY = Circumstances()


def record_trial(
    spec: TrialSpec,
    position: int,
    identity: Identity,
    calibration: Mapping[str, Any],
    sentinel: Path,
    circumstances: Circumstances = ORDINARY,
) -> TrialRecord:
    """Measure one trial; a fault of the harness is told, and the trial tried once more.

    `sentinel` is the campaign's file of readings. `UserError` where what is around the trial is
    broken; any other fault of the harness leaves a record as well.
    """
    now = circumstances
    while True:
        now.check()  # before the sentinel takes its floors
        try:
            with noise_monitor(sentinel) as monitor:
                return run_trial(spec, position, identity, calibration, monitor, circumstances=now)
        except HarnessError as fault:
            now = replace(now, faults=(*now.faults, shortened(str(fault))))
            if len(now.faults) == MOST_TRIES:
                if isinstance(fault, SurroundingsError):
                    raise stopped(fault, identity["arm"]) from None
                return _failed_trial(spec, position, identity, calibration, now)
            tell(f"{spec['cell']['id']} is tried once more: {fault}")


def tell(words: str) -> None:
    """Say something at the terminal and in the log; a trial's error stream goes to the log only."""
    for stream in (sys.stdout, sys.stderr):
        said(f"\nwarning: {words}\n", stream)


def stopped(fault: HarnessError, build: str = "") -> UserError:
    """What to tell when a fault ends the run."""
    return UserError(str(fault), where=f"build {build}" if build else "", hint=fault.hint)


def run_trial(
    spec: TrialSpec,
    position: int,
    identity: Identity,
    calibration: Mapping[str, Any],
    monitor: NoiseMonitor | None,
    *,
    circumstances: Circumstances = ORDINARY,
) -> TrialRecord:
    """Measure one trial in a fresh process, begun at a quiet moment if one comes in time."""
    if monitor:
        monitor.await_quiet(
            spec["quiet_threshold"], spec["patience_s"], workers=spec["cell"]["workers"]
        )
    record = measure_trial(
        spec, position, identity, calibration, monitor, circumstances=circumstances
    )
    if monitor and record["outcome"] == "ok" and record["repetitions"]:
        monitor.remember(record)
    return record


def quiet_repetitions(record: Mapping[str, Any], rule: QuietRule | None = None) -> int:
    """How many measured repetitions have an undisturbed time, of the amount that has the fewest.

    All have without a sentinel. By the rule of the record's own time, or by a later one, which
    knows the floors better.
    """
    rule = (rule or _rule_of(record["sentinel"])) if record["sentinel"] else None
    of_amount: dict[int, list[JudgedRepetition]] = {}
    for r in record["repetitions"]:
        if r["phase"] == "measure":
            one = judged(r, rule, workers=record["cell"]["workers"])
            of_amount.setdefault(r.get("amount", 1), []).append(one)
    return min((sum(usable(of_one)) for of_one in of_amount.values()), default=0)


def _rule_of(sentinel: Sentinel) -> QuietRule:
    """The rule of a record's time."""
    return QuietRule(
        cpus=sentinel["cpus"],
        floor_ns=sentinel["floor_ns"],
        threshold=sentinel["threshold"],
        mode=ProbeMode(sentinel.get("manner", ProbeMode.SIMULTANEOUS)),
    )


def _recorded(rule: QuietRule) -> Sentinel:
    """A rule as a record holds it."""
    return Sentinel(
        cpus=list(rule.cpus),
        floor_ns=list(rule.floor_ns),
        threshold=rule.threshold,
        manner=rule.mode,
    )


def measure_trial(
    spec: TrialSpec,
    position: int,
    identity: Identity,
    calibration: Mapping[str, Any],
    monitor: NoiseMonitor | None,
    *,
    attempt: int = 1,
    circumstances: Circumstances = ORDINARY,
) -> TrialRecord:
    """Measure a trial at once; returns its record, which says how the trial ended.

    `attempt` is more than 1 in the retry pass.
    """
    cell = spec["cell"]
    workload = workload_of(cell["function"])
    environment = draw_environment(spec["seed"], cell["id"], spec["block"])
    rule, read_sentinel = None, None
    if monitor:
        rule = monitor.rule(spec["quiet_threshold"], workers=cell["workers"])
        read_sentinel = partial(monitor.read, rule.mode)
    ending = _run(
        identity,
        workload,
        {
            **_calibrated_work(cell["params"], calibration, cell["workers"]),
            "model": cell["model"],
            "workers": cell["workers"],
            "timing": cell["timing"],
            "warmups": spec["warmups"],
            "repetitions": spec["repetitions"],
            "amounts": spec["amounts"],
            "patience_ns": round(spec["patience_s"] * 1e9),
            "probe": {"rule": asdict(rule)} if rule else None,
            "gil": identity["gil_enabled"],
        },
        environment,
        spec["timeout_s"],
        read_sentinel,
    )
    setting = _setting(spec, position, identity, calibration, environment)
    circumstances.check(setting["machine"])
    return _record(
        {
            **_checked(ending.answer, Timing(cell["timing"])),
            **circumstances.on(ending.seen),
            **setting,
        },
        attempt,
        rule,
    )


def _record(fields: Mapping[str, Any], attempt: int, rule: QuietRule | None) -> TrialRecord:
    sentinel = _recorded(rule) if rule else None
    return cast("TrialRecord", {**fields, "try": attempt, "sentinel": sentinel})


def _failed_trial(
    spec: TrialSpec,
    position: int,
    identity: Identity,
    calibration: Mapping[str, Any],
    circumstances: Circumstances,
) -> TrialRecord:
    """The record of a trial in which the harness failed each time; none of it was measured."""
    environment = draw_environment(spec["seed"], spec["cell"]["id"], spec["block"])
    now_unix_ns, now_monotonic_ns, state = time.time_ns(), time.perf_counter_ns(), health.read()
    seen = Supervised(
        stderr_tail="",
        health=TrialHealth(before=state, after=state, flags=[]),
        waited_ns=0,
        beside_cpu_ns=0,
        started_unix_ns=now_unix_ns,
        ended_unix_ns=now_unix_ns,
        started_monotonic_ns=now_monotonic_ns,
        ended_monotonic_ns=now_monotonic_ns,
    )
    setting = _setting(spec, position, identity, calibration, environment)
    circumstances.check(setting["machine"])
    fields = {
        **unmeasured(),
        "outcome": Outcome.HARNESS_FAILED,
        "explanation": f"in each of {len(circumstances.faults)} tries; in the last one "
        + circumstances.faults[-1],
        **circumstances.on(seen),
        **setting,
    }
    return _record(fields, attempt=1, rule=None)


def _setting(
    spec: TrialSpec,
    position: int,
    identity: Identity,
    calibration: Mapping[str, Any],
    environment: Environment,
) -> dict[str, Any]:
    """What a trial's record says of the trial whatever became of it."""
    cell = spec["cell"]
    tasks, expected_checksum = _tasks(calibration, cell["workers"])
    return {
        "schema_version": TRIAL_SCHEMA_VERSION,
        "trial_id": uuid.uuid4().hex,
        "cell": cell,
        "block": spec["block"],
        "position": position,
        "seed": spec["seed"],
        "machine": fingerprint(),
        "interpreter": {
            "arm": identity["arm"],
            "identity_sha256": identity["identity_sha256"],
            "executable_sha256": identity["executable_sha256"],
            "version": identity["version"],
        },
        "instrument_sha256": instrument_sha256(workload_of(cell["function"]), cell["model"]),
        "work": {
            "tasks": tasks,
            "size": calibration["size"],
            "calibration_sha256": digest(dict(calibration)),
            "expected_checksum": expected_checksum,
        },
        "environment": {
            "hash_seed": environment.hash_seed,
            "padding_bytes": environment.padding_bytes,
            "variables": environment.variables,
        },
    }


def _checked(told: Mapping[str, Any], timing: Timing) -> Answer:
    """The answer; where it is none, because the work wrote it, that is how the process ended."""
    answer = {**unmeasured(), **told, "explanation": shortened(str(told.get("explanation", "")))}
    problem = problem_with(answer, Answer) or problem_with_answer(answer, timing)
    if problem:
        explanation = shortened(f"the process left an answer that is none: {problem}")
        return {**unmeasured(), "outcome": Outcome.CRASHED, "explanation": explanation}
    return cast("Answer", answer)


def run_calibration(
    function: str,
    params: dict[str, Any],
    batch_ms: float,
    identity: Identity,
    workers: int | None = None,
) -> dict[str, Any]:
    """Size a workload's batch on this machine with the reference arm, serially.

    `workers` is the largest number of them, where each has a task.
    A fault of the harness is told, and it is tried once more; `UserError` after that.
    """
    try:
        return _calibrated(function, params, batch_ms, identity, workers)
    except HarnessError as fault:
        tell(f"calibrating {function} is tried once more: {fault}")
    try:
        return _calibrated(function, params, batch_ms, identity, workers)
    except HarnessError as fault:
        fault.args = (f"calibrating {function} failed: {fault}",)
        raise stopped(fault, identity["arm"]) from None


def _calibrated(
    function: str,
    params: dict[str, Any],
    batch_ms: float,
    identity: Identity,
    workers: int | None,
) -> dict[str, Any]:
    workload = workload_of(function)
    cpus = usable_cpus(len(allowed_cpus()), cpu_quota())
    tasks, target_ns = batch_for(workload, params, batch_ms, cpus, workers)
    ending = _run(
        identity,
        workload,
        {"do": "calibrate", "arguments": params, "tasks": tasks, "target_ns": target_ns},
        draw_environment(0, workload.name, 0),
        CALIBRATION_TIMEOUT_S,
    )
    if "outcome" in ending.answer or "size" not in ending.answer:
        raise _not_calibrated(function, params, ending)
    calibration = {
        "schema_version": TRIAL_SCHEMA_VERSION,
        "workload": workload.name,
        "params": params,
        "arm": identity["arm"],
        "target_ns": target_ns,
        "tasks": tasks,
        **ending.answer,
    }
    if workload.file:
        _check_repeats(function, calibration, identity)
    return calibration


def _not_calibrated(function: str, params: Mapping[str, Any], ending: Ending) -> UserError:
    """Why a workload can't be measured, with the end of what it printed."""
    explanation = str(ending.answer.get("explanation", "the process left an answer that is none"))
    hint = ending.answer.get("hint", "make it run serially first")
    if ending.answer.get("outcome") == "timeout":
        hint = (
            "let a task take some milliseconds, or give it a parameter `size` that says how much "
            "it does"
        )
    file, _, _ = function.partition(":")
    if not explanation.startswith(Path(file).name):  # it doesn't name the function yet
        explanation = f"calibrating {function} failed: {explanation}"
    if ending.seen["stderr_tail"]:
        hint += f"; its last words were:\n{ending.seen['stderr_tail'].rstrip()}"
    return UserError(explanation, where=_work(function, params), hint=hint)


def _work(function: str, params: Mapping[str, Any]) -> str:
    return f"workload {place_of(function)}" + (f", with {dict(params)}" if params else "")


def _check_repeats(function: str, calibration: Mapping[str, Any], identity: Identity) -> None:
    """Refuse a function that gives other results in another process, or remembers them.

    A helper that remembers is told.
    """
    workload = workload_of(function)
    work = _calibrated_work(calibration["params"], calibration, workers=1)
    ending = _run(
        identity,
        workload,
        work | {"do": "repeat"},
        draw_environment(1, workload.name, 0),
        CALIBRATION_TIMEOUT_S,
    )
    if ending.answer["outcome"] == "wrong_result":
        raise UserError(
            f"{Path(function).name} gives other results when the same tasks are run again",
            where=_work(function, calibration["params"]),
            hint="draw random numbers from random.Random(task), keep nothing from one call to the "
            "next, and return nothing that depends on the time, the process or a set's order",
        )
    if ending.answer["outcome"] != "ok":
        raise _not_calibrated(function, calibration["params"], ending)
    for told in ending.answer.get("remembers", []):
        tell(f"{Path(function).name}: {told}. Fix: {TO_FORGET}")


class Calibration(TypedDict):
    """What trials need of a workload's calibration."""

    size: int | None
    tasks: int
    expected_checksum: str
    checksums_by_tasks: NotRequired[list[str]]


def read_calibration(path: Path) -> Mapping[str, Any]:
    """Read a workload's calibration; `UserError` for a damaged or an edited one."""
    read_as(path, Calibration)
    return read_signed(path)


def _tasks(calibration: Mapping[str, Any], workers: int) -> tuple[int, str]:
    """The number of a batch's tasks, and the checksum of their results."""
    if by_tasks := calibration.get("checksums_by_tasks"):
        return workers, by_tasks[workers - 1]
    return calibration["tasks"], calibration["expected_checksum"]


def _calibrated_work(
    params: Mapping[str, Any], calibration: Mapping[str, Any], workers: int
) -> dict[str, Any]:
    """The part of a measured process's spec that says what it runs, and what must come of it."""
    size = calibration["size"]
    tasks, expected_checksum = _tasks(calibration, workers)
    return {
        "do": "measure",
        "arguments": dict(params) | ({} if size is None else {"size": size}),
        "tasks": tasks,
        "expected_checksum": expected_checksum,
    }


def _run(
    identity: Identity,
    workload: Workload,
    spec: Mapping[str, Any],
    environment: Environment,
    timeout_s: float,
    read_sentinel: Callable[[], list[ProbeReading]] | None = None,
) -> Ending:
    """Run a spec for a workload in an arm's interpreter; `UserError` if that is gone."""
    executable = Path(identity["executable"])
    if not executable.exists():
        raise UserError(
            f"the interpreter of {identity['arm']} is gone",
            where=str(executable),
            hint="delete results/<machine>/interpreters and run snakemake again",
        )
    import_folders = [PACKAGE_ROOT, *([workload.file.parent] if workload.file else [])]
    ending = run_measured(
        [str(executable), *identity["flags"]],
        {**spec, "family": workload.family, "workload": workload.name},
        environment.for_process(*import_folders),
        timeout_s,
        read_sentinel,
    )
    if ending.version != identity["version"]:
        is_now = f"is Python {ending.version} now, and was {identity['version']}"
        raise _another(identity, f"{is_now} when this campaign began")
    if not is_same_program(identity, ending.library):
        raise _another(identity, "has other files than when this campaign began")
    return ending


def is_same_program(identity: Identity, library: str | None) -> bool:
    """Whether an interpreter's files are those that it was identified by.

    Cheap, as nothing changes as a rule: only a file that was changed after the environment had been
    made is read. `library` holds the interpreter's code if it is shared.
    """
    python = Path(identity["executable"])
    program, shared = python.resolve(), Path(library) if library else None
    try:
        made_ns = (python.parents[1] / "pyvenv.cfg").stat().st_ctime_ns
        if all(file.stat().st_ctime_ns < made_ns for file in (program, shared) if file):
            return True
        return sha256_program(program, shared) == identity["executable_sha256"]
    except FileNotFoundError:  # it was deleted while it ran
        return False


def _another(identity: Identity, what: str) -> UserError:
    return UserError(
        f"{identity['arm']} {what}",
        where=identity["executable"],
        hint="put that interpreter back; or delete results/<machine>/interpreters and run "
        "snakemake again, which measures everything on this build again",
    )
