"""Tasks whose sending is the subject: empty ones, and ones of a given or an unequal length."""

import functools
import random

from threads_or_processes.trial.workloads.registry import Batch, Dispatch, register


@register(
    title="Nothing at all",
    kind="dispatch",
    unit="empty task",
    why="What remains is the price of the workers: starting them, reaching them, ending them.",
    expected="Threads are up at once, forked processes soon, spawned ones after as long as an "
    "interpreter takes to start.",
)
def empty(task: int) -> int:
    """Do nothing."""
    return task


@register(
    title="Nothing, a thousand times one by one",
    kind="dispatch",
    unit="empty task",
    why="The price of sending one task and of getting its result back.",
    expected="Microseconds in threads, more in processes, where both are pickled. Contention for "
    "the pool's queue makes it dearer on 3.13t.",
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
    title="Tasks of a given length, one by one",
    kind="CPU, holds the GIL",
    unit="step",
    why="How long a task must be to be worth sending: the same work in many tasks or in few.",
    expected="Short tasks gain nothing, as sending costs more than doing. Processes need longer "
    "ones than threads do.",
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
    why="Few tasks take most of the time, and who gets them is the last to finish.",
    expected="Gains less than equal tasks do, by the share of the longest chunk.",
)
def imbalanced(task: int, size: int) -> int:
    """Compute for as long as this task's weight says."""
    return _spin(size * weight(task)) + task


@register(
    title="Unequal tasks, one by one",
    kind="CPU, holds the GIL",
    unit="step",
    why="Whoever is free takes the next task.",
    expected="Gains more than equal chunks do, down to the length of the longest task.",
    remedy_of="imbalanced",
    dispatch=Dispatch.SINGLE,
)
def imbalanced_single(task: int, size: int) -> int:
    """The same, as a task that is sent on its own."""
    return imbalanced(task, size)
