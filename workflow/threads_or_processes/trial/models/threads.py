"""`multiprocess.pool.ThreadPool`: the dispatch code of `multiprocess.Pool`, with threads."""

import threading
from typing import Any

from multiprocess.pool import ThreadPool

from threads_or_processes.trial.models.pool import PoolModel


class Threads(PoolModel):
    """A pool of threads."""

    def _new_semaphore(self) -> Any:
        return threading.Semaphore(0)

    def _new_pool(self, **arguments: Any) -> Any:
        return ThreadPool(**arguments)
