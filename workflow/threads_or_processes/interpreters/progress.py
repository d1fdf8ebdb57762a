"""What the person at the terminal sees while interpreters are made: a line a stage."""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO


@dataclass
class Progress:
    """Prints `[m:ss] text` lines, time counted from its making; safe across threads."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    clock_s: Callable[[], float] = time.monotonic
    _start_s: float = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self._start_s = self.clock_s()

    def say(self, text: str) -> None:
        """Print one line."""
        minutes, seconds = divmod(int(self.clock_s() - self._start_s), 60)
        with self._lock:
            print(f"[{minutes:d}:{seconds:02d}] {text}", file=self.stream, flush=True)
