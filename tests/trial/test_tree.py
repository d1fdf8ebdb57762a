"""The process tree, its CPUs and its memory, from a made /proc and from the real one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from threads_or_processes.trial.measured.process_tree import last_cpus, process_tree, pss_bytes

STAT = "(a) name) S " + "0 " * 35 + "{cpu} 0 0"


def make_process(proc: Path, name: str, children: str, cpu: int, pss_kib: int) -> None:
    thread = proc / name / "task" / name
    thread.mkdir(parents=True)
    (thread / "children").write_text(children)
    (thread / "stat").write_text(f"{name} {STAT.format(cpu=cpu)}")
    (proc / name / "smaps_rollup").write_text(f"Rss: 999 kB\nPss: {pss_kib} kB\nPss_Anon: 7 kB\n")


def test_a_tree_is_the_root_and_all_below_it(tmp_path: Path) -> None:
    make_process(tmp_path, "self", "20 30 ", cpu=1, pss_kib=100)
    make_process(tmp_path, "20", "40 ", cpu=3, pss_kib=10)
    make_process(tmp_path, "40", "", cpu=3, pss_kib=1)
    # 30 has ended meanwhile.
    tree = process_tree(proc=tmp_path)
    assert tree == ["self", "20", "30", "40"]
    assert last_cpus(tree, tmp_path) == {1, 3}
    assert pss_bytes(tree, tmp_path) == 111 * 1024


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
