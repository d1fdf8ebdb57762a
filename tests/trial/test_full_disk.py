"""A disk that gets full inside a trial: one message, nothing lost, and the trial is measured later.

The disk is a small one of the test's own, in a namespace of its own.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.trial.conftest import fake_interpreter

ON_A_SMALL_DISK = [
    "unshare",
    "-rm",
    "sh",
    "-c",
    'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"',
]
FILL = """
def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            return str(error)
"""


def on_a_small_disk(
    folder: Path, *command: str, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """Run a command that finds a disk of 1 MiB at `folder`."""
    return subprocess.run(
        [*ON_A_SMALL_DISK, str(folder), *command],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder for a small disk, where the system lets us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if on_a_small_disk(folder, "true").returncode:
        pytest.skip("this system lets nobody mount a disk of his own")
    return folder


def python(script: str, *arguments: object) -> list[str]:
    """A command for a script."""
    return [sys.executable, "-c", script, *map(str, arguments)]


TRIALS = f"""
import json, sys, tempfile
from pathlib import Path
from threads_or_processes.trial.supervisor.faults import HarnessError
from threads_or_processes.trial.supervisor.supervisor import run_measured
{FILL}
disk, command = sys.argv[1], json.loads(sys.argv[2])
tempfile.tempdir = disk

def trial(where):
    try:
        return run_measured(command, {{"where": where}}, {{}}, 30).answer
    except HarnessError as fault:
        return {{"fault": str(fault), "hint": fault.hint}}

ends = [trial("own.bin")]
left = [one.name for one in Path(disk).iterdir()]
ends.append(trial(disk + "/others.bin"))
ends.append(trial("own.bin"))
print(json.dumps([left, *ends]))
"""


def test_the_work_is_blamed_only_if_it_filled_the_disk_itself(disk: Path, tmp_path: Path) -> None:
    body = f"""{FILL}
said = fill(SPEC["where"])
answer = {{"answer": {{"outcome": "raised", "explanation": said, "padding": "x" * 50_000}}}}
os.write(SPEC["answer"], json.dumps(answer).encode())
"""
    command = fake_interpreter(tmp_path, body)
    done = on_a_small_disk(disk, *python(TRIALS, disk, json.dumps(command)))
    assert done.returncode == 0, done.stderr
    left, own, others, later = json.loads(done.stdout)
    assert own["outcome"] == "raised"
    assert "No space left" in own["explanation"]
    assert len(own["padding"]) == 50_000
    assert left == []
    for end in (others, later):
        assert end["fault"] == f"the disk is full where trials keep temporary files: {disk}"
        assert "TMPDIR" in end["hint"]


MEASURE = f"""
import os, subprocess, sys, time
from pathlib import Path
from threads_or_processes.pipeline.results import full_disks
from threads_or_processes.trial.supervisor.lock import machine_lock
{FILL}
disk, command = Path(sys.argv[1]), sys.argv[2:]
records = lambda: len([*disk.glob("archive/*.json"), *disk.glob("record.json")])
(disk / "archive").mkdir()
filler = disk / "filler"
fill(filler)
with (disk / "log").open("w") as log, machine_lock():  # as a step's, that has to wait
    run = subprocess.Popen(command, stderr=log)
    time.sleep(0.5)
print(run.wait(), records(), flush=True)
os.chdir(disk)
print(*full_disks(), flush=True)
filler.unlink()
print(subprocess.run(command).returncode, records())
"""


def test_a_record_without_room_is_told_though_its_log_has_none_either(
    disk: Path, measure_into: Callable[..., list[str]]
) -> None:
    done = on_a_small_disk(disk, *python(MEASURE, disk, *measure_into(disk)))
    assert done.returncode == 0, done.stderr
    *message, still, again = done.stdout.splitlines()
    assert "Traceback" not in done.stdout + done.stderr
    assert message[0] == "error: the disk is full"
    assert f"{disk}/" in message[1]
    assert "make room" in message[2]
    assert message[3] == "2 0"
    assert still == f"The disk is full: {disk}. Make room there."
    assert again == "0 2"
