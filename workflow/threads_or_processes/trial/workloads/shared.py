"""Shared state: tasks that change one object together."""

import queue
import threading
from functools import partial
from typing import Any

from threads_or_processes.trial.needs import Need
from threads_or_processes.trial.workloads.registry import register

register_shared = partial(
    register, kind="shared state", needs=frozenset({Need.ONE_MEMORY}), contended=True
)

_list: list[int] = []


@register_shared(
    title="Appends to one shared list",
    unit="append",
    why="The notebook's `data.append`: safe in threads, but does it scale?",
    expected="No append is lost on any build. Threads: no speedup on 3.13. On 3.13t they contend "
    "for the list's own lock, and two may be slower than one.",
    before_batch=_list.clear,
    after_batch=lambda: [len(_list)],
    counts_updates=True,
)
def shared_append(task: int, size: int) -> int:
    """Append `size` times to one list that all workers share, as the notebook's `data.append`."""
    append = _list.append
    for _ in range(size):
        append(task)
    return size


_dict: dict[int, int] = {}
KEYS = 32  # for each task, and no other task's


@register_shared(
    title="Updates of one shared dict",
    unit="32 updates",
    why="A common table of results, or a cache, where each worker has its own keys.",
    expected="No update is lost on any build. Threads: no speedup on 3.13. On 3.13t they contend "
    "for the dict's own lock, and two may be slower than one.",
    before_batch=_dict.clear,
    after_batch=lambda: [sum(_dict.values())],
    counts_updates=True,
)
def shared_dict(task: int, size: int) -> int:
    """Count up the values of keys that are this task's own, in one dict that all workers share."""
    counts = _dict
    keys = range(task * KEYS, (task + 1) * KEYS)
    for _ in range(size):
        for key in keys:
            counts[key] = counts.get(key, 0) + 1
    return size * KEYS


class _Counter:
    """A number that several threads count up."""

    def __init__(self) -> None:
        self.value = 0
        self.lock = threading.Lock()

    def reset(self) -> None:
        self.value = 0

    def read(self) -> list[Any]:
        return [self.value]


_counter = _Counter()


@register_shared(
    title="Counter with a lock",
    unit="increment",
    why="The correct way to share a counter, and its cost.",
    expected="No increment is lost on any build. Threads: no speedup on 3.13, and a slowdown on "
    "3.13t, where they wait for each other.",
    before_batch=_counter.reset,
    after_batch=_counter.read,
    counts_updates=True,
)
def counter_locked(task: int, size: int) -> int:
    """Count up one number `size` times, each time under its lock."""
    del task  # all do the same
    counter = _counter
    for _ in range(size):
        with counter.lock:
            counter.value += 1
    return size


@register_shared(
    title="Unsynchronised counter",
    unit="increment",
    why="A data race that the GIL usually hides. The result is the number of lost increments, not "
    "the time.",
    expected="None is lost on 3.13, where no thread switch happens inside this statement; that is "
    "an implementation detail. Many are lost on 3.13t.",
    before_batch=_counter.reset,
    after_batch=_counter.read,
    counts_updates=True,
    may_lose_updates=True,
)
def counter_unlocked(task: int, size: int) -> int:
    """Count up one number `size` times, without any care."""
    del task  # all do the same
    counter = _counter
    for _ in range(size):
        counter.value += 1
    return size


_queue: queue.Queue[int] = queue.Queue()


@register_shared(
    title="One shared queue",
    unit="put and get",
    why="How threads pass work to each other, and how thread pools work inside.",
    expected="Threads: no speedup on 3.13. On 3.13t they contend for the queue's lock, and two "
    "may be slower than one.",
    # Nobody's items are left: each task gets as many as it puts.
    after_batch=lambda: [_queue.qsize()],
)
def shared_queue(task: int, size: int) -> int:
    """Put an item into one queue that all workers share and get one out, `size` times."""
    items = _queue
    for _ in range(size):
        items.put(task)
        items.get()
    return size
