"""The pools of `pools.py` with workers that stay on one CPU each."""

import itertools
import os
from collections.abc import Collection, Sequence
from typing import Any

from threads_or_processes.records.topology import Cpus
from threads_or_processes.trial.models.pools import PoolModel, Processes, Threads
from threads_or_processes.trial.topology import cores_of


class PinnedPool(PoolModel):
    """A pool whose parent pins worker n to the n-th CPU of `in_turn`; the parent stays free.

    Raises `OSError` where the system forbids it; a plan has no such cell (`Lack.PINNING`).
    """

    def start(self) -> None:
        """Create the pool and pin its workers; they may still be coming up."""
        super().start()
        cpus = os.sched_getaffinity(0)
        for worker, cpu in zip(
            self._pool._pool, itertools.cycle(in_turn(cpus, cores_of(cpus))), strict=False
        ):
            os.sched_setaffinity(_kernel_id(worker), {cpu})


def in_turn(cpus: Collection[int], cores: Sequence[Cpus]) -> list[int]:
    """The CPUs in the order of workers: one of each core, then the second ones of each.

    `cores` holds the CPUs of each core; where it is empty, each CPU counts as one.
    """
    ranked = [pair for core in cores for pair in enumerate(core)]
    return [cpu for _, cpu in sorted(ranked)] or sorted(cpus)


def _kernel_id(worker: Any) -> int:
    """What the kernel schedules: a thread, or the main thread of a process."""
    return int(getattr(worker, "native_id", None) or worker.pid)


class PinnedThreads(PinnedPool, Threads):
    """As `Threads`."""


class PinnedProcesses(PinnedPool, Processes):
    """As `Processes`."""
