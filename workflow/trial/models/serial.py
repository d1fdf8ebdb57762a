"""No workers: the tasks one after another in the main thread. The baseline of every speed-up."""

from collections.abc import Callable, Sequence

from workflow.trial.batch import Chunk, ChunkReport, run_chunk
from workflow.trial.models.base import Startup


class Serial:
    """A plain loop."""

    def start(self) -> None:
        """Nothing to create."""

    def answered(self, clock: Callable[[], int]) -> Startup:
        """The main thread is always there."""
        now = clock()
        return Startup(now, now)

    def run(self, chunks: Sequence[Chunk]) -> list[ChunkReport]:
        """Run the chunks here."""
        return [run_chunk(chunk) for chunk in chunks]

    def stop(self) -> None:
        """Nothing to tear down."""
