"""The real pipeline through `profiles/ssh`, on a host with a disk of its own."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cluster.conftest import SMALL_SWEEP, Head, records_in, trial_ids
from tests.conftest import ROOT

LAB = SMALL_SWEEP | {"machines": {"lab": {"cpus": 2, "resources": {"host": "me@lab1"}}}}
# In place of `ssh`: the command runs here, where another folder lies over the head's. With -tt it
# has a terminal, which is gone when this ends. As with sshd, no signal is ignored from the start.
SSH = """#!/bin/sh
inside=$(dirname "$0")/inside
case $1 in -tt) tty=1; shift;; -l) shift 2;; esac
shift
export COMMAND="$*"
run="unshare --mount $inside"
[ "$tty" ] && exec env --default-signal script --quiet --return --command "$run" /dev/null
exec $run
"""
INSIDE = """#!/bin/sh
mount --bind {disk} {head} && cd / && exec sh -c "$COMMAND"
"""


def why_not() -> str | None:
    """Why no other disk can be simulated here; None if it can."""
    programs = ("rsync", "script", "setpriv", "unshare")
    if missing := [name for name in programs if not shutil.which(name)]:
        return f"no {', '.join(missing)}"
    if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode:
        return "no permission to mount a folder over another"
    return None


@pytest.fixture
def head(
    interpreters: Path, plugins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Head:
    """A folder whose machine is a host that is reached by SSH; `tmp_path / "disk"` is its disk."""
    if reason := why_not():
        assert "CI" not in os.environ, reason
        pytest.skip(reason)
    for name in ("head", "disk", "bin"):
        (tmp_path / name).mkdir()
    for name, text in (("ssh", SSH), ("inside", INSIDE)):
        file = tmp_path / "bin" / name
        file.write_text(text.format(disk=tmp_path / "disk", head=tmp_path / "head"))
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    made = Head(tmp_path / "head", plugins, "ssh")
    (made.folder / "tools").symlink_to(ROOT / "tools")
    # Enough blocks that a job which is not cancelled doesn't reach its end meanwhile.
    made.configure({**LAB, "blocks": 16})
    return made


def test_a_host_is_measured_over_ssh_and_a_cancelled_job_ends_there_and_resumes(
    head: Head, tmp_path: Path
) -> None:
    there = tmp_path / "disk/machines/lab-tiny"
    node = there / os.uname().nodename
    # Only Snakemake is told: it must end what it started.
    said = head.run_until_more(node, lambda run: run.send_signal(signal.SIGINT))
    assert "machine lab is not finished" in said
    assert is_free_soon(there / ".lock")
    kept = records_in(node)
    head.configure({**LAB, "blocks": 6})
    head.measure_only("lab")
    brought = records_in(head.folder / "machines/lab-tiny" / node.name)
    assert len(brought) > len(kept) > 1
    # The trial in hand at that moment may be measured again.
    assert len(trial_ids(kept) - trial_ids(brought)) <= 1
    assert not (tmp_path / "disk/report").exists()


def is_free_soon(lock: Path) -> bool:
    """Whether the job that holds a lock ends."""
    with lock.open() as stream:
        for _ in range(100):
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.1)
            else:
                return True
    return False
