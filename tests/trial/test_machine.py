"""The machine as this process may use it, read from trees laid out as Linux lays them out."""

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
from threads_or_processes.records.trial import Fingerprint
from threads_or_processes.trial.machine import (
    allowed_cpus,
    can_pin,
    cpu_quota,
    fingerprint,
    name_of,
    no_semaphores,
)

from tests.factories import MACHINE
from tests.machines import write


def version_2(root: Path, limits: Mapping[str, str], below: str = "/") -> Path:
    """A process in the group /service/worker; `below` is the group that the mount begins at."""
    for group, limit in limits.items():
        write(root / "groups" / group / "cpu.max", limit)
    write(
        root / "mountinfo",
        "22 1 0:20 / /proc rw,relatime shared:5 - proc proc rw\n"
        f"35 24 0:30 {below} {root}/groups rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate",
    )
    write(root / "cgroup", "0::/service/worker")
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
    write(tmp_path / "cpu/service/cpu.cfs_quota_us", allowed_us)
    write(tmp_path / "cpu/service/cpu.cfs_period_us", "50000")
    write(tmp_path / "memory/service/cpu.cfs_quota_us", "1")
    write(
        tmp_path / "mountinfo",
        f"33 31 0:31 / {tmp_path}/memory rw shared:3 - cgroup cgroup rw,memory\n"
        f"32 31 0:30 / {tmp_path}/cpu rw shared:2 - cgroup cgroup rw,cpu,cpuacct",
    )
    write(tmp_path / "cgroup", "4:memory:/service\n1:cpu,cpuacct:/service\n0::/")
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


def test_results_of_earlier_versions_keep_their_folder() -> None:
    known = {**MACHINE.fingerprint, "cpu_quota": None}
    assert known.keys() == fingerprint().keys()
    assert name_of(cast("Fingerprint", known)) == "synthetic-cpu-2cpu-f6a8ef34"


def test_pinning_is_possible_where_the_call_is_there_and_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = allowed_cpus()
    assert can_pin()
    assert allowed_cpus() == before

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    assert not can_pin()
    monkeypatch.delattr(os, "sched_setaffinity")
    assert not can_pin()


def test_a_machine_without_semaphores_says_why_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert no_semaphores() == ""

    def refuse(*_: object, **__: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", refuse)
    assert "(No such file or directory)" in no_semaphores()
    assert "/dev/shm" in no_semaphores()
