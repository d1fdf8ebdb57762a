"""Limits on files, processes, threads and memory: a message, or a record that says what failed."""

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from threads_or_processes.trial.supervisor.leftovers import PREFIX
from threads_or_processes.trial.supervisor.reaper import MARKER, SHARED_MEMORY

from tests.trial.conftest import processes_with
from tests.users import as_ordinary_user

CPUS = len(os.sched_getaffinity(0))  # the sentinel has a process and two open pipes for each
FILES = "resource.setrlimit(resource.RLIMIT_NOFILE, [{0}, {0}])"
PROCESSES = "resource.setrlimit(resource.RLIMIT_NPROC, [{0}, {0}])"
#: The memory of now, and so many MiB more.
MEMORY = """
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, [pages * resource.getpagesize() + {0} * 2**20] * 2)
"""
Measure = Callable[..., "tuple[subprocess.CompletedProcess[str], list[dict[str, str]]]"]


@pytest.fixture
def measure(tmp_path: Path, measure_into: Callable[..., list[str]]) -> Measure:
    """Measures a trial under a limit; returns its end and its records. Nothing may be left over."""
    (folder := tmp_path / "kept").mkdir()
    (temporary := tmp_path / "tmp").mkdir()
    for one in (tmp_path, folder, temporary):
        one.chmod(0o777)
    user = as_ordinary_user(keeps="dac_override")

    def run(limit: str) -> "tuple[subprocess.CompletedProcess[str], list[dict[str, str]]]":
        done = subprocess.run(
            [*user, *measure_into(folder, "processes-fork", 2, first=limit)],
            env={**os.environ, "TMPDIR": str(temporary)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert list(temporary.iterdir()) == []
        assert processes_with(f"TMPDIR={temporary}") == []
        for marker in SHARED_MEMORY.glob(f"{MARKER}{PREFIX}*"):
            with suppress(FileNotFoundError):  # another test's, which has ended
                assert str(temporary) not in marker.read_text()
        return done, [json.loads(one.read_text()) for one in folder.glob("archive/*.json")]

    return run


@pytest.mark.parametrize(
    "limit",
    [
        pytest.param(FILES.format(2 + 2 * CPUS), id="files of the sentinel"),
        pytest.param(FILES.format(10 + 2 * CPUS), id="files of a trial"),
        pytest.param(PROCESSES.format(CPUS), id="processes of the sentinel"),
        pytest.param(PROCESSES.format(1 + CPUS), id="the reaper"),
        pytest.param(PROCESSES.format(2 + CPUS), id="a thread"),
        pytest.param(PROCESSES.format(3 + CPUS), id="the measured process"),
        pytest.param(MEMORY.format(4), id="memory for a thread"),
    ],
)
def test_what_the_system_refuses_is_one_message_and_no_outcome(
    measure: Measure, limit: str
) -> None:
    done, records = measure(limit)
    assert records == []
    assert done.returncode == 2
    assert done.stderr.count("error: ") == 1
    assert "error: the system refused what a trial needs (" in done.stderr
    assert "raise the limit (`ulimit -a` shows" in done.stderr
    assert "goes on with this trial" in done.stderr


@pytest.mark.parametrize(
    "limit",
    [
        pytest.param(
            PROCESSES.format(5 + CPUS),
            id="processes",
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="needs a user without processes"),
        ),
        pytest.param(MEMORY.format(17), id="memory"),
    ],
)
def test_what_the_system_refuses_to_the_work_is_in_its_record(measure: Measure, limit: str) -> None:
    done, records = measure(limit)
    assert done.returncode == 0, done.stderr
    (record,) = records
    assert record["outcome"] == "raised"
    assert record["explanation"].startswith(("BlockingIOError: ", "RuntimeError: can't start"))
