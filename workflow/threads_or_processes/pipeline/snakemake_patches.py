"""Two things that Snakemake's scheduler must not do while trials run.

Both touch an inner part of the pinned Snakemake (9.27).
"""

import signal
import threading
from typing import Any, Protocol


class Scheduler(Protocol):
    """The part of Snakemake's job scheduler that is used here."""

    job_rate_limiter: Any

    def exit_gracefully(self, *args: Any) -> None: ...  # noqa: D102


def patch_scheduler(scheduler: Scheduler) -> None:
    """Leave the trials alone, and let SIGTERM end the run.

    With its limit on jobs a second, Snakemake looks at all waiting jobs again and again, more often
    with each job that is done: measured, more than half a CPU, beside the trials.

    Its SIGTERM handler takes a lock that the interrupted main thread may hold itself, which then
    waits for ever; from a thread of its own the handler just waits its turn.
    """
    scheduler.job_rate_limiter = None

    def leave(*_: object) -> None:
        threading.Thread(target=scheduler.exit_gracefully).start()

    signal.signal(signal.SIGTERM, leave)
