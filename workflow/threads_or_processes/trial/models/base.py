"""What every model of execution offers the timing code."""

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Startup(NamedTuple):
    """Nanoseconds from the call until the first, and until every, worker has answered."""

    first_result_ns: int
    setup_ns: int


class Model(Protocol):
    """Workers that run functions. Made once for a trial; `start` and `stop` may follow each other.

    The items are a batch's chunks, one for each worker, or single tasks. In a model of coroutines
    the function is one.
    """

    def start(self) -> None:
        """Create the workers and return; they may still be coming up."""

    def answered(self, clock: Callable[[], int]) -> Startup:
        """After `start`: wait until every worker has answered once; `clock` readings, not spans."""

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Run `function` on each item, one dispatch an item; results in the order of the items.

        Raises what the function raised, and `WorkerDiedError` when a worker process has ended.
        """

    def stop(self) -> None:
        """Tear the workers down and wait until they are gone."""


class WorkerDiedError(Exception):
    """A worker process ended before its work was done."""


class UnreadableResultError(Exception):
    """A result reached the parent as a pickle, which can't be read there."""

    @classmethod
    def of(cls, remote: BaseException | str | None) -> "UnreadableResultError":
        """From the traceback, as text, of the thread that tried to read it."""
        lines = str(remote).strip(' \n"').splitlines() if remote else []
        return cls(lines[-1] if lines else "its pickle can't be loaded")


class WorkerProcess(Protocol):
    """The part of a process object that tells how it ended."""

    @property
    def pid(self) -> int | None: ...  # noqa: D102
    @property
    def exitcode(self) -> int | None: ...  # noqa: D102


def check_alive(processes: Iterable[WorkerProcess]) -> None:
    """Raise `WorkerDiedError` with the story of each of these workers that has ended."""
    ended = [
        f"worker process {process.pid} {_ending(process.exitcode)}"
        for process in processes
        if process.exitcode is not None
    ]
    if ended:
        raise WorkerDiedError("; ".join(ended))


def _ending(exit_code: int | None) -> str:
    if exit_code is not None and -exit_code in {*signal.Signals}:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"


# How often a wait that should be short looks whether a worker has died meanwhile.
PATIENCE_S = 0.5


def name_semaphores(context: Any) -> None:
    """Begin the names of a library's semaphores with the trial's prefix.

    Those of a trial that is killed stay behind; by their names they can be removed.
    """
    if prefix := os.environ.get("SHARED_MEMORY_PREFIX"):
        context.current_process()._config["semprefix"] = f"/{prefix}"


Semaphore = Any  # of threading or of a multiprocess context: both have acquire and release


def announce(ready: Semaphore) -> None:
    """A worker's first act: tell the parent that it is there."""
    ready.release()


# The two pipes of the barrier, by name so that workers of any descent find them.
ARRIVALS = "arrivals"
DEPARTURES = "departures"


def check_in(folder: str) -> None:
    """A worker's part of the barrier: tell that it has come, and stay until all have."""
    with Path(folder, ARRIVALS).open("wb", buffering=0) as arrivals:
        arrivals.write(b".")
    with Path(folder, DEPARTURES).open("rb", buffering=0) as departures:
        departures.read(1)


def await_announcements(
    ready: Semaphore,
    workers: int,
    clock: Callable[[], int],
    check: Callable[[], None] = lambda: None,
) -> Startup:
    """Clock readings when the first and the last of `workers` announcements arrived.

    `check` is called again and again while waiting, to raise for a worker that can't come any more.
    """

    def arrival() -> int:
        while not ready.acquire(timeout=PATIENCE_S):
            check()
        return clock()

    arrivals = [arrival() for _ in range(workers)]
    return Startup(arrivals[0], arrivals[-1])
