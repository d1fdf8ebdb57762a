"""The one door to other programs: a clean environment, and no child outlives us.

Every command leads its own process group. Beside it, in the same group, a shell waits on a pipe
whose other end only we hold: when we die, even by `kill -9`, the pipe closes and the shell kills
the group. So a dead run never leaves a compiler behind that writes where the next run works.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TextIO

#: How often a long command says that it still runs.
SIGN_OF_LIFE_S = 60.0
_INHERITED = ("PATH", "HOME", "TMPDIR", "USER", "LOGNAME")
_TETHER = """
exec 3<&0 </dev/null
(read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
"""


def clean_environment(**extra: str) -> dict[str, str]:
    """What a build or a probe may see: no CFLAGS, PYTHONPATH or locale of the caller's shell."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8"} | extra


def network_environment(**extra: str) -> dict[str, str]:
    """What a downloader may see: all (proxies, certificates, mirrors) but the caller's Python."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and name not in {"VIRTUAL_ENV", "CONDA_PREFIX"}
    }
    return kept | {"LC_ALL": "C.UTF-8", "NO_COLOR": "1"} | extra


def last_lines(text: str, count: int = 15) -> str:
    """The end of a program's output, where compilers and installers say what went wrong."""
    return "\n".join(text.rstrip().splitlines()[-count:])


@dataclass(frozen=True)
class CompletedCommand:
    """What a short command said: exit `status` (negative: signal, 127: no such program)."""

    status: int
    stdout: str
    stderr: str


class CancelledError(Exception):
    """The command was ended because the run is over."""


@dataclass
class Processes:
    """Starts commands, and ends all that still run when the run is over; safe across threads."""

    _groups: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def run_logged(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        log: IO[bytes],
        still_running: Callable[[], None] = lambda: None,
    ) -> int:
        """Run a long command, its output into `log`; exit status (negative: signal).

        It calls `still_running` each minute.
        """
        with self._started(command, cwd=cwd, env=env, stdout=log, stderr=log) as child:
            while True:
                try:
                    status = child.wait(SIGN_OF_LIFE_S)
                    break
                except subprocess.TimeoutExpired:
                    still_running()
        self.check_open()
        return status

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path = Path("/"),
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60.0,
    ) -> CompletedCommand:
        """Run a short command and return what it said; a timeout ends it with SIGKILL."""
        environment = clean_environment() if env is None else env
        pipe = subprocess.PIPE
        with self._started(command, cwd=cwd, env=environment, stdout=pipe, stderr=pipe) as child:
            try:
                stdout, stderr = child.communicate(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                _kill_group(child.pid)
                stdout, stderr = child.communicate()
                stderr += f"\nno answer within {timeout_s:g} s".encode()
        self.check_open()
        return CompletedCommand(
            child.returncode, stdout.decode(errors="replace"), stderr.decode(errors="replace")
        )

    def close(self) -> None:
        """End every running command; it and later ones raise `CancelledError`."""
        with self._lock:
            self._closed = True
            for group in self._groups:
                _kill_group(group)

    def check_open(self) -> None:
        """Raise `CancelledError` when the run is over."""
        if self._closed:
            raise CancelledError

    @contextlib.contextmanager
    def _started(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: IO[bytes] | int,
        stderr: IO[bytes] | int,
    ) -> Iterator[subprocess.Popen[bytes]]:
        child_end, our_end = os.pipe()
        try:
            with self._lock:
                self.check_open()
                child = subprocess.Popen(
                    ["/bin/sh", "-c", _TETHER, "tether", *command],
                    cwd=cwd,
                    env=env,
                    stdin=child_end,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
                self._groups.add(child.pid)
            try:
                yield child
            finally:
                with self._lock:
                    _kill_group(child.pid)
                    self._groups.discard(child.pid)
                child.wait()
        finally:
            os.close(child_end)
            os.close(our_end)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


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
