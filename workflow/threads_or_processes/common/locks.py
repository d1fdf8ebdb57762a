"""One process at a time in a folder of results."""

import fcntl
import os
from pathlib import Path

from threads_or_processes.common.errors import UserError


def lock_results(results: Path, *, doing: str) -> None:
    """Keep a folder of results for this process until it ends; `UserError` if another has it.

    `doing` is what the other one is about. The kernel drops the lock with its holder, so that a
    killed run leaves nothing to unlock.
    """
    results.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(results / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"another run is {doing}",
            where=str(results),
            hint="wait until it is finished, or stop it and run the same command again",
        ) from None
