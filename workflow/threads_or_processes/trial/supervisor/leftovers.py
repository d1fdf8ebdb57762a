"""What a trial leaves where its supervisor and its reaper were killed together: the next ends it.

A trial has a marker, a file that names its folder and is there before it. Whoever answers for the
trial holds a lock on the marker, which the kernel drops when the last of them dies. So a marker
that can be locked is of a trial that nobody answers for.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from threads_or_processes.trial.measured.proc import PROC
from threads_or_processes.trial.supervisor.reaper import (
    ENDS_WITHIN_S,
    MARKER,
    POLL_S,
    PREFIX_VARIABLE,
    SHARED_MEMORY,
    unlink_shared_memory,
)

PREFIX = "top-"
FOLDER_PREFIX = "trial-"
#: A hidden marker that is older is not about to be locked: its supervisor was killed.
LOCKED_WITHIN_S = 60


@contextlib.contextmanager
def marked_folder(prefix: str) -> Iterator[Path]:
    """A new folder for a trial that somebody answers for: this process, and those that it forks."""
    folder = Path(tempfile.gettempdir()) / f"{FOLDER_PREFIX}{prefix.removeprefix(PREFIX)}"
    try:
        marker, handle = _new_marker(SHARED_MEMORY, prefix, folder)
    except OSError:  # there is none, or no room in it
        marker, handle = _new_marker(Path(tempfile.gettempdir()), prefix, folder)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        marker.unlink(missing_ok=True)
        os.close(handle)


def _new_marker(place: Path, prefix: str, folder: Path) -> tuple[Path, int]:
    """A marker and the open file that holds its lock; it has its name once it is locked."""
    marker = place / f"{MARKER}{prefix}"
    hidden = marker.with_name(f".{marker.name}")
    handle = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        os.write(handle, os.fsencode(folder))
        hidden.rename(marker)
    except BaseException:
        hidden.unlink()
        os.close(handle)
        raise
    return marker, handle


def end_leftovers() -> None:
    """End and remove what is left of this user's trials that nobody answers for any more."""
    # In shared memory first: `TMPDIR` may be another one in the next run.
    places = (SHARED_MEMORY, Path(tempfile.gettempdir()))
    for marker in (found for place in places for found in place.glob(f"*{MARKER}{PREFIX}*")):
        with contextlib.suppress(OSError):  # another user's, or gone meanwhile
            handle = os.open(marker, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_uid == os.getuid() and _is_abandoned(marker, handle):
                    folder = Path(os.fsdecode(os.read(handle, 4096)))
                    _end(marker.name.partition(MARKER)[2], folder)
                    marker.unlink(missing_ok=True)
            finally:
                os.close(handle)


def _is_abandoned(marker: Path, handle: int) -> bool:
    is_hidden = marker.name.startswith(".")
    if is_hidden and time.time() - os.fstat(handle).st_mtime < LOCKED_WITHIN_S:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end(prefix: str, folder: Path) -> None:
    patient_until_s = time.monotonic() + ENDS_WITHIN_S
    # Again and again: one that starts while they are listed is not among them.
    while (left := _processes(prefix)) and time.monotonic() < patient_until_s:
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_S)
    if folder.name.startswith(FOLDER_PREFIX) and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    unlink_shared_memory(prefix)


def _processes(prefix: str) -> list[int]:
    """Processes of a trial that this user may look into, zombies left out."""
    found = []
    for process in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (process / "environ").read_bytes().split(b"\0")
            if f"{PREFIX_VARIABLE}={prefix}".encode() in environment:
                found.append(int(process.name))
    return found
