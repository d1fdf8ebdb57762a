"""Text formats: C code of the standard library that keeps the GIL."""

import functools
import json as json_module

from workflow.trial.workloads.registry import register


@functools.cache
def _document() -> str:
    """About 2 kB of the JSON that services exchange."""
    return json_module.dumps(
        [
            {
                "id": n,
                "name": f"item {n}",
                "price": n * 1.25,
                "tags": ["a", "b", str(n)],
                "on": n % 2,
            }
            for n in range(30)
        ]
    )


def json(task: int, size: int) -> int:
    """Parse and write a document `size` times; each parse makes objects of this task's own."""
    document = _document()
    written = 0
    for _ in range(size):
        written += len(json_module.dumps(json_module.loads(document)))
    return written + task


register(
    json,
    title="JSON, parse and write",
    kind="C code that holds the GIL",
    unit="document",
    why="What most services spend their time on; C code, yet it never lets the lock go.",
    expected="Threads gain nothing on 3.13; processes, and threads on 3.13t, gain with each core.",
)
