"""What the executors of `concurrent.futures` share."""

import abc
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any

from threads_or_processes.trial.models.barrier import meet
from threads_or_processes.trial.models.base import Startup, attend


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
        return meet(
            self._workers,
            clock,
            lambda folder: [self._executor.submit(attend, folder) for _ in range(self._workers)],
        )

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Map the items, one a dispatch."""
        return list(self._executor.map(function, items))

    def stop(self) -> None:
        """Shut down, as leaving `with` does: wait until the workers are gone."""
        self._executor.shutdown()
