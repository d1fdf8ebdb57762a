"""A start barrier: has every worker come up, where workers are started only as work arrives."""

import os
import select
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from threads_or_processes.trial.models.base import (
    ARRIVALS,
    DEPARTURES,
    Startup,
    await_announcements,
)


def wait_for_all(
    workers: int, clock: Callable[[], int], submit: Callable[[str], Sequence[Future[Any]]]
) -> Startup:
    """Clock readings when the first and the last worker came to a barrier that none leaves early.

    `submit(folder)` submits `check_in(folder)` as many times as there are workers. As each is busy
    with one until all have come, each of them runs on a worker of its own. What one of them raises
    is raised here, also before all have come.
    """
    with (
        # The working directory of a trial is always removed.
        tempfile.TemporaryDirectory(dir=Path.cwd()) as folder,
        ExitStack() as opened,
    ):

        def gate(name: str) -> int:
            os.mkfifo(Path(folder, name))
            # For both ways: so opening doesn't wait for the other side, nor reading end with it.
            descriptor = os.open(Path(folder, name), os.O_RDWR)
            opened.callback(os.close, descriptor)
            return descriptor

        arrivals, departures = gate(ARRIVALS), gate(DEPARTURES)
        submitted = submit(folder)

        def check() -> None:
            for future in submitted:
                if future.done():
                    future.result()

        startup = await_announcements(_Arrivals(arrivals), workers, clock, check)
        os.write(departures, b"." * workers)
        wait(submitted)
        check()
        return startup


class _Arrivals:
    """A semaphore that workers release by writing a byte."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def acquire(self, timeout: float) -> bool:
        """Take one arrival; False if none came in `timeout` seconds."""
        ready, _, _ = select.select([self._descriptor], [], [], timeout)
        return bool(ready and os.read(self._descriptor, 1))
