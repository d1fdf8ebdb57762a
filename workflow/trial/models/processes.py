"""`multiprocess.Pool` with an explicit start method."""

from collections.abc import Sequence
from typing import Any

import multiprocess

from workflow.trial.models.base import WorkerProcess
from workflow.trial.models.pool import PoolModel


class Processes(PoolModel):
    """A pool of processes started by `fork`, `forkserver` or `spawn`."""

    def __init__(self, workers: int, start_method: str) -> None:
        super().__init__(workers)
        self._context = multiprocess.get_context(start_method)

    def _new_semaphore(self) -> Any:
        return self._context.Semaphore(0)

    def _new_pool(self, **arguments: Any) -> Any:
        return self._context.Pool(**arguments)

    def _processes(self, pool: Any) -> Sequence[WorkerProcess]:
        return list(pool._pool)
