"""The executors of `concurrent.futures`; that of processes has a module of its own."""

import abc
import concurrent.futures
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from typing import Any

from threads_or_processes.trial.models.barrier import wait_for_all
from threads_or_processes.trial.models.base import Startup, announce, await_announcements, check_in


class ExecutorModel(abc.ABC):
    """An executor; a subclass says of which kind. It starts workers only as work arrives."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    @abc.abstractmethod
    def _new_executor(self) -> Executor:
        """A new executor of `self._workers` workers."""

    def start(self) -> None:
        """Create the executor."""
        self._executor = self._new_executor()

    def answered(self, clock: Callable[[], int]) -> Startup:
        """Have all workers started, and wait until each has come up."""
        return wait_for_all(
            self._workers,
            clock,
            lambda folder: [self._executor.submit(check_in, folder) for _ in range(self._workers)],
        )

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Map the items, one a dispatch."""
        return list(self._executor.map(function, items))

    def stop(self) -> None:
        """Shut down, as leaving `with` does: wait until the workers are gone."""
        self._executor.shutdown()


class ThreadExecutor(ExecutorModel):
    """An executor of threads."""

    def _new_executor(self) -> Executor:
        return ThreadPoolExecutor(self._workers)

    def answered(self, clock: Callable[[], int]) -> Startup:
        """A barrier in memory: threads start so fast that pipes would be seen in their times."""
        ready, all_are_here = threading.Semaphore(0), threading.Event()

        def check_in() -> None:
            announce(ready)
            all_are_here.wait()

        submitted = [self._executor.submit(check_in) for _ in range(self._workers)]
        startup = await_announcements(ready, self._workers, clock)
        all_are_here.set()
        wait(submitted)
        return startup


class Interpreters(ExecutorModel):
    """An executor of threads, each in an interpreter of its own; tasks and results are pickled."""

    def _new_executor(self) -> Executor:
        new = concurrent.futures.InterpreterPoolExecutor  # type: ignore[attr-defined]
        executor: Executor = new(self._workers)
        return executor
