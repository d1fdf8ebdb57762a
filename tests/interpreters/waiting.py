"""Waiting for what another process does; the limit only ends a test that has gone wrong."""

import time
from collections.abc import Callable
from pathlib import Path

_LIMIT_S = 60.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds."""
    deadline_s = time.monotonic() + _LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s, "what the test waits for did not happen"
        time.sleep(0.02)


def written(path: Path) -> str:
    """The text of a file, once it is there and not empty."""
    wait_until(lambda: path.is_file() and path.read_text() != "")
    return path.read_text().strip()


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
