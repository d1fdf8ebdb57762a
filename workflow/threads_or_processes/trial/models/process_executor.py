"""`concurrent.futures.ProcessPoolExecutor` with an explicit start method."""

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from threads_or_processes.trial.models.base import (
    Startup,
    UnreadableResultError,
    check_alive,
    name_semaphores,
)
from threads_or_processes.trial.models.executors import ExecutorModel

# How long a broken executor may take to end what is left of it.
ENDS_WITHIN_S = 5.0


class ProcessExecutor(ExecutorModel):
    """An executor of processes started by `fork`, `forkserver` or `spawn`."""

    _executor: ProcessPoolExecutor

    def __init__(self, workers: int, start_method: str) -> None:
        super().__init__(workers)
        self._context = multiprocessing.get_context(start_method)
        name_semaphores(multiprocessing)

    def _new_executor(self) -> ProcessPoolExecutor:
        self._cause: str | None = None
        return ProcessPoolExecutor(self._workers, mp_context=self._context)

    def answered(self, clock: Callable[[], int]) -> Startup:
        """Have all workers started, and wait until each has come up."""
        with self._telling_who_died():
            startup = super().answered(clock)
        self._note_cause()
        return startup

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Map the items, one a dispatch."""
        with self._telling_who_died():
            return super().map(function, items)

    def _note_cause(self) -> None:
        """Have the executor say why it ends its workers: a call that comes later isn't told."""
        manager = getattr(self._executor, "_executor_manager_thread", None)
        end_workers = getattr(manager, "terminate_broken", None)
        if manager is None or end_workers is None:
            return  # another version of Python: late calls are told of workers that were ended

        def note(cause: Sequence[str] | None, *others: Any) -> None:
            self._cause = "".join(cause) if cause else None
            end_workers(cause, *others)

        manager.terminate_broken = note

    @contextmanager
    def _telling_who_died(self) -> Iterator[None]:
        """Turn the executor's error, which doesn't tell, into ours."""
        try:
            yield
        except BrokenProcessPool as broken:
            processes = list((self._executor._processes or {}).values())
            # It is about to end its other workers. How the processes ended can't be asked before:
            # of two that ask a fork server at once, one gets no answer.
            ending = threading.Thread(target=self._executor.shutdown, daemon=True)
            ending.start()
            ending.join(ENDS_WITHIN_S)
            # Each is asked once: one that is alive now may be ended by the executor a moment later.
            check_alive([p for p in processes if p.exitcode not in (None, -signal.SIGTERM)])
            cause = broken.__cause__ or self._cause
            if cause is None:
                check_alive(processes)
                raise
            raise UnreadableResultError.of(cause) from broken
