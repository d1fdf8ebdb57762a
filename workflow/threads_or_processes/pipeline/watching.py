"""At the head: how far each machine is, from the logs of the jobs. Nothing is measured here."""

import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

INTERVAL_S = 5.0
# A line of the console (`progress_line`), which a job writes every few per cent.
PROGRESS = re.compile(r"^\S* ?\d+ of \d+ trials.*$", re.MULTILINE)
TAIL_BYTES = 4096


def last_progress(log: Path) -> str | None:
    """The last progress line of a job's log; None before there is any."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - TAIL_BYTES))
            tail = stream.read().decode("utf-8", errors="replace")
    except OSError:  # the job has not begun, or the file system lags behind
        return None
    lines = PROGRESS.findall(tail)
    return lines[-1] if lines else None


def news(logs: Mapping[str, Path], said: Mapping[str, str]) -> dict[str, str]:
    """The progress of each machine that differs from what was said of it."""
    now = {name: last_progress(log) for name, log in logs.items()}
    return {name: line for name, line in now.items() if line and said.get(name) != line}


def watch(
    logs: Mapping[str, Path],
    stream: TextIO = sys.stderr,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Print each machine's progress as it changes, for as long as this process lives."""
    width = max(map(len, logs))
    said = news(logs, {})  # of an earlier run

    def loop() -> None:
        while True:
            wait(INTERVAL_S)
            for name, line in news(logs, said).items():
                said[name] = line
                stream.write(f"{name:<{width}}  {line}\n")
            stream.flush()

    threading.Thread(target=loop, daemon=True).start()
