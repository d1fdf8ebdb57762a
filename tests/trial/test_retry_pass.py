"""The retry pass over trials that saw no quiet moment."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.files import read_json, write_json
from threads_or_processes.common.plan_file import plan_json
from threads_or_processes.plan.spelling import parse_arm
from threads_or_processes.records.plan import Cell, Machine, Model, Plan, Trial, Workload
from threads_or_processes.records.quiet import ProbeMode
from threads_or_processes.records.vocabulary import Family, StartMethod, Timing, WorkerKind
from threads_or_processes.trial.__main__ import run_command
from threads_or_processes.trial.machine import fingerprint
from threads_or_processes.trial.supervisor.noise_monitor import NoiseMonitor
from threads_or_processes.trial.supervisor.retry_pass import Candidate, Retry, candidates, retries
from threads_or_processes.trial.supervisor.retry_schedule import RetrySchedule, Stop
from threads_or_processes.trial.supervisor.trial import quiet_repetitions
from threads_or_processes.trial.user_workloads import workload_of

from tests.trial.conftest import RunTrial, always

CELL = "mandelbrot/serial/1/3.13/warm"


def plan_of(*trials: tuple[str, str], patience_s: float = 0.05, retry_pass_s: float = 30) -> Plan:
    """A plan with these trials (cell, record) of `mandelbrot`, on a second compilation."""
    about = dict.fromkeys(("title", "kind", "unit", "why", "expected"), "")
    return Plan(
        campaign="report",
        machine=Machine(name="here", fingerprint={**fingerprint()}),
        seed=1,
        blocks=2,
        margin=0.05,
        quiet_threshold=0.12,
        confidence=0.95,
        reference_arm="3.13",
        config={"trial": {"timeout_s": 60, "retry_pass_s": retry_pass_s}},
        arms=(parse_arm("3.13"),),
        workloads={
            "mandelbrot": Workload(
                name="mandelbrot",
                function="mandelbrot",
                params=workload_of("mandelbrot").parameters,
                **about,
            )
        },
        models={
            "serial": Model(title="", family=Family.SERIAL, start_method=StartMethod.NONE),
        },
        experiments=(),
        cells=tuple(
            Cell(
                id=cell,
                workload="mandelbrot",
                function="mandelbrot",
                model="serial",
                start_method=StartMethod.NONE,
                workers=1,
                worker_kind=WorkerKind.WITHIN_CORES,
                arm="3.13",
                timing=Timing.WARM,
                replicate=1,
                warmups=1,
                repetitions=3,
                patience_s=patience_s,
                blocks=2,
            )
            for cell, _ in trials
        ),
        trials=tuple(
            Trial(cell=cell, block=2, position=position, record=record)
            for position, (cell, record) in enumerate(trials, start=1)
        ),
        precision=None,
        claims=(),
        compilations=2,
    )


@pytest.fixture
def results(
    tmp_path: Path,
    trial: RunTrial,
    monitor: NoiseMonitor,
    identities: dict[str, Any],
    calibration_of: Callable[[str], dict[str, Any]],
) -> Path:
    """A campaign's folder with one trial that a neighbour disturbed all the time."""
    record = trial("mandelbrot", monitor=always(monitor, 200), patience_s=0.05, repetitions=3)
    write_json(tmp_path / "interpreters/3.13-2.json", identities["3.13"])
    write_json(tmp_path / "calibration/mandelbrot.json", calibration_of("mandelbrot"))
    write_json(tmp_path / "trials/1.json", record)
    return tmp_path


def tried(
    plan: Plan, lacking: list[Candidate], monitor: NoiseMonitor, results: Path, budget_s: float
) -> list[Retry]:
    """The tries of a whole pass."""
    schedule = RetrySchedule.of(lacking, budget_s=budget_s, now_s=time.monotonic())
    found = [retry for retry in retries(plan, schedule, monitor, results=results) if retry]
    assert schedule.gained == sum(retry.is_quietest for retry in found)
    return found


def test_a_quiet_moment_mends_what_lacked_one(results: Path, monitor: NoiseMonitor) -> None:
    plan = plan_of((CELL, "trials/1.json"))
    lacking = candidates(plan, results)
    assert [one.path for one in lacking] == [results / "trials/1.json"]
    found = tried(plan, lacking, always(monitor, 100), results, budget_s=30)
    assert [(retry.is_quietest, retry.record["try"]) for retry in found] == [(True, 2)]
    assert quiet_repetitions(found[0].record) >= 3
    assert found[0].record["cell"]["id"] == CELL
    assert found[0].record["outcome"] == "ok"


def test_what_is_known_by_now_decides_by_the_floors_of_the_trial_s_own_mode(
    results: Path, monitor: NoiseMonitor
) -> None:
    plan, monitor = plan_of((CELL, "trials/1.json")), always(monitor, 100)
    own = monitor.rule(0.1, workers=1).mode
    for floors_ns, count in (({own: 200}, 0), ({own: 100}, 1)):
        known = {mode: [[floors_ns.get(mode, 150)] * len(monitor.cpus)] for mode in ProbeMode}
        moments = {"cpus": monitor.cpus, "start_ns": known, "readings_ns": known}
        write_json(monitor.memory, moments)
        assert len(candidates(plan, results, monitor)) == count


