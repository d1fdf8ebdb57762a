"""A cache whose entries are whole or absent, shared by runs that may collide or die.

An entry is a folder that holds `finished.json`; that file is written last, so a folder without
it is the remains of an interrupted run and is deleted by the next one. A lock beside the entry
lets one process at a time fill it.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from threads_or_processes.common.decoding import read_as
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import write_json

MARKER = "finished.json"
_POLL_S = 0.5


def default_cache() -> Path:
    """Where interpreters are kept: outside the repository, so that clones share them."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        raise UserError(
            "there is no place for caches: this user has no home",
            where="HOME",
            hint="set HOME or XDG_CACHE_HOME to a folder that you can write to",
        ) from None
    return Path(base) / "threads-or-processes" / "interpreters"


def is_finished(entry: Path) -> bool:
    """Whether the entry was made to the end."""
    return (entry / MARKER).is_file()


def read_facts(entry: Path) -> Mapping[str, str]:
    """What `fill` returned when the entry was made; `UserError` for a damaged file."""
    return read_as(entry / MARKER, dict[str, str])


def get_or_make(
    entry: Path,
    fill: Callable[[Path], Mapping[str, Any]],
    *,
    on_wait: Callable[[], None] = lambda: None,
) -> Path:
    """Return `entry`, made by `fill(entry)` unless it is there; `fill` returns facts about it.

    While another process holds the entry, `on_wait` is called twice a second; it may raise.
    """
    if is_finished(entry):
        return entry
    entry.parent.mkdir(parents=True, exist_ok=True)

    def go_on_waiting() -> bool:
        on_wait()
        return False

    # The kernel drops the lock of a process that is killed.
    lock = FileLock(f"{entry}.lock")
    with lock.acquire(poll_interval=_POLL_S, cancel_check=go_on_waiting):
        if not is_finished(entry):
            if entry.exists():
                shutil.rmtree(entry)
            entry.mkdir(parents=True)
            write_json(entry / MARKER, fill(entry))
    return entry
