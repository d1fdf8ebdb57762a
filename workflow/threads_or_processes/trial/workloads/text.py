"""Formats and patterns: C code of the standard library that keeps the GIL."""

import functools
import json as json_module
import pickle
import re
from typing import Any

from threads_or_processes.trial.workloads.registry import register


def _records() -> list[dict[str, Any]]:
    """Records as services exchange them."""
    return [
        {
            "id": n,
            "name": f"item {n}",
            "price": n * 1.25,
            "tags": ["a", "b", str(n)],
            "on": n % 2,
        }
        for n in range(30)
    ]


@functools.cache
def _document() -> str:
    """About 2 kB of JSON."""
    return json_module.dumps(_records())


@register(
    title="JSON parsing and writing",
    kind="C code that holds the GIL",
    unit="document",
    why="Typical of services. It runs in C, but never releases the GIL.",
    expected="Threads: no speedup on 3.13. Processes, and threads on 3.13t: a speedup with each "
    "core.",
)
def json(task: int, size: int) -> int:
    """Parse and write a document `size` times; each parse makes objects of this task's own."""
    document = _document()
    written = 0
    for _ in range(size):
        written += len(json_module.dumps(json_module.loads(document)))
    return written + task


@functools.cache
def _pickled() -> bytes:
    return pickle.dumps(_records(), protocol=5)


@register(
    title="Pickling and unpickling",
    kind="C code that holds the GIL",
    unit="30 records",
    why="Every message between processes is pickled; so are many caches and queues.",
    expected="Threads: no speedup on 3.13. Processes, and threads on 3.13t: a speedup with each "
    "core.",
)
def pickling(task: int, size: int) -> int:
    """Unpickle records and pickle them again, `size` times; the objects are this task's own."""
    pickled = _pickled()
    written = 0
    for _ in range(size):
        written += len(pickle.dumps(pickle.loads(pickled), protocol=5))  # noqa: S301 - our own
    return written + task


@functools.cache
def _log() -> str:
    """About 4 kB like a server's log."""
    return "\n".join(
        f"2024-05-{1 + n % 28:02} 10:{n % 60:02}:07 10.0.{n % 7}.{n} GET /items/{n * 37} "
        f"{(200, 404, 500)[n % 3]} {n * 13 % 997}ms"
        for n in range(64)
    )


@functools.cache
def _pattern() -> re.Pattern[str]:
    return re.compile(r"(\d+\.\d+\.\d+\.\d+) (?:GET|POST) /(\w+)/(\d+) ([45]\d\d) (\d+)ms$", re.M)


@register(
    title="Regular expressions",
    kind="C code that holds the GIL",
    unit="log of 64 lines",
    why="The search runs in C, but holds the GIL.",
    expected="Threads: no speedup on 3.13. Processes, and threads on 3.13t: a speedup with each "
    "core. On one thread, 3.13t is hardly slower: the time is spent in C.",
)
def regex(task: int, size: int) -> int:
    """Find the failed requests in a log, `size` times."""
    log, pattern = _log(), _pattern()
    found = 0
    for _ in range(size):
        found += len(pattern.findall(log))
    return found + task
