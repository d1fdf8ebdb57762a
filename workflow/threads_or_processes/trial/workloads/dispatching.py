"""Tasks whose sending is the subject: empty ones, and ones of a given or an unequal length."""

import contextlib
import functools
import random
from collections.abc import Iterator
from typing import Any

from threads_or_processes.trial.workloads.registry import Batch, Dispatch, register


@register(
    title="Empty tasks",
    kind="dispatch",
    unit="empty task",
    why="What remains is the overhead of the workers: startup, dispatch and teardown.",
    expected="Startup: threads < fork < spawn, which starts a new interpreter.",
)
def empty(task: int) -> int:
    """Do nothing."""
    return task


@register(
    title="Dispatch of 1,000 empty tasks",
    kind="dispatch",
    unit="empty task",
    why="The cost of sending one task and receiving its result.",
    expected="Microseconds in threads. More in processes, which pickle both. On 3.13t, contention "
    "for the pool's queue increases the cost.",
    batch=Batch.THOUSAND,
    dispatch=Dispatch.SINGLE,
)
def dispatch(task: int) -> int:
    """Do nothing, as a task that is sent on its own."""
    return task


def _spin(steps: int) -> int:
    """Count to `steps`, in Python."""
    count = 0
    for _ in range(steps):
        count += 1
    return count


@register(
    title="Tasks of a given length",
    kind="CPU, holds the GIL",
    unit="step",
    why="How long a task must be to be worth sending. The tasks are sent one at a time.",
    expected="Short tasks: no speedup, because sending costs more than the work. Processes need "
    "longer tasks than threads.",
    batch=Batch.BY_DURATION,
    dispatch=Dispatch.SINGLE,
)
def grain(task: int, size: int, task_us: float = 1000.0) -> int:
    """Compute for about `task_us` microseconds: the calibration finds the size that takes it."""
    del task_us  # it decides how many tasks a batch has, and so the size of each
    return _spin(size) + task


# Pareto's exponent: the mean exists, the variance does not, as with lengths of jobs and files.
TAIL = 1.2
MOST = 40


@functools.cache
def weight(task: int) -> int:
    """How much longer than the shortest a task is, from 1 to 40; fixed by its number."""
    pareto = random.Random(task).paretovariate(TAIL)  # noqa: S311 - a design, not a secret
    return min(MOST, round(pareto))


@register(
    title="Unequal tasks in equal chunks",
    kind="CPU, holds the GIL",
    unit="step",
    why="A few tasks take most of the time. The worker that gets them finishes last.",
    expected="Less speedup than with equal tasks, limited by the longest chunk.",
)
def imbalanced(task: int, size: int) -> int:
    """Compute for as long as this task's weight says."""
    return _spin(size * weight(task)) + task


@register(
    title="Unequal tasks, sent one at a time",
    kind="CPU, holds the GIL",
    unit="step",
    why="The next task goes to whichever worker is free.",
    expected="More speedup than with equal chunks, limited by the longest task.",
    remedy_of="imbalanced",
    dispatch=Dispatch.SINGLE,
)
def imbalanced_single(task: int, size: int) -> int:
    """The same, as a task that is sent on its own."""
    return imbalanced(task, size)


# What the parent holds; forked workers inherit it, others find it empty.
_held: list[float] = []
# An object of 24 bytes and the pointer to it.
OBJECTS_A_MIB = 2**20 // 32


@contextlib.contextmanager
def _holding(mib: int, **_: object) -> Iterator[dict[str, Any]]:
    _held.extend(map(float, range(mib * OBJECTS_A_MIB)))
    try:
        yield {}
    finally:
        _held.clear()


@register(
    title="Reading objects that the parent loaded",
    kind="memory",
    unit="task",
    why="Programs load data, then start workers. Forked ones share it until they touch an object: "
    "its reference count is written, and the page is copied.",
    expected="Threads add nothing. Each forked worker copies nearly all of it.",
    fixture=_holding,
)
def loaded(task: int, mib: int = 100) -> int:
    """Look at every object that this process holds of the parent's `mib` MiB."""
    del mib  # it decides how much the parent holds
    for _ in _held:
        pass
    return task
