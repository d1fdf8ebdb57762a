"""The processes below this one, as Linux tells of them, and their end; elsewhere none is known."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

PR_SET_CHILD_SUBREAPER = 36
# A resource tracker ends by itself, once those it serves are gone: it unlinks their semaphores.
TRACKER_PATIENCE_S = 2.0
POLL_S = 0.002


class ProcessStat(NamedTuple):
    """What proc_pid_stat(5) says of a process; `cpu_ticks` with its children that were waited for.

    1 tick = 1 / sysconf(_SC_CLK_TCK) s, user and system time together.
    """

    parent: int
    cpu_ticks: int


def process_stat(process: Path) -> ProcessStat | None:
    """Read one process's folder of /proc; None when it has ended."""
    try:
        fields = (process / "stat").read_bytes().rpartition(b")")[2].split()
        return ProcessStat(int(fields[1]), sum(map(int, fields[11:15])))
    except (OSError, ValueError, IndexError):
        return None


def children(pid: int, proc: Path = Path("/proc")) -> list[int]:
    """The living and unreaped children of a process; none where there is no /proc."""
    lists = list((proc / str(pid) / "task").glob("*/children"))
    if lists:
        found = []
        for one_thread in lists:
            with contextlib.suppress(OSError):  # the thread has ended meanwhile
                found += [int(child) for child in one_thread.read_text().split()]
        return found
    # Kernels without CONFIG_PROC_CHILDREN: ask every process for its parent.
    return [
        int(process.name)
        for process in proc.glob("[0-9]*")
        if (stat := process_stat(process)) and stat.parent == pid
    ]


def adopt_orphans(*, adopt: bool = True) -> bool:
    """Become the parent of every descendant whose own parent ends; whether the system can that."""
    if sys.platform != "linux":
        return False
    failure: int = ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)
    return not failure


def end_children(spared: Collection[int] = ()) -> None:
    """Kill and reap this process's children but those spared, until none of the others is left.

    Where orphans are adopted, whoever loses its parent to this becomes a child and is next. Only
    children that were not yet reaped are killed, so their numbers can't have gone to strangers.
    """
    patient_until_s = time.monotonic() + TRACKER_PATIENCE_S
    while left := set(children(os.getpid())).difference(spared):
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if time.monotonic() > patient_until_s or not _is_tracker(pid):
                    os.kill(pid, signal.SIGKILL)
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(POLL_S)


def _is_tracker(pid: int) -> bool:
    """Whether this is the resource tracker of multiprocess, multiprocessing or loky."""
    try:
        return b"resource_tracker import main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
