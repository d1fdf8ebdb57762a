"""The pools of `multiprocess` and `multiprocessing`, of threads and of processes.

A model imports its library itself: the standard library's pools load no dill.
"""

import abc
import multiprocessing
import threading
from collections.abc import Callable, Sequence
from typing import Any

from threads_or_processes.trial.models.base import (
    PATIENCE_S,
    Startup,
    UnreadableResultError,
    WorkerProcess,
    announce,
    await_announcements,
    check_alive,
    name_semaphores,
)


class PoolModel(abc.ABC):
    """A pool; a subclass says of which kind."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    @abc.abstractmethod
    def _new_semaphore(self) -> Any:
        """A semaphore of value 0 that the workers can release."""

    @abc.abstractmethod
    def _new_pool(self, **arguments: Any) -> Any:
        """A new pool, given its number of workers and their initializer."""

    def _processes(self, pool: Any) -> Sequence[WorkerProcess]:
        """The pool's worker processes: a pool replaces one that dies and forgets its work."""
        del pool
        return ()

    def start(self) -> None:
        """Create the pool."""
        self._ready = self._new_semaphore()
        self._pool = self._new_pool(
            processes=self._workers, initializer=announce, initargs=(self._ready,)
        )
        self._born = self._processes(self._pool)

    def answered(self, clock: Callable[[], int]) -> Startup:
        """Wait for every worker's announcement."""
        return await_announcements(self._ready, self._workers, clock, self._check)

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Map the items, one a dispatch."""
        coming = self._pool.map_async(function, items, chunksize=1)
        coming.wait(PATIENCE_S)
        while not coming.ready():
            self._check()
            coming.wait(PATIENCE_S)
        results: list[Any] = coming.get()
        return results

    def stop(self) -> None:
        """Terminate, as leaving `with` does, and join."""
        self._pool.terminate()
        self._pool.join()

    def _check(self) -> None:
        """Raise for what would let us wait for ever."""
        check_alive(self._born)
        if not self._pool._result_handler.is_alive():
            # The pool's thread that reads results has ended; no other will arrive.
            raise UnreadableResultError(
                "its pickle can't be loaded; the traceback of the thread that tried is on standard "
                "error"
            )


class ProcessPoolModel(PoolModel):
    """A pool of processes, of whichever library the context is from."""

    def __init__(self, workers: int, context: Any) -> None:
        super().__init__(workers)
        self._context = context
        name_semaphores(context)

    def _new_semaphore(self) -> Any:
        return self._context.Semaphore(0)

    def _new_pool(self, **arguments: Any) -> Any:
        return self._context.Pool(**arguments)

    def _processes(self, pool: Any) -> Sequence[WorkerProcess]:
        return list(pool._pool)


class Threads(PoolModel):
    """`multiprocess.pool.ThreadPool`: the dispatch code of `multiprocess.Pool`, with threads."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        from multiprocess.pool import ThreadPool

        self._new_thread_pool = ThreadPool

    def _new_semaphore(self) -> Any:
        return threading.Semaphore(0)

    def _new_pool(self, **arguments: Any) -> Any:
        return self._new_thread_pool(**arguments)


class Processes(ProcessPoolModel):
    """A pool of processes started by `fork`, `forkserver` or `spawn`; it pickles with dill."""

    def __init__(self, workers: int, start_method: str) -> None:
        import multiprocess

        super().__init__(workers, multiprocess.get_context(start_method))


class StdlibProcesses(ProcessPoolModel):
    """`multiprocessing.Pool`: as `Processes`, but it pickles with pickle."""

    def __init__(self, workers: int, start_method: str) -> None:
        super().__init__(workers, multiprocessing.get_context(start_method))
