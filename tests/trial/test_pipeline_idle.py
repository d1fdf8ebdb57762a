"""What the pipeline does beside a trial is waited for, counted and recorded."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from threads_or_processes.trial.supervisor.pipeline_idle import (
    IDLE_NS,
    ancestors,
    await_idle,
    cpu_ns,
)


@pytest.fixture
def busy() -> Iterator[int]:
    """A process that never rests."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield process.pid
    process.kill()
    process.wait()


def test_the_nearest_ancestor_is_the_parent_and_the_first_process_is_none() -> None:
    found = ancestors()
    assert found[0] == os.getppid()
    assert 1 not in found


def test_cpu_time_of_another_process_grows_while_it_works(busy: int) -> None:
    before = cpu_ns([busy])
    while cpu_ns([busy]) - before < IDLE_NS:
        os.sched_yield()


def test_a_process_that_is_gone_counts_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert cpu_ns([gone.pid]) == 0


def test_a_process_that_only_waits_for_a_cpu_is_not_idle(busy: int) -> None:
    os.sched_setscheduler(busy, os.SCHED_IDLE, os.sched_param(0))
    assert await_idle([busy], patience_s=0.1) >= 0.1e9


def test_idle_is_waited_for_but_not_for_ever(busy: int) -> None:
    patience_s = 0.1
    assert await_idle([busy], patience_s) >= patience_s * 1e9
    assert await_idle([], patience_s=60) < 60e9
