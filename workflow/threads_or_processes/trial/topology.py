"""Read from /sys how the CPUs share cores, memory and speed. Elsewhere nothing is known."""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from threads_or_processes.records.topology import Cpus, Topology
from threads_or_processes.trial.measured.proc import system_text

DEVICES = Path("/sys/devices")
CPUINFO = Path("/proc/cpuinfo")
#: CPUs are of a slower kind below this share of the fastest one's speed. Favoured cores of one kind
#: differ by a few per cent, P and E cores by a fifth and more.
SLOWER_SHARE = 0.9


def topology(cpus: Collection[int], devices: Path = DEVICES, cpuinfo: Path = CPUINFO) -> Topology:
    """What the system tells of `cpus`; its other CPUs are left out."""
    return Topology(
        cores=cores_of(cpus, devices, cpuinfo),
        nodes=_nodes(cpus, devices),
        slower=_slower(cpus, devices),
    )


def cores_of(
    cpus: Collection[int], devices: Path = DEVICES, cpuinfo: Path = CPUINFO
) -> tuple[Cpus, ...]:
    """The CPUs of each physical core; empty where that is hidden of any.

    Two CPUs are of one core when they name the same siblings (Linux,
    Documentation/admin-guide/cputopology.rst); where that is hidden, when /proc/cpuinfo gives them
    one socket and one core.
    """
    siblings = {
        cpu: system_text(devices / f"system/cpu/cpu{cpu}/topology/thread_siblings_list").strip()
        for cpu in cpus
    }
    if all(siblings.values()):
        return _grouped(siblings)
    told = _cores_in(system_text(cpuinfo))
    return _grouped({cpu: told[cpu] for cpu in cpus}) if set(cpus) <= set(told) else ()


def _nodes(cpus: Collection[int], devices: Path) -> tuple[Cpus, ...]:
    """The CPUs of each NUMA node that has any (Documentation/admin-guide/mm/numaperf.rst)."""
    lists = (devices / "system/node").glob("node[0-9]*/cpulist")
    nodes = (tuple(sorted(set(cpus) & set(_listed(system_text(path))))) for path in lists)
    return tuple(sorted(node for node in nodes if node))


def _slower(cpus: Collection[int], devices: Path) -> Cpus:
    """The CPUs of a slower kind; empty where all are of one kind.

    Hybrid x86 CPUs count events of `cpu_core` and `cpu_atom` apart. Other systems give each CPU a
    capacity (Documentation/scheduler/sched-capacity.rst), or the highest frequency of its kind.
    """
    fast = set(_listed(system_text(devices / "cpu_core/cpus"))) & set(cpus)
    if fast:
        return tuple(sorted(set(cpus) - fast))
    for told in ("cpu_capacity", "cpufreq/cpuinfo_max_freq"):
        speeds = {cpu: system_text(devices / f"system/cpu/cpu{cpu}" / told).strip() for cpu in cpus}
        if speeds and all(map(str.isdigit, speeds.values())):
            fastest = max(map(int, speeds.values()))
            slower = [cpu for cpu in cpus if int(speeds[cpu]) < SLOWER_SHARE * fastest]
            if slower:
                return tuple(sorted(slower))
    return ()


def _grouped(keys: Mapping[int, object]) -> tuple[Cpus, ...]:
    """CPUs with equal keys together."""
    groups: dict[object, list[int]] = {}
    for cpu in sorted(keys):
        groups.setdefault(keys[cpu], []).append(cpu)
    return tuple(map(tuple, groups.values()))


def _listed(text: str) -> Iterable[int]:
    """The CPUs of a list such as `0-3,8`."""
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", text):
        yield from range(int(first), int(last or first) + 1)


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
