"""`multiprocessing.Pool` with an explicit start method: as `processes`, but for the pickler."""

import multiprocessing

from threads_or_processes.trial.models.pool import ProcessPoolModel


class StdlibProcesses(ProcessPoolModel):
    """A pool of processes started by `fork`, `forkserver` or `spawn`; it pickles with pickle."""

    def __init__(self, workers: int, start_method: str) -> None:
        super().__init__(workers, multiprocessing.get_context(start_method))
