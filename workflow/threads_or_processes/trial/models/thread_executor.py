"""`concurrent.futures.ThreadPoolExecutor`."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from threads_or_processes.trial.models.base import Startup, announce, await_announcements
from threads_or_processes.trial.models.executor import ExecutorModel


class ThreadExecutor(ExecutorModel):
    """An executor of threads."""

    def _new_executor(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._workers)

    def answered(self, clock: Callable[[], int]) -> Startup:
        """A meeting in memory: threads start so fast that pipes would be seen in their times."""
        ready, all_are_here = threading.Semaphore(0), threading.Event()

        def attend() -> None:
            announce(ready)
            all_are_here.wait()

        invitations = [self._executor.submit(attend) for _ in range(self._workers)]
        startup = await_announcements(ready, self._workers, clock)
        all_are_here.set()
        wait(invitations)
        return startup
