"""One trial at a time on this host, whoever started it and from whichever checkout."""

import contextlib
import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

LOCK_FILE = Path(tempfile.gettempdir()) / "threads-or-processes.lock"


@contextlib.contextmanager
def machine_lock(path: Path = LOCK_FILE) -> Iterator[None]:
    """Hold the host's measuring lock; waits for it, and says so when it has to.

    The kernel drops the lock when its holder dies, so it can't be left behind.
    """
    with contextlib.suppress(PermissionError):  # made by another user: opening it is enough
        path.touch(mode=0o666)
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"waiting: another trial is being measured ({path})\n")
            sys.stderr.flush()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
