"""What every model of execution offers the timing code."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from workflow.trial.batch import Chunk, ChunkReport


class Startup(NamedTuple):
    """Nanoseconds from the call until the first, and until every, worker has answered."""

    first_result_ns: int
    setup_ns: int


class Model(Protocol):
    """Workers that run chunks. Made once for a trial; `start` and `stop` may follow each other."""

    def start(self) -> None:
        """Create the workers and return; they may still be coming up."""

    def answered(self, clock: Callable[[], int]) -> Startup:
        """After `start`: wait until every worker has answered once; `clock` readings, not spans."""

    def run(self, chunks: Sequence[Chunk]) -> list[ChunkReport]:
        """Run one chunk on each worker; reports in the order of the chunks."""

    def stop(self) -> None:
        """Tear the workers down and wait until they are gone."""


Semaphore = Any  # of threading or of a multiprocess context: both have acquire and release


def announce(ready: Semaphore) -> None:
    """A worker's first act: tell the parent that it is there."""
    ready.release()


def await_announcements(ready: Semaphore, workers: int, clock: Callable[[], int]) -> Startup:
    """Clock readings when the first and the last of `workers` announcements arrived."""
    ready.acquire()
    first = clock()
    for _ in range(workers - 1):
        ready.acquire()
    return Startup(first, clock())
