"""The process tree, its CPUs and its memory, from a made /proc and from the real one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from threads_or_processes.trial.measured.proc import (
    children,
    control_groups,
    last_cpus,
    process_tree,
    pss_bytes,
)
from threads_or_processes.trial.measured.usage import thread_usage

STAT = "(a) name) S " + "0 " * 35 + "{cpu} 0 0"


def make_process(proc: Path, name: str, children: str, cpu: int, pss_kib: int) -> None:
    thread = proc / name / "task" / name
    thread.mkdir(parents=True)
    (thread / "children").write_text(children)
    thread_id = 10 if name == "self" else name
    (thread / "stat").write_text(f"{thread_id} {STAT.format(cpu=cpu)}")
    (proc / name / "smaps_rollup").write_text(f"Rss: 999 kB\nPss: {pss_kib} kB\nPss_Anon: 7 kB\n")


def test_a_tree_is_the_root_and_all_below_it(tmp_path: Path) -> None:
    make_process(tmp_path, "self", "20 30 ", cpu=1, pss_kib=100)
    make_process(tmp_path, "20", "40 ", cpu=3, pss_kib=10)
    make_process(tmp_path, "40", "", cpu=3, pss_kib=1)
    # 30 has ended meanwhile.
    tree = process_tree(proc=tmp_path)
    assert tree == ["self", "20", "30", "40"]
    assert last_cpus(tree, tmp_path) == {10: 1, 20: 3, 40: 3}
    assert pss_bytes(tree, tmp_path) == 111 * 1024


def test_the_children_of_a_thread_that_ends_meanwhile_are_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_process(tmp_path, "self", "", cpu=1, pss_kib=100)
    one, other = (tmp_path / "self/task" / name / "children" for name in ("self", "other"))
    other.parent.mkdir()
    other.write_text("20 ")

    def read_and_end_the_other(path: Path) -> str:
        text = path.read_text()
        if path in (one, other) and other.read_text():
            one.write_text("20 ")
            other.write_text("")
        return text

    monkeypatch.setattr(
        "threads_or_processes.trial.measured.proc._entries", lambda _: [one.parent, other.parent]
    )
    monkeypatch.setattr(
        "threads_or_processes.trial.measured.proc.system_text", read_and_end_the_other
    )
    assert children("self", tmp_path) == ["20"]


def test_a_kernel_that_lists_no_children_is_asked_for_every_parent(tmp_path: Path) -> None:
    parents = {"self": 1, "7": 1, "20": 7, "21": 7, "30": 20}
    for name, parent in parents.items():
        (tmp_path / name / "task" / name).mkdir(parents=True)
        pid = 7 if name == "self" else name
        (tmp_path / name / "stat").write_text(f"{pid} (a) b) S {parent} " + "0 " * 30)
    assert sorted(children("self", tmp_path)) == ["20", "21"]
    assert sorted(process_tree(proc=tmp_path)) == ["20", "21", "30", "self"]
    assert children("30", tmp_path) == []


SECOND = "35 24 0:30 {top} {at}/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
FIRST = "32 31 0:29 {top} {at}/cpu rw shared:2 - cgroup cgroup rw,cpu,cpuacct\n"


@pytest.mark.parametrize(
    ("mounts", "cgroup", "top", "found"),
    [
        pytest.param(SECOND, "0::/a/b\n", "/", ["unified/a/b", "unified/a", "unified"], id="2"),
        pytest.param(SECOND, "0::/a/b\n", "/a", ["unified/b", "unified"], id="2, begins at a"),
        pytest.param(SECOND, "0::/elsewhere\n", "/", ["unified"], id="2, not in the mount"),
        pytest.param(FIRST, "2:cpu,cpuacct:/a\n", "/", ["cpu/a", "cpu"], id="1"),
        pytest.param(FIRST + SECOND, "2:cpu:/a\n0::/b\n", "/", ["cpu/a", "cpu"], id="both"),
        pytest.param(SECOND, "4:memory:/a\n", "/", [], id="no group of this version"),
        pytest.param("", "0::/a\n", "/", [], id="not mounted"),
        pytest.param("nonsense\n - cgroup2\n", "nonsense\n", "/", [], id="nonsense"),
    ],
)
def test_control_groups_are_found_where_they_are_mounted(
    tmp_path: Path, mounts: str, cgroup: str, top: str, found: list[str]
) -> None:
    groups = tmp_path / "groups"
    for group in ("unified/a/b", "unified/b", "cpu/a"):
        (groups / group).mkdir(parents=True)
    process = tmp_path / "process"
    process.mkdir()
    (process / "mountinfo").write_text(mounts.format(top=top, at="/groups"))
    (process / "cgroup").write_text(cgroup)
    assert control_groups("cpu", process, tmp_path) == [groups / name for name in found]


def test_where_the_system_tells_nothing_memory_is_an_error(tmp_path: Path) -> None:
    assert process_tree(proc=tmp_path) == ["self"]
    with pytest.raises(OSError, match="smaps_rollup"):
        pss_bytes(["self"], tmp_path)


def test_the_real_tree_holds_a_grandchild() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        while len(tree := process_tree(str(child.pid))) < 2:
            os.sched_yield()
        assert tree[0] == str(child.pid)
        assert pss_bytes(tree) > 0
    finally:
        child.communicate(b"\n")


def test_the_cpu_time_of_a_thread_is_exact_and_is_what_user_and_system_time_add_up_to() -> None:
    # getrusage lags behind by up to a tick: of twenty short spans it would miss most.
    for _ in range(20):
        time.sleep(0.001)
        before, begun_ns = thread_usage(), time.thread_time_ns()
        while time.thread_time_ns() - begun_ns < 2_000_000:
            pass
        used = thread_usage().since(before)
        spent_ns = time.thread_time_ns() - begun_ns
        assert used.usage.user_ns + used.usage.system_ns == used.cpu_ns
        assert used.usage.user_ns >= 0 <= used.usage.system_ns
        assert 2_000_000 <= used.cpu_ns < spent_ns + 1_000_000
