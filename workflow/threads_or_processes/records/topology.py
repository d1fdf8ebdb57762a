"""How CPUs share cores, memory and speed. It describes a machine; it does not identify it."""

import math
from collections.abc import Collection
from dataclasses import dataclass

Cpus = tuple[int, ...]


def usable_cpus(logical_cpus: int, cpu_quota: float | None) -> int:
    """How many CPUs can work at a time: the logical ones, or a smaller quota, rounded up."""
    return logical_cpus if cpu_quota is None else min(logical_cpus, math.ceil(cpu_quota))


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The logical CPUs that a process may use, by number, in ascending groups.

    `cores` holds the CPUs of each physical core, `nodes` those of each NUMA node. `slower` are the
    CPUs of a slower kind (E cores). A part is empty where the system doesn't tell; `slower` also
    where all CPUs are of one kind.
    """

    cores: tuple[Cpus, ...] = ()
    nodes: tuple[Cpus, ...] = ()
    slower: Cpus = ()

    @property
    def fast_cores(self) -> int | None:
        """Physical cores of the fastest kind (P cores); None where all are of one kind."""
        slower = set(self.slower)
        return sum(slower.isdisjoint(core) for core in self.cores) if slower else None

    @property
    def node_cores(self) -> int | None:
        """Physical cores of the NUMA node that has most; None where there is one node."""
        return max(map(self.cores_in, self.nodes)) if len(self.nodes) > 1 else None

    def cores_in(self, cpus: Collection[int]) -> int:
        """How many physical cores `cpus` belong to."""
        return sum(not set(core).isdisjoint(cpus) for core in self.cores)