def test_without_a_quiet_moment_nothing_is_tried(results: Path, monitor: NoiseMonitor) -> None:
    plan = plan_of((CELL, "trials/1.json"))
    lacking = candidates(plan, results)
    assert not tried(plan, lacking, always(monitor, 200), results, budget_s=0.05)


@pytest.mark.parametrize("lacks", ["machine", "cell", "try", "sentinel.cpus"])
def test_what_is_no_record_is_left_to_those_who_collect(results: Path, lacks: str) -> None:
    path = results / "trials/1.json"
    record = part = read_json(path)
    *folders, name = lacks.split(".")
    for folder in folders:
        part = part[folder]
    del part[name]
    write_json(path, record)
    assert candidates(plan_of((CELL, "trials/1.json")), results) == []


def test_quiet_failed_and_impatient_trials_are_left_as_they_are(results: Path) -> None:
    record = read_json(results / "trials/1.json")
    write_json(results / "trials/2.json", record | {"outcome": "crashed"})
    write_json(results / "trials/3.json", record | {"sentinel": None})
    write_json(results / "trials/4.json", record | {"repetitions": []})
    wide = record["sentinel"] | {"threshold": 10.0}
    write_json(results / "trials/5.json", record | {"sentinel": wide})
    plan = plan_of(*((f"cell {n}", f"trials/{n}.json") for n in (5, 4, 3, 2, 1)))
    assert [one.path.name for one in candidates(plan, results)] == ["1.json"]
    impatient = plan_of((CELL, "trials/1.json"), patience_s=0)
    assert candidates(impatient, results) == []


def test_the_command_keeps_every_try_and_lets_the_quietest_count(
    results: Path,
    monitor: NoiseMonitor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With a floor that all but the record is below, any moment is a quiet one."""
    record = read_json(results / "trials/1.json")
    for repetition in record["repetitions"]:
        repetition["sentinel_before_ns"] = [10**13] * len(monitor.cpus)
    write_json(results / "trials/1.json", record)
    high = {mode: [[10**12] * len(monitor.cpus)] * 1000 for mode in ProbeMode}
    floor = {"cpus": monitor.cpus, "start_ns": high, "readings_ns": high}
    write_json(results / "sentinel.json", floor)
    plan = plan_of((CELL, "trials/1.json"), retry_pass_s=100.4)
    write_json(results / "plan.json", plan_json(plan))
    arguments = ["--plan", "plan.json", "--results", ".", "--out", "second-look.json"]
    monkeypatch.chdir(results)
    run_command(["retry", *arguments])
    assert "they are repeated, for up to 2 min\n" in capsys.readouterr().out
    account = read_json(results / "second-look.json")
    assert (account["lacking"], account["gained"], account["tries"]) == (1, 1, 1)
    assert (account["given_up"], account["waiting"]) == (0, 0)
    assert account["stopped"] == Stop.NONE_LEFT
    counting = read_json(results / "trials/1.json")
    assert counting["try"] == 2
    assert read_json(results / f"archive/{counting['trial_id']}.json") == counting
    run_command(["retry", *arguments])
    assert read_json(results / "second-look.json")["lacking"] == 0


def test_trials_that_lower_floors_made_disturbed_are_no_loss_of_the_pass(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = plan_of((CELL, "trials/1.json"))
    (lacking,) = candidates(plan, results)
    found = iter([[lacking], [lacking, replace(lacking, path=results / "trials/2.json")]])
    command = "threads_or_processes.trial.__main__"
    monkeypatch.setattr(f"{command}.candidates", lambda *_: next(found))
    monkeypatch.setattr(f"{command}.retries", lambda *_, **__: iter(()))
    write_json(results / "plan.json", plan_json(plan))
    arguments = ["--plan", "plan.json", "--results", ".", "--out", "second-look.json"]
    monkeypatch.chdir(results)
    run_command(["retry", *arguments])
    assert read_json(results / "second-look.json")["gained"] == 0
    assert "0 of 1 are complete" in capsys.readouterr().out


def test_first_come_the_cells_that_keep_the_fewest_others_from_quiet_times(results: Path) -> None:
    """Both cells of `far` lack quiet trials, of `near` one does; `enough` has as many as needed."""
    disturbed = {"far/a": 5, "far/b": 5, "near/a": 4, "near/b": 0, "enough/a": 2}
    record = read_json(results / "trials/1.json")
    quiet = {**record, "sentinel": None}
    trials = []
    for cell, lacking in disturbed.items():
        for block in range(12):
            path = f"trials/{cell.replace('/', '-')}-{block}.json"
            write_json(results / path, record if block < lacking else quiet)
            trials.append((cell, path))
    plan = plan_of(*trials)
    cells = tuple(
        replace(plan.cells[0], id=cell, workload=cell.partition("/")[0], blocks=8)
        for cell in disturbed
    )
    found = candidates(replace(plan, cells=cells), results)
    order = list(dict.fromkeys(one.trial.cell for one in found))
    assert order == ["near/a", "far/a", "far/b", "enough/a"]
