"""Shared state: tasks that change one object together."""

from collections import Counter
from typing import Any

from workflow.trial.needs import Need
from workflow.trial.workloads.registry import register

_shared: list[int] = []


def shared_append(task: int, size: int) -> int:
    """Append `size` times to one list that all workers share, as the notebook's `data.append`."""
    append = _shared.append
    for _ in range(size):
        append(task)
    return size


def _counts() -> list[Any]:
    """How many entries each task left: a lost append would show here."""
    return sorted(Counter(_shared).items())


register(
    shared_append,
    title="Appending to one shared list",
    kind="shared state",
    unit="append",
    why="The notebook's `data.append`: safe in threads, but does it scale?",
    expected="No append is lost on any arm. Gains nothing on 3.13; on 3.13t the list's own lock is "
    "contended and threads may be slower than one.",
    needs=frozenset({Need.ONE_MEMORY}),
    before_batch=_shared.clear,
    after_batch=_counts,
)
