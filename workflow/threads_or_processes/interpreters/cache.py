"""A cache whose entries are whole or absent, shared by runs that may collide or die.

An entry is a folder that holds `finished.json`; that file is written last, so a folder without
it is the remains of an interrupted run and is deleted by the next one. A lock beside the entry
lets one process at a time fill it.
"""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from threads_or_processes.common.files import read_json, write_json

MARKER = "finished.json"
_POLL_S = 0.5


def default_cache() -> Path:
    """Where interpreters are kept: outside the repository, so that clones share them."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "threads-or-processes" / "interpreters"


def is_finished(entry: Path) -> bool:
    """Whether the entry was filled to the end."""
    return (entry / MARKER).is_file()


def facts(entry: Path) -> Mapping[str, Any]:
    """What the entry's maker recorded about it."""
    recorded: Mapping[str, Any] = read_json(entry / MARKER)
    return recorded


def filled(
    entry: Path,
    fill: Callable[[Path], Mapping[str, Any]],
    *,
    on_wait: Callable[[], None] = lambda: None,
) -> Path:
    """Return `entry`, filled by `fill(entry)` unless it already is; `fill` returns its facts.

    While another process holds the entry, `on_wait` is called twice a second; it may raise.
    """
    if is_finished(entry):
        return entry
    with _locked(entry.with_name(entry.name + ".lock"), on_wait):
        if not is_finished(entry):
            if entry.exists():
                shutil.rmtree(entry)
            entry.mkdir(parents=True)
            write_json(entry / MARKER, fill(entry))
    return entry


@contextlib.contextmanager
def _locked(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    # The lock file stays: deleting it would let two processes lock two files of one name.
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        while not _try_lock(stream):
            on_wait()
            time.sleep(_POLL_S)
        yield


def _try_lock(stream: TextIO) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
