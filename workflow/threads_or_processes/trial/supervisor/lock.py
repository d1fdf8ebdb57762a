"""One trial at a time on this host, whoever started it and from whichever checkout."""

import contextlib
import errno
import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from threads_or_processes.common.streams import said

# On Linux a name without a file: neither TMPDIR, nor a private /tmp, nor umask, nor owner matters.
# A container with a network of its own has names of its own; there only the sentinel and the flag
# of load tell of trials outside.
NAME = "threads-or-processes"
# Elsewhere. Not in TMPDIR, which differs between users.
LOCK_FILE = Path("/tmp/threads-or-processes.lock")  # noqa: S108


@contextlib.contextmanager
def machine_lock(name: str = NAME) -> Iterator[bool]:
    """Hold the host's measuring lock; waits for it, and says so when it has to.

    The kernel drops the lock when the last process that has it dies, so it can't be left behind.
    Yields True if the lock is held, and False where the system does not allow one.
    """
    with _by_name(name) if sys.platform == "linux" else _by_file(LOCK_FILE) as is_held:
        if not is_held:
            said("warning: this system gives no lock; start no second run\n", sys.stderr)
        yield is_held


@contextlib.contextmanager
def _by_name(name: str) -> Iterator[bool]:
    """Whoever is bound to the name has the lock; others connect to it, which lasts as long."""
    address, has_said = f"\0{name}", False
    with socket.socket(socket.AF_UNIX) as own:
        while True:
            try:
                own.bind(address)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    yield False
                    return
            else:
                own.listen()
                yield True
                return
            if not has_said:
                _say_that_it_waits()
                has_said = True
            with (
                socket.socket(socket.AF_UNIX) as waiting,
                contextlib.suppress(ConnectionError),  # the holder has ended
            ):
                waiting.connect(address)
                waiting.recv(1)


@contextlib.contextmanager
def _by_file(path: Path) -> Iterator[bool]:
    with contextlib.suppress(OSError):  # made by another user: opening it is enough
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o666))
        path.chmod(0o666)  # whatever the umask
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say_that_it_waits()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield True
    finally:
        os.close(handle)


def _say_that_it_waits() -> None:
    said("waiting: another trial is being measured on this machine\n", sys.stderr)
