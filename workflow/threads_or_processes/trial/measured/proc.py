"""Processes and control groups as Linux tells of them; elsewhere nothing is known.

Both halves of a trial read them here, so it is standard library only.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
THIS_PROCESS = PROC / "self"


class ProcessStat(NamedTuple):
    """What proc_pid_stat(5) says of a process; `cpu_ticks` with its children that were waited for.

    1 tick = 1 / sysconf(_SC_CLK_TCK) s, user and system time together.
    """

    pid: int
    parent: int
    cpu_ticks: int


def system_text(file: Path) -> str:
    """What a file of the system says; empty where there is none."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def loaded_library(maps: Path = THIS_PROCESS / "maps") -> str | None:
    """The shared library with the code of this Python, if there is one."""
    for line in system_text(maps).splitlines():
        path = line.partition("/")[2]
        if "libpython3" in path and ".so" in path:
            return f"/{path}"
    return None


def process_stat(process: Path) -> ProcessStat | None:
    """Read one process's folder of /proc; None when it has ended."""
    stat = system_text(process / "stat")
    fields = _after_name(stat)
    try:
        return ProcessStat(int(stat.split()[0]), int(fields[1]), sum(map(int, fields[11:15])))
    except (ValueError, IndexError):
        return None


def children(process: str, proc: Path = PROC) -> list[str]:
    """The living and unreaped children of a process, by their names in /proc.

    The children of a thread that ends go to another thread, which may have been read already. So
    they are read until they are the same twice.
    """
    found = _listed_children(process, proc)
    while found != (again := _listed_children(process, proc)):
        found = again
    return found


def _listed_children(process: str, proc: Path) -> list[str]:
    threads = _entries(proc / process / "task")
    found = [child for thread in threads for child in system_text(thread / "children").split()]
    if found or not threads or any((thread / "children").exists() for thread in threads):
        return found
    # Kernels without CONFIG_PROC_CHILDREN: ask every process for its parent.
    parent = process_stat(proc / process)
    return [
        other.name
        for other in proc.glob("[0-9]*")
        if parent and (stat := process_stat(other)) and stat.parent == parent.pid
    ]


def process_tree(root: str = "self", proc: Path = PROC) -> list[str]:
    """The process `root` and its descendants, by their names in /proc; what has ended is left out.

    Where there is no /proc it is the root alone.
    """
    found = [root]
    for process in found:
        found += children(process, proc)
    return found


def last_cpus(processes: list[str], proc: Path = PROC) -> dict[int, int]:
    """The CPU that each thread of these processes ran on last: field 39 of proc_pid_stat(5).

    By the thread's id.
    """
    stats = [
        system_text(thread / "stat")
        for name in processes
        for thread in _entries(proc / name / "task")
    ]
    return {int(stat.split()[0]): int(_after_name(stat)[36]) for stat in stats if stat}


def thread_states(process: str, proc: Path = PROC) -> set[str]:
    """What the threads of a process are doing, such as `R` (runnable) or `S` (asleep)."""
    stats = (system_text(thread / "stat") for thread in _entries(proc / process / "task"))
    return {_after_name(stat)[0] for stat in stats if stat}


def pss_bytes(processes: list[str], proc: Path = PROC) -> int:
    """Proportional set size of these processes together (Pss in proc_pid_smaps_rollup).

    A page that several processes map counts once in all, so that memory shared after a fork is not
    counted for each worker. Raises OSError where the system doesn't tell it of the first.
    """
    return _mapped_bytes(processes, ("Pss:",), proc)


def private_bytes(processes: list[str], proc: Path = PROC) -> int:
    """Unique set sizes of these processes together: pages that a single process maps (USS).

    Raises OSError as `pss_bytes` does.
    """
    return _mapped_bytes(processes, ("Private_Clean:", "Private_Dirty:"), proc)


def _mapped_bytes(processes: list[str], fields: tuple[str, ...], proc: Path) -> int:
    (proc / processes[0] / "smaps_rollup").read_text(encoding="utf-8")
    rollups = (system_text(proc / name / "smaps_rollup") for name in processes)
    lines = (line for rollup in rollups for line in rollup.splitlines())
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(fields))


def control_groups(
    controller: str, process: Path = THIS_PROCESS, root: Path = Path("/")
) -> list[Path]:
    """The folders of a process's control group for a controller and of those above, nearest first.

    A controller belongs to one hierarchy: one of version 1 names it, else it is version 2's. Where
    it is mounted says proc_pid_mountinfo(5); mount points lie in `root`.
    """
    path_of = {}
    for line in system_text(process / "cgroup").splitlines():
        _hierarchy, controllers, path = (*line.split(":", 2), "", "")[:3]
        for name in controllers.split(","):
            path_of[name] = path  # version 2 names no controller
    mounts = dict(reversed([*_group_mounts(system_text(process / "mountinfo"), controller)]))
    for version, name in ((1, controller), (2, "")):
        if version in mounts and name in path_of:
            top, mount_point = mounts[version]
            # In a container the mount can begin at the group itself, which is then not below it.
            below = path_of[name].removeprefix(top.rstrip("/")).strip("/")
            at = root / mount_point.lstrip("/")
            group = at / below
            above = [folder for folder in group.parents if folder.is_relative_to(at)]
            return [folder for folder in (group, *above) if folder.is_dir()]
    return []


def _group_mounts(mountinfo: str, controller: str) -> Iterator[tuple[int, tuple[str, str]]]:
    """The version of each mounted hierarchy that may have the controller, its root, its place."""
    for mount in mountinfo.splitlines():
        # Root and mount point are fields 4 and 5; after a lone hyphen come the type, the source
        # and the options.
        place, _, kind = mount.partition(" - ")
        fields, described = place.split(), kind.split(maxsplit=2)
        if len(fields) < 5 or len(described) < 3:
            continue
        if described[0] == "cgroup2":
            yield 2, (fields[3], fields[4])
        elif described[0] == "cgroup" and controller in described[2].split(","):
            yield 1, (fields[3], fields[4])


def _after_name(stat: str) -> list[str]:
    """The fields of a stat file from the third on; a name may hold spaces and brackets."""
    return stat.rpartition(")")[2].split()


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
