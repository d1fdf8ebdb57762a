"""Trials on the real interpreters: every model on every arm, and every way a trial can end."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.vocabulary import Family
from threads_or_processes.trial.models import MODELS
from threads_or_processes.trial.supervisor.lock import machine_lock
from threads_or_processes.trial.supervisor.supervisor import run_measured
from threads_or_processes.trial.supervisor.trial import run_calibration
from threads_or_processes.trial.workloads import all_workloads

from tests.trial.conftest import RunTrial, fake_interpreter, processes_with, until_gone

ROOT = Path(__file__).parents[2]
ARMS = ("3.13", "3.13t", "3.13t-gil")
SCHEMA = json.loads((ROOT / "workflow/schemas/trial.schema.json").read_text(encoding="utf-8"))
# Another for each session, so that what is looked for in /proc can only be of this one.
SEED = os.getpid()


def checked(record: dict[str, Any]) -> dict[str, Any]:
    """The record, once it has passed its schema."""
    jsonschema.validate(record, SCHEMA, cls=jsonschema.Draft202012Validator)
    return record


def fitting(model: str) -> tuple[str, dict[str, Any]]:
    """A workload that has what the model asks for, with parameters that make it short."""
    candidates = {"mandelbrot": {}, "sleep": {"seconds": 0.01}, "send_array": {}}
    return next(
        (name, params)
        for name, params in candidates.items()
        if MODELS[model].requires <= all_workloads()[name].provides
    )


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("model", [name for name in MODELS if MODELS[name].since <= (3, 13)])
def test_every_model_runs_on_every_arm(trial: RunTrial, model: str, arm: str) -> None:
    workers = 2 if MODELS[model].is_parallel else 1
    workload, params = fitting(model)
    record = checked(trial(workload, model, workers, arm, params=params))
    assert (record["outcome"], record["explanation"]) == ("ok", "")
    assert [(r["phase"], r["index"]) for r in record["repetitions"]] == [
        ("warmup", 0),
        ("measure", 0),
        ("measure", 1),
    ]
    gil = arm != "3.13t"
    assert record["gil"]["before_imports"] is record["gil"]["at_end"] is gil
    assert set(record["gil"]["workers"]) == {gil}
    assert 0 <= record["first_result_ns"] <= record["setup_ns"]
    for repetition in record["repetitions"]:
        assert sum(worker["tasks"] for worker in repetition["workers"]) == record["work"]["tasks"]
        assert len(repetition["workers"]) == workers
        started = repetition["started_monotonic_ns"]
        for worker in repetition["workers"]:  # one clock for all processes
            assert started <= worker["start_ns"] <= worker["end_ns"]
            assert worker["end_ns"] <= started + repetition["wall_ns"]
    pids = {worker["pid"] for r in record["repetitions"] for worker in r["workers"]}
    if MODELS[model].family is not Family.PROCESSES:
        assert len(pids) == 1
    else:
        last = record["repetitions"][-1]
        own_ns = last["parent_user_ns"] + last["parent_system_ns"]
        assert last["user_ns"] + last["system_ns"] > own_ns


@pytest.mark.parametrize("arm", ["3.13", "3.13t"])
@pytest.mark.parametrize("model", [name for name in MODELS if MODELS[name].unpinned])
def test_each_pinned_worker_stays_on_a_cpu_of_its_own(
    trial: RunTrial, model: str, arm: str
) -> None:
    record = trial("sleep", model, 2, arm, params={"seconds": 0.01}, repetitions=5)
    places: dict[tuple[int, int], set[int]] = {}
    for chunk in (chunk for r in record["repetitions"] for chunk in r["workers"]):
        places.setdefault((chunk["pid"], chunk["thread_id"]), set()).update(chunk["cpus"])
    assert [len(cpus) for cpus in places.values()] == [1, 1]
    assert len(set.union(*places.values())) == min(2, len(os.sched_getaffinity(0)))


@pytest.mark.parametrize("workload", all_workloads())
def test_every_workload_gives_the_serial_results_in_every_model_it_allows(
    trial: RunTrial, workload: str
) -> None:
    short = {"seconds": 0.01} if workload in ("sleep", "notebook") else {}
    for model in ("threads", "raw_threads", "processes-fork"):
        if all_workloads()[workload].requires <= MODELS[model].provides:
            for arm in ("3.13", "3.13t"):
                amounts = [1] if workload == "notebook" else [1, 3]
                record = checked(trial(workload, model, 2, arm, params=short, amounts=amounts))
                assert (record["outcome"], record["explanation"]) == ("ok", "")


def test_amounts_take_turns_and_repeat_each_task(trial: RunTrial) -> None:
    record = checked(trial("mandelbrot", "threads", 2, repetitions=4, amounts=[1, 2]))
    assert [(r["phase"], r["index"], r["amount"]) for r in record["repetitions"]] == [
        ("warmup", 0, 1),
        *(("measure", place, 1 + place % 2) for place in range(6)),
        ("measure", 6, 1),  # three of the larger amount, four of the batch
    ]
    for repetition in record["repetitions"]:
        tasks = repetition["amount"] * record["work"]["tasks"]
        assert sum(chunk["tasks"] for chunk in repetition["workers"]) == tasks
    assert len({r["checksum"] for r in record["repetitions"]}) == 1


def test_a_chunk_tells_what_its_own_thread_used(trial: RunTrial) -> None:
    for model in ("serial", "threads", "processes-fork"):
        record = checked(trial("mandelbrot", model, 2 if model != "serial" else 1))
        for chunk in (c for r in record["repetitions"] for c in r["workers"]):
            on_cpu_ns = chunk["user_ns"] + chunk["system_ns"]
            # What is read around the chunk's own two clock readings counts as CPU time too; where
            # another program has the CPU just then, this waits in the run queue.
            assert on_cpu_ns < chunk["end_ns"] - chunk["start_ns"] + 1_000_000
            assert chunk["run_queue_ns"] >= 0
            assert on_cpu_ns > 0  # how much of it is the kernel's is known to a tick only
            assert len(chunk["cpus"]) == 2


def test_forked_workers_copy_the_objects_that_they_read_and_threads_do_not(trial: RunTrial) -> None:
    held_mib, workers = 20, 2
    weights = {
        model: trial("loaded", model, workers, timing="memory", params={"mib": held_mib})["memory"]
        for model in ("threads", "processes-fork")
    }
    held_bytes = held_mib * 2**20
    for weight in weights.values():
        assert weight["before_bytes"] > held_bytes
    grown = {model: one["after_bytes"] - one["before_bytes"] for model, one in weights.items()}
    assert grown["threads"] < 0.5 * held_bytes
    assert grown["processes-fork"] > 0.8 * workers * held_bytes
    private = weights["processes-fork"]["private_bytes"]
    assert (workers + 0.8) * held_bytes < private <= weights["processes-fork"]["after_bytes"]


def test_the_notebook_leaves_its_lists(trial: RunTrial) -> None:
    short = {"params": {"seconds": 0.01}, "timing": "cold", "warmups": 0, "repetitions": 1}
    tasks = os.cpu_count() or 1
    threads = checked(trial("notebook", "raw_threads", tasks, **short))
    assert threads["output"]["results"] == list(range(tasks))
    assert sorted(threads["output"]["data"]) == list(range(tasks))
    assert "0: starting" in threads["stderr_tail"]
    processes = checked(trial("notebook", "processes-fork", tasks, **short))
    assert processes["output"] == {"results": list(range(tasks)), "data": []}
    assert processes["setup_ns"] is None
    assert len(processes["repetitions"]) == 1


def test_the_notebook_has_a_task_for_each_worker(
    trial: RunTrial, identities: dict[str, Identity]
) -> None:
    workers = 2 * (os.cpu_count() or 1) + 1
    calibration = run_calibration("notebook", {"seconds": 0.01}, 2, identities["3.13"], workers)
    for count in (workers, 1):
        record = checked(
            trial(
                "notebook",
                "raw_threads",
                count,
                calibration=calibration,
                params={"seconds": 0.01},
                timing="cold",
            )
        )
        assert (record["outcome"], record["explanation"]) == ("ok", "")
        assert record["work"]["tasks"] == count
        assert record["output"]["results"] == list(range(count))


def test_a_wrong_result_is_an_outcome_with_its_times_kept(trial: RunTrial) -> None:
    record = checked(trial("mandelbrot", calibration={"expected_checksum": "0" * 64}))
    assert record["outcome"] == "wrong_result"
    assert "3 of 3 executions" in record["explanation"]
    assert len(record["repetitions"]) == 3


@pytest.mark.parametrize(("arm", "state"), [("3.13", "on"), ("3.13t", "off")])
def test_a_gil_in_the_wrong_state_is_an_outcome(trial: RunTrial, arm: str, state: str) -> None:
    record = checked(trial("mandelbrot", arm=arm, identity={"gil_enabled": arm == "3.13t"}))
    assert record["outcome"] == "wrong_gil"
    assert f"the GIL was {state} before the imports" in record["explanation"]
    assert record["repetitions"] == []


def test_a_task_that_raises_is_an_outcome_with_its_traceback(trial: RunTrial) -> None:
    for model, workers in (("serial", 1), ("raw_threads", 2), ("processes-fork", 2)):
        record = checked(trial("sleep", model, workers, params={"seconds": -1}))
        assert record["outcome"] == "raised"
        assert record["explanation"] == "ValueError: sleep length must be non-negative"
        assert "Traceback" in record["stderr_tail"]


def test_a_trial_out_of_time_is_an_outcome_and_leaves_no_process(trial: RunTrial) -> None:
    marker = 61.7
    record = checked(
        trial("sleep", "processes-fork", 2, params={"seconds": marker}, timeout_s=1.5, seed=SEED)
    )
    assert record["outcome"] == "timeout"
    assert record["explanation"] == "not finished after 1.5 s"
    padding = "PADDING=" + "x" * record["environment"]["padding_bytes"]
    until_gone(lambda: processes_with(padding))


def test_a_crash_by_signal_is_named(tmp_path: Path) -> None:
    command = fake_interpreter(
        tmp_path,
        """
        import os, signal, sys
        print("about to fail", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
        """,
    )
    ending = run_measured(command, {}, {}, 30)
    assert ending.answer == {
        "outcome": "crashed",
        "explanation": "the process was ended by SIGSEGV",
    }
    assert ending.seen["stderr_tail"] == "about to fail\n"


def test_an_exit_without_an_answer_is_a_crash(tmp_path: Path) -> None:
    ending = run_measured(fake_interpreter(tmp_path, "raise SystemExit(3)"), {}, {}, 30)
    assert ending.answer["explanation"] == "the process ended with exit code 3"


def test_an_answer_that_is_none_is_a_crash(tmp_path: Path) -> None:
    for written in (b"{", b"[1]", b"[" * 100_000, b"\xff", b'{"outcome"'):
        command = fake_interpreter(tmp_path, f"os.write(SPEC['answer'], {written!r})")
        ending = run_measured(command, {}, {}, 30)
        assert ending.answer["explanation"] == "the process ended with exit code 0"


def python(code: str, *, umask: int = -1, **environment: str) -> "subprocess.Popen[bytes]":
    """Run a piece of the pipeline in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env={**os.environ, **environment},
        umask=umask,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_an_interrupted_supervisor_takes_its_processes_along(tmp_path: Path) -> None:
    command = fake_interpreter(
        tmp_path,
        """
        import os, pathlib, time
        pathlib.Path(os.environ["STARTED"]).write_text(str(os.getpid()))
        time.sleep(60)
        """,
    )
    started = tmp_path / "started"
    supervisor = python(
        f"""
        from threads_or_processes.trial.supervisor.supervisor import run_measured
        run_measured({command!r}, {{}}, {{'STARTED': {str(started)!r}}}, 60)
        """
    )
    while not (started.exists() and started.read_text()):
        assert supervisor.poll() is None
        time.sleep(0.01)
    measured = int(started.read_text())
    supervisor.send_signal(signal.SIGTERM)
    supervisor.communicate(timeout=30)
    assert supervisor.returncode == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(measured, 0)


def test_the_machine_lock_is_held_by_one_and_freed_by_death(tmp_path: Path) -> None:
    lock = f"test {tmp_path}"
    holder = python(
        f"""
        import time
        from threads_or_processes.trial.supervisor.lock import machine_lock
        with machine_lock({lock!r}):
            print('held', flush=True)
            time.sleep(60)
        """,
        umask=0o077,
    )
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    waiter = python(
        f"""
        import os
        from threads_or_processes.trial.supervisor.lock import machine_lock
        if os.getuid() == 0:
            os.setuid(65534)
        with machine_lock({lock!r}):
            print('mine')
        """,
        TMPDIR=str(tmp_path),  # as batch systems have it for each job
    )
    assert waiter.stderr
    assert b"another trial is being measured" in waiter.stderr.readline()
    assert waiter.poll() is None
    holder.kill()
    holder.communicate()
    assert waiter.communicate(timeout=30)[0] == b"mine\n"
    with machine_lock(lock) as is_held:
        assert is_held
