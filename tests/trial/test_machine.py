"""The machine as this process may use it, read from trees laid out as Linux lays them out."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from threads_or_processes.trial.machine import (
    allowed_cpus,
    cpu_quota,
    fingerprint,
    name_of,
    physical_cores,
)


def system_cpus(root: Path, siblings: Mapping[int, str]) -> Path:
    """A /sys/devices/system/cpu in which each CPU names its siblings."""
    for cpu, names in siblings.items():
        write(root / f"cpu{cpu}" / "topology" / "thread_siblings_list", f"{names}\n")
    return root


def cpuinfo(path: Path, cores: Mapping[int, tuple[int, int]]) -> Path:
    """A /proc/cpuinfo of CPUs with their sockets and cores."""
    entries = (
        f"processor\t: {cpu}\nphysical id\t: {socket}\nsiblings\t: 2\ncore id\t\t: {core}\n\n"
        for cpu, (socket, core) in cores.items()
    )
    return write(path, "".join(entries))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


TWO_THREADS_A_CORE = {cpu: f"{cpu % 4},{cpu % 4 + 4}" for cpu in range(8)}


@pytest.mark.parametrize(
    ("cpus", "cores"),
    [
        (range(8), 4),
        ([0, 1, 2, 3], 4),  # one thread of each core
        ([0, 4, 1, 5], 2),  # both threads of a half
        ([6], 1),
    ],
)
def test_cores_are_those_of_the_cpus_that_may_be_used(
    tmp_path: Path, cpus: list[int], cores: int
) -> None:
    tree = system_cpus(tmp_path / "cpu", TWO_THREADS_A_CORE)
    # What /proc/cpuinfo tells of all CPUs doesn't matter then.
    whole = cpuinfo(tmp_path / "cpuinfo", {cpu: (0, cpu) for cpu in range(8)})
    assert physical_cores(cpus, tree, whole) == cores


def test_without_siblings_a_core_is_a_pair_of_socket_and_core(tmp_path: Path) -> None:
    told = cpuinfo(tmp_path / "cpuinfo", {0: (0, 0), 1: (0, 1), 2: (0, 0), 3: (1, 0)})
    nothing = tmp_path / "cpu"
    assert physical_cores(range(4), nothing, told) == 3
    assert physical_cores([0, 2], nothing, told) == 1
    assert physical_cores([0, 9], nothing, told) is None
    write(tmp_path / "cpuinfo", "processor : 0\n\nprocessor : 1\n")
    assert physical_cores([0, 1], nothing, told) is None


def version_2(root: Path, limits: Mapping[str, str], below: str = "/") -> Path:
    """A process in the group /service/worker; `below` is the group that the mount begins at."""
    for group, limit in limits.items():
        write(root / "groups" / group / "cpu.max", f"{limit}\n")
    write(
        root / "mountinfo",
        "22 1 0:20 / /proc rw,relatime shared:5 - proc proc rw\n"
        f"35 24 0:30 {below} {root}/groups rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
    )
    write(root / "cgroup", "0::/service/worker\n")
    return root


@pytest.mark.parametrize(
    ("limits", "quota"),
    [
        ({"service/worker": "150000 100000"}, 1.5),
        ({"service": "300000 100000", "service/worker": "max 100000"}, 3.0),
        ({"service": "50000 100000", "service/worker": "400000 100000"}, 0.5),
        ({"": "200000 100000"}, 2.0),
        ({"service": "max 100000", "service/worker": "max 100000"}, None),
        ({"elsewhere": "100000 100000"}, None),
        ({}, None),
    ],
)
def test_the_tightest_limit_of_version_2_counts(
    tmp_path: Path, limits: dict[str, str], quota: float | None
) -> None:
    assert cpu_quota(version_2(tmp_path, limits)) == quota


@pytest.mark.parametrize("below", ["/service/worker", "/elsewhere"])
def test_a_container_sees_its_own_group_where_the_mount_begins(tmp_path: Path, below: str) -> None:
    assert cpu_quota(version_2(tmp_path, {"": "250000 100000"}, below)) == 2.5


@pytest.mark.parametrize(("allowed_us", "quota"), [("150000", 3.0), ("-1", None)])
def test_version_1_has_quota_and_period_apart(
    tmp_path: Path, allowed_us: str, quota: float | None
) -> None:
    write(tmp_path / "cpu/service/cpu.cfs_quota_us", f"{allowed_us}\n")
    write(tmp_path / "cpu/service/cpu.cfs_period_us", "50000\n")
    write(tmp_path / "memory/service/cpu.cfs_quota_us", "1\n")
    write(
        tmp_path / "mountinfo",
        f"33 31 0:31 / {tmp_path}/memory rw shared:3 - cgroup cgroup rw,memory\n"
        f"32 31 0:30 / {tmp_path}/cpu rw shared:2 - cgroup cgroup rw,cpu,cpuacct\n",
    )
    write(tmp_path / "cgroup", "4:memory:/service\n1:cpu,cpuacct:/service\n0::/\n")
    assert cpu_quota(tmp_path) == quota


def test_a_system_without_control_groups_sets_no_limit(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path) is None


def test_this_machine_is_described_whole() -> None:
    here = fingerprint()
    assert 1 <= here["logical_cpus"] == len(allowed_cpus())
    assert here["physical_cores"] is None or 1 <= here["physical_cores"] <= here["logical_cpus"]
    assert here["cpu_quota"] is None or here["cpu_quota"] > 0


def test_the_machine_has_one_name_until_it_changes() -> None:
    here = fingerprint()
    assert name_of(here) == name_of(fingerprint())
    assert re.fullmatch(r"[a-z0-9-]+", name_of(here))
    for changed in (
        here | {"kernel": f"{here['kernel']}-new"},
        here | {"cpu_quota": (here["cpu_quota"] or 0) + 0.5},
    ):
        assert name_of(changed) != name_of(here)
