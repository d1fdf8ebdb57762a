"""`joblib.Parallel` with its default backend, loky: processes that outlive a call."""

import os
import re
import sysconfig
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.backend.synchronize import SemLock
from joblib.externals.loky.process_executor import BrokenProcessPool, TerminatedWorkerError

from threads_or_processes.trial.measured.batch import gil_enabled
from threads_or_processes.trial.models.barrier import wait_for_all
from threads_or_processes.trial.models.base import (
    Startup,
    UnreadableResultError,
    WorkerDiedError,
    check_in,
)

# As `_format_exitcodes` of loky writes them: "SIGKILL(-9), EXIT(3)".
UNREADABLE = "result has failed to un-serialize"
EXIT_CODES = re.compile(r"exit codes of the workers are \{(.*)\}")


class JoblibLoky:
    """Processes started as loky does it. One worker is none: joblib then runs tasks itself."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        if sysconfig.get_config_var("Py_GIL_DISABLED"):
            # loky starts its workers without our interpreter's flags.
            os.environ["PYTHON_GIL"] = str(int(gil_enabled()))
        if prefix := os.environ.get("SHARED_MEMORY_PREFIX"):
            # As `name_semaphores` does for the libraries that have a setting for it.
            SemLock._make_name = staticmethod(lambda: f"/{prefix}loky-{next(SemLock._rand)}")

    def start(self) -> None:
        """Enter joblib's context; the workers come with the first work."""
        self._parallel = Parallel(
            n_jobs=self._workers, backend="loky", batch_size=1, pre_dispatch="all"
        )
        self._parallel.__enter__()

    def answered(self, clock: Callable[[], int]) -> Startup:
        """Have all workers started, and wait until each has come up."""
        with ThreadPoolExecutor(1) as caller:
            return wait_for_all(
                self._workers,
                clock,
                lambda folder: [caller.submit(self.map, check_in, [folder] * self._workers)],
            )

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call each item, one a dispatch."""
        try:
            results: list[Any] = self._parallel(delayed(function)(item) for item in items)
        except TerminatedWorkerError as death:
            codes = EXIT_CODES.search(str(death))
            ended = codes[1] if codes else "unknown"
            raise WorkerDiedError(f"a worker process of joblib has ended: {ended}") from death
        except BrokenProcessPool as broken:
            if UNREADABLE not in str(broken):
                raise
            raise UnreadableResultError.of(broken.__cause__) from broken
        return results

    def stop(self) -> None:
        """Leave joblib's context, end the workers that it keeps, and wait until they are gone."""
        self._parallel.__exit__(None, None, None)
        get_reusable_executor(reuse=True).shutdown(wait=True)
