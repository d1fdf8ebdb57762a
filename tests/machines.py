"""Made-up machines: topologies as a plan has them, and as Linux lays them out in /sys/devices."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from threads_or_processes.records.plan import Machine
from threads_or_processes.records.topology import Cpus, Topology


def machine(
    cpus: int,
    cores: int | None = None,
    quota: float | None = None,
    topology: Topology | None = None,
) -> Machine:
    """A machine of so many logical CPUs."""
    fingerprint = {
        "cpu_model": "Made-up CPU",
        "architecture": "x86_64",
        "logical_cpus": cpus,
        "physical_cores": cores,
        "cpu_quota": quota,
        "memory_gib": 4 * cpus,
        "os": "Synthetic Linux 1",
        "kernel": "6.1.0",
        "virtualisation": None,
    }
    return Machine(
        name=f"made-up-{cpus}cpu-00000000",
        fingerprint=fingerprint,
        topology=topology or Topology(),
    )


def _pairs(cores: int, cpus: int) -> tuple[Cpus, ...]:
    """Cores with two CPUs each, whose numbers are `cores` apart, as on most servers."""
    return tuple((first, first + cores) for first in range(cpus - cores))


def two_nodes(cores: int) -> Topology:
    """Two NUMA nodes of so many cores each, with two CPUs a core."""
    pairs = _pairs(2 * cores, 4 * cores)
    halves = (pairs[:cores], pairs[cores:])
    return Topology(cores=pairs, nodes=tuple(tuple(sorted(chain(*half))) for half in halves))


#: 8 P cores with two CPUs each and 16 E cores with one.
HYBRID = machine(
    32,
    24,
    topology=Topology(
        cores=(*((cpu, cpu + 1) for cpu in range(0, 16, 2)), *((cpu,) for cpu in range(16, 32))),
        nodes=(tuple(range(32)),),
        slower=tuple(range(16, 32)),
    ),
)
#: Two sockets of 32 cores with two CPUs a core.
TWO_SOCKETS = machine(128, 64, topology=two_nodes(32))
#: The same in a container that may use ten CPUs' worth of time.
CONTAINER = machine(128, 64, quota=10.0, topology=two_nodes(32))
#: 64 CPUs that are all alike and near.
PLAIN = machine(
    64,
    64,
    topology=Topology(cores=tuple((cpu,) for cpu in range(64)), nodes=(tuple(range(64)),)),
)


def system_tree(devices: Path, topology: Topology) -> Path:
    """A /sys/devices that tells of a topology; returns it."""
    for core in topology.cores:
        for cpu in core:
            write(
                devices / f"system/cpu/cpu{cpu}/topology/thread_siblings_list",
                ",".join(map(str, core)),
            )
    for number, node in enumerate(topology.nodes):
        write(devices / f"system/node/node{number}/cpulist", cpu_list(node))
    if topology.slower:
        everyone = set(chain(*topology.cores))
        write(devices / "cpu_core/cpus", cpu_list(sorted(everyone - set(topology.slower))))
        write(devices / "cpu_atom/cpus", cpu_list(topology.slower))
    return devices


def cpu_list(cpus: Sequence[int]) -> str:
    """CPUs as Linux lists them: `0-3,8`."""
    starts = [cpu for cpu in cpus if cpu - 1 not in cpus]
    ends = [cpu for cpu in cpus if cpu + 1 not in cpus]
    return ",".join(
        str(start) if start == end else f"{start}-{end}"
        for start, end in zip(starts, ends, strict=True)
    )


def write(path: Path, text: str) -> Path:
    """Write a line of a file of the system, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path
