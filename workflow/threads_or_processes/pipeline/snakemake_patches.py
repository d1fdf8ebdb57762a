"""What Snakemake's scheduler must not do while trials run, and what it must when jobs are sent.

It reaches into an inner part of Snakemake, as it is in the pinned 9.27. No option does the same:
every value of `--max-jobs-per-timespan` starts a timer for each job.
"""

import signal
import threading
from collections.abc import AsyncIterator, Sequence
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


def patch_executor(executor: Any) -> None:
    """Let Ctrl-C cancel the jobs also while the executor asks for their status.

    It has them in no list meanwhile. They would go on alone, each with a node to itself.
    """
    check, cancel = executor.check_active_jobs, executor.cancel_jobs
    asked_for: list[Any] = []

    async def check_and_remember(jobs: Sequence[Any]) -> AsyncIterator[Any]:
        asked_for[:] = jobs
        async for job in check(jobs):
            yield job

    def cancel_all(jobs: Sequence[Any]) -> None:
        listed = {id(job) for job in jobs}
        cancel([*jobs, *(job for job in asked_for if id(job) not in listed)])

    executor.check_active_jobs, executor.cancel_jobs = check_and_remember, cancel_all


def _unknown(what: str) -> UserError:
    return UserError(
        f"this Snakemake works in another way than 9.27: {what}",
        where=f"Snakemake {version('snakemake')}",
        hint="install the version of requirements.lock: make env",
    )
