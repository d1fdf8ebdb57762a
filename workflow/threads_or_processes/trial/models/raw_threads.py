"""`threading.Thread`, one an item, started and joined in every repetition, as the notebook."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from threads_or_processes.trial.models.base import Startup, announce, await_announcements


class Outcome(NamedTuple):
    """What a thread came to: a value, or what it raised."""

    value: Any = None
    error: BaseException | None = None


class RawThreads:
    """Threads without a pool: creating and joining them is part of every repetition."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def start(self) -> None:
        """Nothing to create ahead: `map` makes its own threads."""

    def answered(self, clock: Callable[[], int]) -> Startup:
        """Start as many threads as will work, have each answer, and join them."""
        ready = threading.Semaphore(0)
        greeters = [threading.Thread(target=announce, args=(ready,)) for _ in range(self._workers)]
        for thread in greeters:
            thread.start()
        startup = await_announcements(ready, self._workers, clock)
        for thread in greeters:
            thread.join()
        return startup

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Start one thread an item and join them all; the first exception of a thread is raised."""
        outcomes = [Outcome() for _ in items]

        def work(place: int, item: Any) -> None:
            try:
                outcomes[place] = Outcome(value=function(item))
            except BaseException as error:
                outcomes[place] = Outcome(error=error)

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(items)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
        return [outcome.value for outcome in outcomes]

    def stop(self) -> None:
        """The threads ended with their items."""
