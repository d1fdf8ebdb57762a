"""`asyncio`: one event loop in the main thread."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from threads_or_processes.trial.models.base import Startup


class EventLoop:
    """A loop that runs at most so many coroutines at a time as there are workers."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def start(self) -> None:
        """Create the loop."""
        self._runner = asyncio.Runner()
        self._runner.get_loop()

    def answered(self, clock: Callable[[], int]) -> Startup:
        """Run as many coroutines as will work."""

        async def answer(_item: object) -> int:
            return clock()

        readings = self.map(answer, range(self._workers))
        return Startup(readings[0], readings[-1])

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Await `function` of each item; whichever worker is free takes the next."""
        return self._runner.run(_run(function, items, self._workers))

    def stop(self) -> None:
        """Close the loop; cancels what still runs after an error."""
        self._runner.close()


async def _run(function: Callable[[Any], Any], items: Sequence[Any], workers: int) -> list[Any]:
    results: list[Any] = [None] * len(items)

    async def work(waiting: Iterable[tuple[int, Any]]) -> None:
        for place, item in waiting:
            results[place] = await function(item)

    waiting = iter(enumerate(items))
    await asyncio.gather(*(work(waiting) for _ in range(workers)))
    return results
