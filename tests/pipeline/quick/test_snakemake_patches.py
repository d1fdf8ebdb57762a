"""What is patched in Snakemake's scheduler."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from threads_or_processes.pipeline.snakemake_patches import patch_scheduler


class LockedScheduler:
    """Handles SIGTERM as Snakemake's does: under the lock that its main thread holds at times."""

    def __init__(self) -> None:
        self.job_rate_limiter: object = "a limit"
        self.lock = threading.Lock()
        self.left = threading.Event()

    def exit_gracefully(self, *_: object) -> None:
        with self.lock:
            self.left.set()


@pytest.fixture
def scheduler() -> Iterator[LockedScheduler]:
    before = signal.getsignal(signal.SIGTERM)
    yield LockedScheduler()
    signal.signal(signal.SIGTERM, before)


def test_no_limit_looks_at_the_waiting_jobs_beside_a_trial(scheduler: LockedScheduler) -> None:
    patch_scheduler(scheduler)
    assert scheduler.job_rate_limiter is None


def test_sigterm_in_the_middle_of_a_scheduling_round_ends_the_run(
    scheduler: LockedScheduler,
) -> None:
    patch_scheduler(scheduler)
    with scheduler.lock:
        os.kill(os.getpid(), signal.SIGTERM)
        assert not scheduler.left.is_set()
    assert scheduler.left.wait(timeout=60)
