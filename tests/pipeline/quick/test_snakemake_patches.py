"""The patches of Snakemake's scheduler, on the scheduler of real runs."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from threads_or_processes.pipeline.snakemake_patches import patch_executor

from tests.pipeline.quick.conftest import snakemake

T = TypeVar("T")

# `before` and `after` are what a test does around the patch.
SNAKEFILE = """
import os, signal, sys, threading
from threads_or_processes.common.errors import exit_on_user_error
from threads_or_processes.pipeline.snakemake_patches import end_on_sigterm, patch_scheduler

{first}

onstart:
    {before}
    exit_on_user_error(lambda: {patch}(workflow.scheduler))
    {after}

onsuccess:
    timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    print("timers:", len(timers), file=sys.stderr)

rule all:
    input: expand("{{job}}.txt", job=range(3))

rule job:
    output: "{{job}}.txt"
    shell: "echo done > {{output}}"
"""


def run(
    folder: Path,
    *options: str,
    first: str = "",
    before: str = "pass",
    patch: str = "patch_scheduler",
    after: str = "pass",
) -> str:
    """Run three jobs on a scheduler that is patched; returns what Snakemake said."""
    text = SNAKEFILE.format(first=first, before=before, patch=patch, after=after)
    (folder / "Snakefile").write_text(text, encoding="utf-8")
    return snakemake(folder, "--cores", "1", *options)


def test_nothing_looks_at_the_waiting_jobs_beside_a_trial(tmp_path: Path) -> None:
    assert "timers: 0\n" in run(tmp_path)
    for file in tmp_path.glob("*.txt"):
        file.unlink()
    unpatched = run(tmp_path, patch="id")
    assert "timers: " in unpatched
    assert "timers: 0\n" not in unpatched, "Snakemake no longer needs the patch"


IN_A_ROUND = """
end_on_sigterm()
from snakemake.scheduling.job_scheduler import JobScheduler
take = JobScheduler.update_available_resources

def take_and_end(scheduler, jobs):
    assert scheduler._lock.locked()
    os.kill(os.getpid(), signal.SIGTERM)
    take(scheduler, jobs)

JobScheduler.update_available_resources = take_and_end
"""


@pytest.mark.parametrize("options", [[], ["--no-hooks"]], ids=["head", "job of a node"])
def test_sigterm_in_the_middle_of_a_scheduling_round_ends_the_run(
    tmp_path: Path, options: list[str]
) -> None:
    # Unpatched, this waits for ever.
    said = run(tmp_path, *options, first=IN_A_ROUND)
    assert "timers" not in said
    assert len([*tmp_path.glob("*.txt")]) < 3  # the job in hand may end well


@pytest.mark.parametrize(
    ("before", "missing"),
    [
        pytest.param("del workflow.scheduler.job_rate_limiter", "job_rate_limiter", id="limiter"),
        pytest.param(
            "signal.signal(signal.SIGTERM, signal.SIG_DFL)", "exit_gracefully", id="handler"
        ),
        pytest.param(
            "workflow.scheduler.exit_gracefully = None", "exit_gracefully", id="exit_gracefully"
        ),
    ],
)
def test_another_scheduler_is_refused(tmp_path: Path, before: str, missing: str) -> None:
    said = run(tmp_path, before=before)
    assert "error: this Snakemake works in another way" in said
    assert missing in said
    assert "Traceback" not in said
    assert not [*tmp_path.glob("*.txt")]


JOBS = 5

# Each call is a line, so that a test can count them.
COUNTED = """
import inspect, sys
from threads_or_processes.pipeline.snakemake_patches import hasten

{first}
inspect_function = inspect.signature

def inspected(function, *args, **kwargs):
    print("inspected:", function.__name__, file=sys.stderr)
    return inspect_function(function, *args, **kwargs)

inspect.signature = inspected

def needed(wildcards):
    return []

def amount(wildcards):
    print("made: amount", file=sys.stderr)
    return 1

rule all:
    input: expand("{{job}}.txt", job=range({jobs}))

rule job:
    input: needed
    output: "{{job}}.txt"
    params: amount=amount
    shell: "echo {{params.amount}} > {{output}}"
"""


def test_a_dry_run_inspects_no_function_for_each_job_and_makes_no_parameters(
    tmp_path: Path,
) -> None:
    said = {}
    for first in ("hasten()", "pass"):
        (tmp_path / "Snakefile").write_text(
            COUNTED.format(first=first, jobs=JOBS), encoding="utf-8"
        )
        said[first] = snakemake(tmp_path, "-n", "--quiet")
    assert 0 < said["hasten()"].count("inspected: needed") < JOBS
    assert "made: amount" not in said["hasten()"]
    unpatched = [said["pass"].count(line) for line in ("inspected: needed", "made: amount")]
    assert min(unpatched) >= JOBS, "Snakemake no longer needs the patch"


# The main thread waits for jobs; another one takes the signal.
ASLEEP = """
import signal, threading, time
from types import SimpleNamespace
from threads_or_processes.pipeline.snakemake_patches import keep_awake, patch_scheduler

scheduler = SimpleNamespace(job_rate_limiter=None, exit_gracefully=lambda *_: None)
signal.signal(signal.SIGTERM, scheduler.exit_gracefully)
patch_scheduler(scheduler)
keep_awake()

def take_signal():
    time.sleep(0.5)
    signal.raise_signal(signal.SIGINT)

try:
    threading.Thread(target=take_signal, daemon=True).start()
    threading.Semaphore(0).acquire()
except KeyboardInterrupt:
    print("heard")
"""


def test_ctrl_c_ends_a_run_that_waits_for_jobs_whichever_thread_takes_it() -> None:
    said = subprocess.run(
        [sys.executable, "-c", ASLEEP], stdout=subprocess.PIPE, text=True, check=True, timeout=100
    )
    assert said.stdout == "heard\n"


class Executor:
    """As Snakemake's are: while the status of jobs is asked for, they are in no list."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []
        self.said: list[str] = []

    async def check_active_jobs(self, jobs: list[str]) -> AsyncIterator[str]:
        for job in jobs:
            if job == "runs":
                yield job
            elif job == "done":
                self.report_job_success(job)
            elif job == "failed":
                self.report_job_error(job, msg="its node failed")

    def cancel_jobs(self, jobs: list[str]) -> None:
        self.cancelled += jobs

    def report_job_success(self, job: str) -> None:
        self.said.append(job)

    def report_job_error(self, job: str, msg: str) -> None:
        self.said.append(f"{job}: {msg}")


def run_alone(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it in a thread: in this one, tests with a browser leave an event loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def patched() -> Executor:
    executor = Executor()
    patch_executor(executor)
    return executor


def test_ctrl_c_cancels_jobs_whose_status_is_being_asked_for() -> None:
    executor = patched()

    async def ask_and_cancel() -> None:
        async for _ in executor.check_active_jobs(["runs", "waits"]):
            executor.cancel_jobs([])
            return

    run_alone(ask_and_cancel())
    assert executor.cancelled == ["runs", "waits"]
    executor.cancelled.clear()
    executor.cancel_jobs(["waits", "new"])
    assert sorted(executor.cancelled) == ["new", "runs", "waits"]


def test_a_job_that_the_scheduler_does_not_tell_of_is_asked_for_again() -> None:
    executor = patched()

    async def still_active() -> list[str]:
        jobs = ["done", "runs", "failed", "not told of"]
        return [job async for job in executor.check_active_jobs(jobs)]

    assert run_alone(still_active()) == ["runs", "not told of"]
    assert executor.said == ["done", "failed: its node failed"]
