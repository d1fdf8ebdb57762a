"""How CPUs share cores, memory and speed, read from trees laid out as Linux lays them out."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from threads_or_processes.records.plan import Machine
from threads_or_processes.records.topology import Topology
from threads_or_processes.trial.machine import allowed_cpus
from threads_or_processes.trial.topology import topology

from tests.machines import HYBRID, PLAIN, TWO_SOCKETS, cpu_list, system_tree, write


@pytest.mark.parametrize("made", [HYBRID, TWO_SOCKETS, PLAIN])
def test_a_machine_comes_back_from_its_tree(tmp_path: Path, made: Machine) -> None:
    tree = system_tree(tmp_path, made.topology)
    assert topology(range(made.logical_cpus), tree) == made.topology


def test_only_the_cpus_that_may_be_used_are_told(tmp_path: Path) -> None:
    tree = system_tree(tmp_path, HYBRID.topology)
    assert topology({0, 1, 2, 17}, tree) == Topology(
        cores=((0, 1), (2,), (17,)), nodes=((0, 1, 2, 17),), slower=(17,)
    )
    # Of E cores alone none is slower than the others.
    assert topology({16, 17}, tree).slower == ()
    two = system_tree(tmp_path / "two", TWO_SOCKETS.topology)
    assert topology({0, 1, 64}, two) == Topology(cores=((0, 64), (1,)), nodes=((0, 1, 64),))


def test_a_node_without_cpus_is_left_out(tmp_path: Path) -> None:
    tree = system_tree(tmp_path, PLAIN.topology)
    write(tree / "system/node/node1/cpulist", "")
    assert len(topology(range(64), tree).nodes) == 1


def test_siblings_are_preferred_to_what_cpuinfo_tells(tmp_path: Path) -> None:
    tree = system_tree(tmp_path, Topology(cores=((0, 1), (2, 3))))
    told = cpuinfo(tmp_path / "cpuinfo", {cpu: (0, cpu) for cpu in range(4)})
    assert topology(range(4), tree, told).cores == ((0, 1), (2, 3))


def test_without_siblings_a_core_is_a_pair_of_socket_and_core(tmp_path: Path) -> None:
    told = cpuinfo(tmp_path / "cpuinfo", {0: (0, 0), 1: (0, 1), 2: (0, 0), 3: (1, 0)})
    nothing = tmp_path / "devices"
    assert topology(range(4), nothing, told).cores == ((0, 2), (1,), (3,))
    assert topology([0, 9], nothing, told) == Topology()
    write(tmp_path / "cpuinfo", "processor : 0\n\nprocessor : 1")
    assert topology([0, 1], nothing, told) == Topology()


@pytest.mark.parametrize("told", ["cpu_capacity", "cpufreq/cpuinfo_max_freq"])
@pytest.mark.parametrize(
    ("speeds", "slower"),
    [
        ([1024, 1024, 446, 446], (2, 3)),
        ([5_200_000, 5_000_000, 3_900_000, 3_900_000], (2, 3)),
        ([5_200_000, 5_000_000, 5_000_000, 5_000_000], ()),  # a favoured core is no other kind
        ([1024, 1024, 1024, None], ()),
    ],
)
def test_a_much_lower_capacity_or_frequency_makes_another_kind(
    tmp_path: Path, told: str, speeds: list[int | None], slower: tuple[int, ...]
) -> None:
    for cpu, speed in enumerate(speeds):
        if speed is not None:
            write(tmp_path / f"system/cpu/cpu{cpu}" / told, str(speed))
    assert topology(range(4), tmp_path).slower == slower


def test_cores_are_counted_by_kind_and_node() -> None:
    assert HYBRID.topology.fast_cores == 8
    assert HYBRID.topology.node_cores is None
    assert TWO_SOCKETS.topology.node_cores == 32
    assert TWO_SOCKETS.topology.fast_cores is None
    assert Topology().fast_cores is Topology().node_cores is None


def test_this_machine_has_each_of_its_cpus_once() -> None:
    here = topology(allowed_cpus())
    for groups in (here.cores, here.nodes):
        assert sorted(sum(groups, ())) in ([], sorted(allowed_cpus()))


def test_a_list_of_cpus_is_written_as_linux_does() -> None:
    assert cpu_list([0, 1, 2, 8, 10, 11]) == "0-2,8,10-11"


def cpuinfo(path: Path, cores: Mapping[int, tuple[int, int]]) -> Path:
    """A /proc/cpuinfo of CPUs with their sockets and cores."""
    entries = (
        f"processor\t: {cpu}\nphysical id\t: {socket}\nsiblings\t: 2\ncore id\t\t: {core}\n"
        for cpu, (socket, core) in cores.items()
    )
    return write(path, "\n".join(entries))
