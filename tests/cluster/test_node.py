"""What a job checks on its node, and how it works where file systems lack something."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import NO_HARD_LINKS, put_in_place
from threads_or_processes.pipeline import node
from threads_or_processes.pipeline.archive import Archive
from threads_or_processes.pipeline.node import (
    check_is_local,
    check_same_node,
    cpus_in_words,
    link_files,
    take_cpus,
)


@pytest.fixture
def own_cpus() -> Iterator[set[int]]:
    """The CPUs of this process; it gets them back."""
    cpus = os.sched_getaffinity(0)
    yield cpus
    os.sched_setaffinity(0, cpus)


def test_a_job_with_fewer_cpus_than_the_config_says_is_refused(own_cpus: set[int]) -> None:
    with pytest.raises(UserError) as refused:
        take_cpus(len(own_cpus) + 1, "epyc")
    assert refused.value.where == "config key machines.epyc.cpus"
    assert str(len(own_cpus)) in refused.value.what


def test_a_job_keeps_to_the_cpus_that_the_config_says(own_cpus: set[int]) -> None:
    take_cpus(1, "epyc")
    assert os.sched_getaffinity(0) == {min(own_cpus)}


def test_a_job_on_a_system_that_pins_nothing_is_refused(
    own_cpus: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "threads_or_processes.pipeline.node.allowed_cpus", lambda: range(len(own_cpus) + 1)
    )
    monkeypatch.delattr(os, "sched_setaffinity")
    with pytest.raises(UserError, match="can't keep a job") as refused:
        take_cpus(1, "mac")
    assert refused.value.where == "config key machines.mac.cpus"


def test_a_job_that_does_not_have_the_whole_node_says_so() -> None:
    assert "other jobs may use the rest" in cpus_in_words(64, 128)
    assert cpus_in_words(128, 128) == "all CPUs (128)"


MOUNTS = """\
22 1 0:20 / / rw - ext4 /dev/vda rw
31 22 0:27 / /tmp rw shared:1 - tmpfs tmpfs rw
40 22 0:40 / /home rw - nfs4 server:/home rw,vers=4.2
41 40 0:41 / /home/local\\040disk rw - xfs /dev/vdb rw
"""


@pytest.mark.parametrize(
    ("folder", "is_local"),
    [("/tmp", True), ("/home/me/tmp", False), ("/home/local disk/x", True), ("/var", True)],
)
def test_a_folder_for_interpreters_must_not_be_on_the_network(
    tmp_path: Path, folder: str, is_local: bool
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, encoding="utf-8")
    if is_local:
        check_is_local(Path(folder), mounts)
    else:
        with pytest.raises(UserError, match="nfs4 at /home"):
            check_is_local(Path(folder), mounts)


def record(folder: Path, of: str, block: int) -> None:
    """A trial's record in a node's folder."""
    file = folder / of / "results/made-up/trials/json/serial/1/3.13/warm" / f"{block:03d}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}", encoding="utf-8")


def test_two_nodes_are_not_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "node_name", lambda: "n203")
    check_same_node(tmp_path, "epyc", may_be_another=False)
    record(tmp_path, "n017", 1)
    with pytest.raises(UserError, match="begun on n017, and this job runs on n203") as refused:
        check_same_node(tmp_path, "epyc", may_be_another=False)
    assert "machines.epyc.elsewhere" in refused.value.hint
    check_same_node(tmp_path, "epyc", may_be_another=True)
    record(tmp_path, "n203", 1)
    record(tmp_path, "n203", 2)
    check_same_node(tmp_path, "epyc", may_be_another=False)


def test_relative_paths_of_the_config_mean_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/work.py").write_text("a = 1", encoding="utf-8")
    for _ in range(2):  # a second run finds the link
        link_files([Path("mine/work.py"), Path("/etc/hosts")], Path("machines/epyc/n017"))
    assert (tmp_path / "machines/epyc/n017/mine/work.py").read_text() == "a = 1"


@pytest.mark.parametrize("number", [None, *sorted(NO_HARD_LINKS)])
def test_a_record_is_replaced_whole_with_and_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int | None
) -> None:
    def no_links(*_: object) -> None:
        assert number is not None
        raise OSError(number, os.strerror(number))

    if number is not None:
        monkeypatch.setattr(os, "link", no_links)
    old, new, counted = tmp_path / "old", tmp_path / "new", tmp_path / "trials/001.json"
    old.write_text("old")
    new.write_text("new")
    for source in (old, new, new):
        put_in_place(source, counted)
        assert counted.read_text() == source.read_text()
    assert [path.name for path in counted.parent.iterdir()] == ["001.json"]
    assert new.samefile(counted) is (number is None)


def test_where_a_record_can_be_neither_linked_nor_copied_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "the disk is full")

    counted = tmp_path / "001.json"
    counted.write_text("old")
    monkeypatch.setattr(os, "link", full)
    with pytest.raises(UserError, match="the disk is full"):
        put_in_place(tmp_path / "new", counted)
    assert counted.read_text() == "old"


#: The node's command in a process where another job has the folder, and ends at the first sleep.
HELD = """
import fcntl, os, time
from pathlib import Path
from threads_or_processes.common.errors import exit_on_user_error
from threads_or_processes.pipeline import node
lock = Path("{folder}/.lock")
lock.write_text("job 81244 on n017")
other = os.open(lock, os.O_RDWR)
fcntl.flock(other, fcntl.LOCK_EX)
time.sleep = lambda _: os.close(other)
node.ENDS_WITHIN_S = {patience_s}
exit_on_user_error(node.main)
"""


@pytest.mark.parametrize("patience_s", [0, 60])
def test_a_machine_that_is_being_measured_is_not_measured_by_a_second_job_before_the_first_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience_s: float
) -> None:
    (tmp_path / "config.json").write_text('{"machine": "epyc"}', encoding="utf-8")
    monkeypatch.setenv("SLURM_JOB_ID", "81245")
    monkeypatch.setenv("SLURMD_NODENAME", "n017")
    held = ["-c", HELD.format(folder=tmp_path, patience_s=patience_s)]
    done = command(tmp_path, "--cpus", "1", program=held)
    assert done.returncode == 2
    whose = (tmp_path / ".lock").read_text(encoding="utf-8")
    if patience_s:
        assert whose == "job 81245 on n017"
        assert "is measuring" not in done.stderr
    else:
        assert whose == "job 81244 on n017"
        assert "job 81244 on n017 is measuring epyc" in done.stderr
        assert str(tmp_path) in done.stderr
        assert "wait until it is finished" in done.stderr


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_used_and_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    class Somewhere(Archive):
        results = tmp_path

        def __init__(self) -> None:
            pass

    monkeypatch.setattr("threads_or_processes.pipeline.results.fcntl.flock", no_locks)
    Somewhere().lock()
    assert "has no file locks" in capsys.readouterr().err


NODE = ["-m", "threads_or_processes.pipeline.node"]


def command(
    folder: Path, *arguments: str, program: Sequence[str] = NODE
) -> "subprocess.CompletedProcess[str]":
    """Run the node's command with the config in a folder, for that folder."""
    node = [sys.executable, *program, *arguments]
    places = ["--config", str(folder / "config.json"), "--local", "/tmp", "--out", str(folder)]
    return subprocess.run([*node, *places], capture_output=True, text=True, cwd=folder)


def test_the_node_s_command_says_a_mistake_in_one_message(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"machine": "epyc"}', encoding="utf-8")
    done = command(tmp_path, "--cpus", "100000")
    assert done.returncode == 2
    assert "machines.epyc.cpus" in done.stderr
    assert "Traceback" not in done.stderr
