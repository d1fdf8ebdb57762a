"""`multiprocess.Pool` with an explicit start method."""

from collections.abc import Callable, Sequence

import multiprocess

from workflow.trial.batch import Chunk, ChunkReport, run_chunk
from workflow.trial.models.base import Startup, announce, await_announcements


class Processes:
    """A pool of processes started by `fork`, `forkserver` or `spawn`."""

    def __init__(self, workers: int, start_method: str) -> None:
        self._workers = workers
        self._context = multiprocess.get_context(start_method)

    def start(self) -> None:
        """Create the pool."""
        self._ready = self._context.Semaphore(0)
        self._pool = self._context.Pool(
            self._workers, initializer=announce, initargs=(self._ready,)
        )

    def answered(self, clock: Callable[[], int]) -> Startup:
        """Wait for every process's announcement."""
        return await_announcements(self._ready, self._workers, clock)

    def run(self, chunks: Sequence[Chunk]) -> list[ChunkReport]:
        """Map the chunks, one a dispatch."""
        reports: list[ChunkReport] = self._pool.map(run_chunk, chunks, chunksize=1)
        return reports

    def stop(self) -> None:
        """Terminate, as leaving `with` does, and join."""
        self._pool.terminate()
        self._pool.join()
