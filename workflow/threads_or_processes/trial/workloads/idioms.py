"""Idioms of the standard library that share objects or a lock between all threads."""

import copy
import functools
import threading
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

from threads_or_processes.trial.workloads.registry import register

register_idiom = partial(register, kind="shared state")


class _Light(Enum):
    RED = 1
    GREEN = 2
    AMBER = 3


class _Number:
    RED = 1
    GREEN = 2
    AMBER = 3


def _run_lights(lights: Any, size: int) -> int:
    """Steps of a state machine; how often it was green."""
    state, greens = lights.RED, 0
    for _ in range(size):
        if state is lights.RED:
            state = lights.GREEN
            greens += 1
        elif state is lights.GREEN:
            state = lights.AMBER
        else:
            state = lights.RED
    return greens


@register_idiom(
    title="Enum members as states",
    unit="step of a state machine",
    why="Enums are how Python names states and options. All threads use the same members.",
    expected="Threads: no speedup on 3.13. A slowdown on 3.13t, where each use of a member "
    "changes its reference count. Processes: a speedup with each core.",
    source="python/cpython#139103",
    contended=True,
)
def enum_members(task: int, size: int) -> int:
    """Run a state machine of this task's own, its states members of an Enum."""
    return _run_lights(_Light, size) + task


@register_idiom(
    title="Integers as states",
    unit="step of a state machine",
    why="The same steps. Small integers are immortal: they have no reference count to update.",
    expected="Threads: no speedup on 3.13; on 3.13t a speedup with each core, as with processes.",
    source="python/cpython#139103",
    remedy_of="enum_members",
)
def enum_numbers(task: int, size: int) -> int:
    """Run the same state machine, its states whole numbers."""
    return _run_lights(_Number, size) + task


# More than a cache remembers, so that it never has the answer.
KEYS = 200


def _score(number: int) -> int:
    """Some microseconds of arithmetic."""
    score = number
    for step in range(10):
        score = (score * 31 + step) % 65_521
    return score


def _scores(score: Callable[[int], int], task: int, size: int) -> int:
    keys = range(task * KEYS, (task + 1) * KEYS)
    return sum(score(key) for _ in range(size) for key in keys)


_cached_score = functools.lru_cache(maxsize=128)(_score)


@register_idiom(
    title="One shared lru_cache",
    unit="200 calls",
    why="One cache for all threads. Every call misses it.",
    expected="Threads: no speedup on 3.13, nor on 3.13t, where the cache stays locked while the "
    "function runs (until 3.14). Processes: a speedup with each core.",
    source="python/cpython#131757",
    contended=True,
)
def lru_cache(task: int, size: int) -> int:
    """Call a function through a cache that is too small to remember a task's 200 keys."""
    return _scores(_cached_score, task, size)


_of_thread = threading.local()


@register_idiom(
    title="One lru_cache per thread",
    unit="200 calls",
    why="The same calls, but no thread waits for another's cache.",
    expected="Threads: no speedup on 3.13; on 3.13t as much as without a cache.",
    source="python/cpython#131757",
    remedy_of="lru_cache",
)
def lru_cache_each(task: int, size: int) -> int:
    """The same, through a cache that only this thread has."""
    if not hasattr(_of_thread, "score"):
        _of_thread.score = functools.lru_cache(maxsize=128)(_score)
    return _scores(_of_thread.score, task, size)


Order = dict[str, Any]


def _order(task: int) -> Order:
    lines = [{"n": n, "price": n * 1.25, "tags": ["new", "paid"]} for n in range(6)]
    return {"id": task, "lines": lines}


def _copies(copied: Callable[[Order], Order], task: int, size: int) -> int:
    order, lines = _order(task), 0
    for _ in range(size):
        lines += len(copied(order)["lines"])
    return lines + task


@register_idiom(
    title="Copies with deepcopy",
    unit="record with 6 lines",
    why="Each task copies its own record, but all share the lookup tables of the module `copy`.",
    expected="Threads: no speedup on 3.13 and little on 3.13t, where they contend for these "
    "tables. Processes: a speedup with each core.",
    source="python/cpython#132657",
)
def deepcopy(task: int, size: int) -> int:
    """Copy a nested record of this task's own with `copy.deepcopy`, `size` times."""
    return _copies(copy.deepcopy, task, size)


def _by_hand(order: Order) -> Order:
    lines = [{**line, "tags": list(line["tags"])} for line in order["lines"]]
    return {"id": order["id"], "lines": lines}


@register_idiom(
    title="Hand-written copies",
    unit="record with 6 lines",
    why="The same copies, by code that knows the record. It is also many times as fast.",
    expected="Threads: no speedup on 3.13; on 3.13t a speedup with each core, as with processes.",
    source="python/cpython#132657",
    remedy_of="deepcopy",
)
def copy_by_hand(task: int, size: int) -> int:
    """Copy the same record with a function written for it, `size` times."""
    return _copies(_by_hand, task, size)
