"""Large arguments and results: between threads a reference, between processes every byte.

A task's payload is `kib` KiB: an array's buffer, or the pickle of a list of records. All payloads
of a batch are objects of their own, so that a pickle of several can't hold one of them only once.
"""

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from threads_or_processes.trial.needs import Need
from threads_or_processes.trial.workloads.registry import register

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

ARRAYS: Mapping[str, Any] = {
    "kind": "transfer",
    "expected": "Threads: no cost. Processes: it grows with the size; shared memory avoids it.",
    "needs": frozenset({Need.EXTENSION_MODULES}),
    "offers": frozenset({Need.ARRAYS}),
}
OBJECTS: Mapping[str, Any] = {
    "kind": "transfer",
    "expected": "Threads: no cost. Processes: far more than an array of the same size, since each "
    "object is pickled and rebuilt. Most of all with multiprocess, which pickles in Python.",
}


def array_payload(number: int, kib: int) -> "NDArray[int64]":
    """An array of 64-bit integers."""
    import numpy

    return numpy.arange(number, number + kib * 128, dtype=numpy.int64)


@register(
    title="Sending arrays to workers",
    unit="array",
    why="The cost of sending data to a worker when the data is one block of memory.",
    payload=array_payload,
    **ARRAYS,
)
def send_array(task: "NDArray[int64]", kib: int = 64) -> int:
    """Add up the array that was sent."""
    del kib  # the payload has this size
    return int(task.sum())


@register(
    title="Returning arrays from workers",
    unit="array",
    why="The cost of returning results when a result is one block of memory.",
    **ARRAYS,
)
def return_array(task: int, kib: int = 64) -> "NDArray[int64]":
    """Make an array and return it."""
    return array_payload(task, kib)


RECORDS_PER_KIB = 24


def objects_payload(number: int, kib: int) -> list[dict[str, Any]]:
    """A list of small dicts."""
    first = (number + 1) * 1_000_000
    return [
        {"id": first + n, "name": f"item {first + n}", "price": n * 0.25, "quantity": 1 + n % 9}
        for n in range(kib * RECORDS_PER_KIB)
    ]


@register(
    title="Sending objects to workers",
    unit="list of records",
    why="The cost of sending data to a worker when the data is many small objects.",
    payload=objects_payload,
    **OBJECTS,
)
def send_objects(task: list[dict[str, Any]], kib: int = 64) -> int:
    """Add up a number of each record that was sent."""
    del kib  # the payload has this size
    return sum(record["quantity"] for record in task)


# Made once for each task, by the worker that has the task, and then kept.
_kept_objects = functools.cache(objects_payload)


@register(
    title="Returning objects from workers",
    unit="list of records",
    why="The cost of returning results when a result is many small objects.",
    **OBJECTS,
)
def return_objects(task: int, kib: int = 64) -> list[dict[str, Any]]:
    """Return records that the worker has, each a little changed."""
    records = _kept_objects(task, kib)
    for record in records:
        record["quantity"] = task
    return records
