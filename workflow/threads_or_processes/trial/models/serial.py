"""No workers: the tasks one after another in the main thread. The baseline of every speed-up."""

from collections.abc import Callable, Sequence
from typing import Any

from threads_or_processes.trial.models.base import Startup


class Serial:
    """A plain loop."""

    def start(self) -> None:
        """Nothing to create."""

    def answered(self, clock: Callable[[], int]) -> Startup:
        """The main thread is always there."""
        now = clock()
        return Startup(now, now)

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Run them here."""
        return [function(item) for item in items]

    def stop(self) -> None:
        """Nothing to tear down."""
