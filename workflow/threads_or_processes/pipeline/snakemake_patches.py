"""Two things that Snakemake's scheduler must not do while trials run.

Both reach into an inner part of Snakemake, as it is in the pinned 9.27. No option does the same:
every value of `--max-jobs-per-timespan` starts a timer for each job.
"""

import signal
import threading
from importlib.metadata import version
from typing import Any

from threads_or_processes.common.errors import UserError


def patch_scheduler(scheduler: Any) -> None:
    """Leave the trials alone, and let SIGTERM end the run.

    With its limit on jobs a second, Snakemake looks at all waiting jobs again and again, more often
    with each job that is done: measured, more than half a CPU, beside the trials.

    Its SIGTERM handler takes a lock that the interrupted main thread may hold itself, which then
    waits for ever; from a thread of its own the handler just waits its turn.

    Raises `UserError` where the scheduler is not the one that this was written for.
    """
    if not hasattr(scheduler, "job_rate_limiter"):
        raise _unknown("its scheduler has no job_rate_limiter, which would disturb the trials")
    handler = getattr(scheduler, "exit_gracefully", None)
    if handler is None or signal.getsignal(signal.SIGTERM) != handler:
        raise _unknown("its scheduler does not end on SIGTERM by exit_gracefully")
    scheduler.job_rate_limiter = None

    def leave(*_: object) -> None:
        threading.Thread(target=handler).start()

    signal.signal(signal.SIGTERM, leave)


def _unknown(what: str) -> UserError:
    return UserError(
        f"this Snakemake works in another way than 9.27: {what}",
        where=f"Snakemake {version('snakemake')}",
        hint="install the version of requirements.lock: make env",
    )
