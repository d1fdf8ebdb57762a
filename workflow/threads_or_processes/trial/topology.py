"""How much of the machine this process may use: its CPUs, their cores, and its share of them."""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

SYSTEM_CPUS = Path("/sys/devices/system/cpu")
CPUINFO = Path("/proc/cpuinfo")
THIS_PROCESS = Path("/proc/self")


def allowed_cpus() -> frozenset[int]:
    """The logical CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def physical_cores(
    cpus: Collection[int], system_cpus: Path = SYSTEM_CPUS, cpuinfo: Path = CPUINFO
) -> int | None:
    """How many different cores `cpus` belong to; None where the system doesn't say.

    Two CPUs are of one core when they name the same siblings (Linux,
    Documentation/admin-guide/cputopology.rst); where that is hidden, when /proc/cpuinfo gives them
    one socket and one core.
    """
    siblings = [
        system_text(system_cpus / f"cpu{cpu}" / "topology" / "thread_siblings_list").strip()
        for cpu in cpus
    ]
    if all(siblings):
        return len(set(siblings)) or None
    told = _cores_in(system_text(cpuinfo))
    if not set(cpus) <= set(told):
        return None
    return len({told[cpu] for cpu in cpus}) or None


def cpu_quota(process: Path = THIS_PROCESS) -> float | None:
    """How many CPUs' worth of time the control groups of this process allow; None if no limit.

    The tightest limit of its own group and all above it counts, in either version of cgroups:
    `cpu.max` (Linux, Documentation/admin-guide/cgroup-v2.rst), `cpu.cfs_quota_us` by
    `cpu.cfs_period_us` (Documentation/scheduler/sched-bwc.rst).
    """
    limits = [limit for group in _groups(process) if (limit := _limit(group)) is not None]
    return min(limits, default=None)


def _cores_in(cpuinfo: str) -> dict[int, tuple[int, int]]:
    """The (socket, core) of each CPU that /proc/cpuinfo tells them of."""
    found = {}
    for entry in cpuinfo.split("\n\n"):
        numbers = dict(
            re.findall(r"^(processor|physical id|core id)\s*: (\d+)$", entry, re.MULTILINE)
        )
        if len(numbers) == 3:
            core = (int(numbers["physical id"]), int(numbers["core id"]))
            found[int(numbers["processor"])] = core
    return found


def _groups(process: Path) -> Iterator[Path]:
    """The folders of the control groups that may limit a process's CPU time."""
    path_of = {}
    for line in system_text(process / "cgroup").splitlines():
        _hierarchy, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            path_of[controller] = path  # version 2 names no controller
    for mount in system_text(process / "mountinfo").splitlines():
        # proc_pid_mountinfo(5): root and mount point are fields 4 and 5, and after a lone hyphen
        # come the type, the source and the options.
        place, _, kind = mount.partition(" - ")
        root, mount_point = place.split()[3:5]
        filesystem, _source, options = kind.split(maxsplit=2)
        if filesystem == "cgroup2":
            path = path_of.get("", "/")
        elif filesystem == "cgroup" and "cpu" in options.split(","):
            path = path_of.get("cpu", "/")
        else:
            continue
        # In a container the mount can begin at the group itself, which is then not below it.
        below = path.removeprefix(root.rstrip("/")).strip("/")
        group = Path(mount_point) / below
        yield group
        yield from (above for above in group.parents if above.is_relative_to(mount_point))


def _limit(group: Path) -> float | None:
    quota, _, period = system_text(group / "cpu.max").strip().partition(" ")
    if not quota:
        quota = system_text(group / "cpu.cfs_quota_us").strip()
        period = system_text(group / "cpu.cfs_period_us").strip()
    if quota in ("", "max", "-1"):
        return None
    return int(quota) / int(period)


def system_text(path: Path) -> str:
    """What a file of the system says; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
