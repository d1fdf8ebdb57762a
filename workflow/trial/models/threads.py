"""`multiprocess.pool.ThreadPool`: the dispatch code of `multiprocess.Pool`, with threads."""

import threading
from collections.abc import Callable, Sequence

from multiprocess.pool import ThreadPool

from workflow.trial.batch import Chunk, ChunkReport, run_chunk
from workflow.trial.models.base import Startup, announce, await_announcements


class Threads:
    """A pool of threads."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def start(self) -> None:
        """Create the pool."""
        self._ready = threading.Semaphore(0)
        self._pool = ThreadPool(self._workers, initializer=announce, initargs=(self._ready,))

    def answered(self, clock: Callable[[], int]) -> Startup:
        """Wait for every thread's announcement."""
        return await_announcements(self._ready, self._workers, clock)

    def run(self, chunks: Sequence[Chunk]) -> list[ChunkReport]:
        """Map the chunks, one a dispatch."""
        reports: list[ChunkReport] = self._pool.map(run_chunk, chunks, chunksize=1)
        return reports

    def stop(self) -> None:
        """Terminate, as leaving `with` does, and join."""
        self._pool.terminate()
        self._pool.join()
