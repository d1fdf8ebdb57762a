"""The processes below this one, as /proc tells of them; nothing elsewhere."""

import contextlib
from pathlib import Path
from typing import NamedTuple


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
