"""Made-up machines: topologies as a plan has them, and as Linux lays them out in /sys/devices."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import yaml
from threads_or_processes.pipeline.campaign import catalogue
from threads_or_processes.plan.config import checked
from threads_or_processes.plan.plan import make_plan
from threads_or_processes.records.plan import Cell, Machine, Plan
from threads_or_processes.records.topology import Cpus, Topology

from tests import factories
from tests.conftest import ROOT
from tests.factories import Campaign, measured


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


#: By what a reader calls them.
MACHINES = {
    "8 P and 16 E cores": HYBRID,
    "two sockets": TWO_SOCKETS,
    "container with a quota": CONTAINER,
    "64 CPUs": PLAIN,
}


def capacity(machine: Machine, workers: int) -> float:
    """How many workers' work so many do at a time, of work that computes.

    The cores of the first node count whole, those of another 0.8, slower ones 0.6, the second CPU
    of a core 0.25. A quota bounds it. What goes beyond the CPUs adds nothing.
    """
    topology = machine.topology
    near = topology.node_cores or machine.physical_cores
    fast = min(near, topology.fast_cores or near)
    worth = (
        [1.0] * fast
        + [0.6 if topology.slower else 0.8] * (machine.physical_cores - fast)
        + [0.25] * (machine.logical_cpus - machine.physical_cores)
    )
    return min(sum(worth[:workers]), machine.cpu_quota or math.inf)


def known_ns(machine: Machine) -> Callable[[Cell], float]:
    """The truth of a sweep there: serial 20 ms, 10 % more on 3.13t, workers by `capacity`.

    Threads gain nothing on 3.13 from work that holds the GIL. A pool of processes costs 2 %.
    """

    def truth(cell: Cell) -> float:
        serial_ns = 20e6 * (1.1 if cell.arm == "3.13t" else 1.0)
        if cell.model == "serial":
            return serial_ns
        held = cell.model == "threads" and cell.arm == "3.13" and cell.workload == "mandelbrot"
        pool = 1.02 if cell.model.startswith("processes") else 1.0
        return serial_ns * pool / (1.0 if held else capacity(machine, cell.workers))

    return truth


def sweep(machine: Machine) -> Plan:
    """The plan of a small sweep there: scaling, and threads against processes on all CPUs."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    kept = {name: config["experiments"][name] for name in ("scaling", "kinds", "control")}
    kept["scaling"]["workloads"] = ["mandelbrot", "compress"]
    kept["kinds"]["workloads"] = ["json"]
    kept["control"]["workloads"] = ["compress"]
    config.update(experiments=kept, claims=[], blocks=6)
    config["trial"].update(warmups=1, repetitions=3)
    left_out = ("blocks: 6 instead of 8", "no sleep in scaling")
    plan = make_plan(checked(config), catalogue(), machine, left_out=left_out)
    # The page shows the config: here none of its nulls, which would look like missing values.
    shown = {key: config[key] for key in ("campaign", "seed", "builds", "blocks", "trial")}
    return replace(plan, config=shown)


def measured_on(machine: Machine) -> Campaign:
    """Such a sweep measured, with its known truth."""
    return measured(sweep(machine), known_ns(machine))


@dataclass(frozen=True, kw_only=True)
class Known:
    """A machine of a lab, and how its truth differs from that of another.

    `pool`: how many times as long a batch takes in processes as in threads that run in parallel.
    `tax`: of the free-threaded build. `slow`: all of its times, over those of the other machines.
    """

    label: str | None
    cpu: str = "AMD EPYC 7763 64-Core Processor"
    cpus: int = 64
    kernel: str = "Linux 6.1.0"
    pool: float = 1.0
    tax: float = 1.1
    slow: float = 1.0
    workloads: tuple[str, ...] = ("mandelbrot", "compress")

    @property
    def machine(self) -> Machine:
        """As a plan has it; its name is made from its label and its fingerprint, as they are."""
        made = machine(self.cpus)
        fingerprint = {**made.fingerprint, "cpu_model": self.cpu, "kernel": self.kernel}
        words = (self.label or self.cpu.partition(" ")[0]).lower()
        name = f"{words}-{self.cpus}cpu-{factories.sha256(fingerprint)[:8]}"
        return replace(made, name=name, label=self.label, fingerprint=fingerprint)

    def truth(self, cell: Cell) -> float:
        """Two workers halve the time; on 3.13, threads gain nothing for work that holds the GIL."""
        serial_ns = 20e6 * self.slow * (self.tax if cell.arm == "3.13t" else 1.0)
        held = cell.model == "threads" and cell.arm == "3.13" and cell.workload == "mandelbrot"
        if cell.model == "serial" or held:
            return serial_ns
        return serial_ns / cell.workers * (self.pool if "processes" in cell.model else 1.0)

    def measured(self) -> Campaign:
        """A small sweep there."""
        models = ("serial", "threads", "processes-fork")
        cells = factories.grid(self.workloads, models, workers=(1, 2), arms=("3.13", "3.13t"))
        plan = replace(factories.make_plan(cells), machine=self.machine)
        return measured(plan, self.truth, factories.Noise(0.002, 0.001))


XEON = "Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz"
#: Ten machines: three nodes that are alike, one before and after an update of its kernel, and
#: others on which processes, or the free-threaded build, take longer or shorter.
LAB = (
    Known(label="epyc-a"),
    Known(label="epyc-b", slow=1.02),
    Known(label="epyc-c", slow=1.25),
    Known(label="icelake", cpu=XEON, cpus=32, kernel="Linux 5.10.0"),
    Known(label="icelake", cpu=XEON, cpus=32, kernel="Linux 6.8.0", pool=1.4),
    Known(label="icelake-small", cpu=XEON, cpus=4, pool=4.0),
    Known(label=None, cpu="Neoverse-N1", cpus=16, tax=1.0),
    Known(label="graviton", cpu="Neoverse-V1", cpus=16, tax=1.0, pool=1.4),
    Known(label="cloud-vm", cpu="AMD EPYC 9R14", cpus=8, pool=4.0),
    Known(label="desk", cpu="AMD Ryzen 9 7950X", cpus=32, workloads=("mandelbrot", "json")),
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
