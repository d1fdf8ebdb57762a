"""`threading.Thread`, one a chunk, started and joined in every repetition, as the notebook."""

import threading
from collections.abc import Callable, Sequence

from workflow.trial.batch import Chunk, ChunkReport, run_chunk
from workflow.trial.models.base import Startup, announce, await_announcements


class RawThreads:
    """Threads without a pool: creating and joining them is part of every repetition."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def start(self) -> None:
        """Nothing to create ahead: `run` makes its own threads."""

    def answered(self, clock: Callable[[], int]) -> Startup:
        """Start as many threads as will work, have each answer, and join them."""
        ready = threading.Semaphore(0)
        greeters = [threading.Thread(target=announce, args=(ready,)) for _ in range(self._workers)]
        for thread in greeters:
            thread.start()
        startup = await_announcements(ready, self._workers, clock)
        for thread in greeters:
            thread.join()
        return startup

    def run(self, chunks: Sequence[Chunk]) -> list[ChunkReport]:
        """Start one thread a chunk and join them all; the first exception of a thread is raised."""
        outcomes: list[ChunkReport | BaseException | None] = [None] * len(chunks)

        def work(place: int, chunk: Chunk) -> None:
            try:
                outcomes[place] = run_chunk(chunk)
            except BaseException as error:
                outcomes[place] = error

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(chunks)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [_report(outcome) for outcome in outcomes]

    def stop(self) -> None:
        """The threads ended with their chunks."""


def _report(outcome: ChunkReport | BaseException | None) -> ChunkReport:
    if isinstance(outcome, ChunkReport):
        return outcome
    raise outcome or RuntimeError("a thread ended without a word")
