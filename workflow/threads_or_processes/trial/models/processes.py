"""`multiprocess.Pool` with an explicit start method."""

import multiprocess

from threads_or_processes.trial.models.pool import ProcessPoolModel


class Processes(ProcessPoolModel):
    """A pool of processes started by `fork`, `forkserver` or `spawn`; it pickles with dill."""

    def __init__(self, workers: int, start_method: str) -> None:
        super().__init__(workers, multiprocess.get_context(start_method))
