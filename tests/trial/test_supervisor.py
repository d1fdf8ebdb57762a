"""However a trial ends, nothing of it is left, and its outcome says what happened."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.trial.measured.proc import children
from threads_or_processes.trial.supervisor import health, leftovers, supervisor
from threads_or_processes.trial.supervisor.environment import draw_environment
from threads_or_processes.trial.supervisor.faults import HarnessError
from threads_or_processes.trial.supervisor.leftovers import (
    LOCKED_WITHIN_S,
    PREFIX,
    end_leftovers,
    marked_folder,
)
from threads_or_processes.trial.supervisor.reaper import (
    MARKER,
    PREFIX_VARIABLE,
    SHARED_MEMORY,
    end_children,
)
from threads_or_processes.trial.supervisor.supervisor import Ending, run_measured

from tests.trial.conftest import fake_interpreter, processes_with, until_gone

ROOT = Path(__file__).parents[2]
SLEEP_S = "600"

# A family of workloads beside those that are shipped.
FAMILY = """
import ctypes
import os
import sys
import tempfile
import time
from multiprocessing import shared_memory
from pathlib import Path

from threads_or_processes.trial.workloads.registry import register


def started():
    with open(os.environ["STARTED"], "a") as file:
        file.write(f"{os.getpid()}\\n")


def segfault(task):
    ctypes.string_at(0)


def leave(task):
    os._exit(3)


def hang(task):
    started()
    time.sleep(SLEEP_S)


def kill_parent(task):
    for line in open("/proc/self/maps"):
        if "/dev/shm/" in line:
            print("semaphore", line.split()[-1], flush=True)
    try:
        Path(os.environ["STARTED"]).touch(exist_ok=False)
    except FileExistsError:  # another worker was first, the parent may be another by now
        time.sleep(SLEEP_S)
    Path("/dev/shm", os.environ["SHARED_MEMORY_PREFIX"] + os.environ["MARKER"]).touch()
    os.kill(os.getppid(), 9)
    time.sleep(SLEEP_S)


def daemonise(task):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            started()
            os.execlp("sleep", "sleep", "SLEEP_S")
        os._exit(0)
    while not Path(os.environ["STARTED"]).exists():
        time.sleep(0.01)
    return task


def needs_the_gil(task):
    import needs_the_gil
    return task


for function in (segfault, leave, hang, kill_parent, daemonise, needs_the_gil):
    register(title="t", kind="k", unit="u", why="w", expected="e")(function)
""".replace("SLEEP_S", SLEEP_S)

EXTENSION = """
#include <Python.h>
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "needs_the_gil", NULL, 0, NULL};
PyMODINIT_FUNC PyInit_needs_the_gil(void) { return PyModule_Create(&definition); }
"""


@dataclass(frozen=True)
class Bench:
    """Where a trial's leavings are looked for: by a marker in its environment, and its folder."""

    identities: dict[str, dict[str, Any]]
    packages: Path
    marker: str
    temporary: Path

    @property
    def environment(self) -> dict[str, str]:
        """The measured process's environment."""
        return {
            **draw_environment(1, self.marker, 1).for_process(self.packages),
            "MARKER": self.marker,
            "STARTED": str(self.started),
        }

    @property
    def started(self) -> Path:
        """Where a task writes its process's number."""
        return self.packages / "started"

    def spec(self, task: str, model: str = "serial", workers: int = 1) -> dict[str, Any]:
        """The spec of one repetition of two tasks."""
        return {
            "do": "measure",
            "family": "misbehaving",
            "workload": task,
            "arguments": {},
            "tasks": 2,
            "expected_checksum": "",
            "model": model,
            "workers": workers,
            "timing": "warm",
            "warmups": 0,
            "repetitions": 1,
            "amounts": [1],
            "patience_ns": 0,
            "probe": None,
            "gil": False,
        }

    def run(
        self, task: str, model: str = "serial", workers: int = 1, timeout_s: float = 60
    ) -> Ending:
        """Measure a task on the free-threaded build, and see that nothing is left."""
        identity = self.identities["3.13t"]
        ending = run_measured(
            [identity["executable"], *identity["flags"]],
            self.spec(task, model, workers),
            self.environment,
            timeout_s,
        )
        self.check_that_nothing_is_left()
        return ending

    def check_that_nothing_is_left(self) -> None:
        """No process with the marker, no folder, no file in shared memory."""
        assert self.processes() == []
        assert list(self.temporary.iterdir()) == []
        assert [file for file in SHARED_MEMORY.iterdir() if self.marker in file.name] == []

    def processes(self) -> list[int]:
        """The processes with the marker that are still there, zombies left out."""
        return processes_with(f"MARKER={self.marker}")


@pytest.fixture
def bench(
    tmp_path: Path, identities: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    """A copy of the package by links, with one more family of workloads."""
    packages = tmp_path / "packages"
    room = "threads_or_processes/trial"
    for package in ("threads_or_processes", room, f"{room}/workloads"):
        (packages / package).mkdir(parents=True)
        for module in (ROOT / "workflow" / package).glob("*"):
            if module.name not in ("trial", "workloads", "__pycache__"):
                (packages / package / module.name).symlink_to(module)
    family = packages / room / "workloads/misbehaving.py"
    family.write_text(FAMILY, encoding="utf-8")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    bench = Bench(identities, packages, uuid.uuid4().hex, temporary)
    yield bench
    for process in bench.processes():
        os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize(
    ("task", "explanation"),
    [
        ("segfault", "the process was ended by SIGSEGV"),
        ("leave", "the process ended with exit code 3"),
    ],
)
def test_a_crash_of_the_process_is_told(bench: Bench, task: str, explanation: str) -> None:
    ending = bench.run(task)
    assert ending.answer == {"outcome": "crashed", "explanation": explanation}
    assert (
        ending.seen["health"]["before"]["read_monotonic_ns"] < ending.seen["started_monotonic_ns"]
    )
    assert ending.seen["health"]["after"]["read_monotonic_ns"] > ending.seen["ended_monotonic_ns"]


@pytest.mark.parametrize(
    ("task", "explanation"),
    [("segfault", r"was ended by SIGSEGV"), ("leave", r"ended with exit code 3")],
)
def test_a_crash_of_a_worker_is_told(bench: Bench, task: str, explanation: str) -> None:
    answer = bench.run(task, "processes-fork", 2).answer
    assert answer["outcome"] == "worker_died"
    assert re.search(rf"worker process \d+ {explanation}", answer["explanation"])


@pytest.mark.parametrize(("model", "workers"), [("serial", 1), ("processes-fork", 2)])
def test_a_task_that_hangs_is_ended(bench: Bench, model: str, workers: int) -> None:
    ending = bench.run("hang", model, workers, timeout_s=1)
    assert ending.answer == {"outcome": "timeout", "explanation": "not finished after 1 s"}


def test_workers_that_lost_their_parent_are_ended_with_their_semaphores(bench: Bench) -> None:
    ending = bench.run("kill_parent", "processes-spawn", 2)
    assert ending.answer["explanation"] == "the process was ended by SIGKILL"
    semaphores = re.findall(r"semaphore (/dev/shm/sem\S+)\n", ending.seen["stderr_tail"])
    assert semaphores
    assert [path for path in semaphores if Path(path).exists()] == []


def test_a_daemonised_grandchild_is_ended(bench: Bench) -> None:
    assert bench.run("daemonise").answer["outcome"] == "wrong_result"
    grandchild, *_ = bench.started.read_text().split()
    assert not Path(f"/proc/{grandchild}").exists()


@pytest.fixture
def other() -> Iterator["subprocess.Popen[bytes]"]:
    """A child of this process that has nothing to do with trials."""
    process = subprocess.Popen(["sleep", SLEEP_S])
    yield process
    process.kill()
    process.wait()


def test_a_task_that_kills_its_reaper_ends_and_other_children_live_on(
    bench: Bench, other: "subprocess.Popen[bytes]"
) -> None:
    with pytest.raises(HarnessError, match="guards a trial was ended by SIGKILL"):
        bench.run("kill_parent")
    bench.check_that_nothing_is_left()
    assert other.poll() is None


def test_a_request_to_end_that_comes_while_a_trial_is_tidied_up_waits_for_that(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(spared: Collection[int]) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        end_children(spared)

    monkeypatch.setattr(supervisor, "end_children", interrupted)
    with pytest.raises(SystemExit) as end:
        bench.run("kill_parent")
    assert end.value.code == 128 + signal.SIGTERM
    bench.check_that_nothing_is_left()


def test_a_process_that_starts_while_leftovers_are_listed_is_ended_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = f"{PREFIX}{secrets.token_hex(4)}-"
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    started: list[subprocess.Popen[bytes]] = []
    kill = os.kill

    def start() -> None:
        started.append(subprocess.Popen(command, env={**os.environ, PREFIX_VARIABLE: prefix}))
        while started[-1].pid not in processes_with(f"{PREFIX_VARIABLE}={prefix}"):
            assert started[-1].poll() is None

    def kill_the_first(pid: int, number: int) -> None:
        if len(started) == 1:
            start()
        kill(pid, number)

    start()
    (tmp_path / f"{MARKER}{prefix}").write_text("trial-gone", encoding="utf-8")
    monkeypatch.setattr(leftovers, "SHARED_MEMORY", tmp_path)  # out of other tests' reach
    monkeypatch.setattr(os, "kill", kill_the_first)
    end_leftovers()
    assert [process.wait() for process in started] == [-signal.SIGKILL] * 2
    assert list(tmp_path.iterdir()) == []


def test_shared_memory_with_the_prefix_is_removed(tmp_path: Path) -> None:
    command = fake_interpreter(
        tmp_path,
        f"""
        import os, pathlib
        prefix = os.environ["SHARED_MEMORY_PREFIX"]
        for name in (prefix + "array", "sem." + prefix + "lock"):
            (pathlib.Path("{SHARED_MEMORY}") / name).touch()
        (pathlib.Path(os.environ["JOBLIB_TEMP_FOLDER"]) / "folder").mkdir(parents=True)
        print(prefix, os.environ["TMPDIR"] == os.getcwd())
        """,
    )
    ending = run_measured(command, {}, {}, 30)
    prefix, scratch_is_used = ending.seen["stderr_tail"].split()
    assert re.fullmatch(r"top-[0-9a-f]{8}-", prefix)
    assert scratch_is_used == "True"
    assert [file for file in SHARED_MEMORY.iterdir() if prefix in file.name] == []


def hanging(bench: Bench, model: str) -> subprocess.Popen[bytes]:
    """A supervisor whose two workers hang, once both have started."""
    identity = bench.identities["3.13t"]
    code = f"""
        import tempfile
        from threads_or_processes.trial.supervisor.supervisor import run_measured
        tempfile.tempdir = {str(bench.temporary)!r}
        run_measured(
            {[identity["executable"], *identity["flags"]]!r},
            {bench.spec("hang", model, 2)!r},
            {bench.environment!r},
            60,
        )
    """
    supervisor = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT)
    while not (bench.started.exists() and len(bench.started.read_text().split()) == 2):
        assert supervisor.poll() is None
        time.sleep(0.01)
    return supervisor


def test_a_killed_supervisor_takes_everything_along(bench: Bench) -> None:
    supervisor = hanging(bench, "processes-fork")
    assert len(bench.processes()) >= 3
    supervisor.kill()
    supervisor.wait()
    until_gone(lambda: [*bench.processes(), *bench.temporary.iterdir()])


def test_what_a_killed_supervisor_and_reaper_leave_the_next_trial_ends_and_only_that(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = hanging(bench, "processes-spawn")
    (reaper,) = children(str(supervisor.pid))
    (measured,) = children(reaper)
    environment = Path(f"/proc/{measured}/environ").read_text(encoding="utf-8")
    prefix = environment.partition(f"\0{PREFIX_VARIABLE}=")[2].partition("\0")[0]

    def in_shared_memory() -> list[Path]:
        return [path for path in SHARED_MEMORY.iterdir() if prefix in path.name]

    os.kill(int(reaper), signal.SIGSTOP)  # so that it can't tidy up
    supervisor.kill()
    assert len(bench.processes()) >= 3  # the measured one and its workers
    assert list(bench.temporary.iterdir())
    assert in_shared_memory()
    os.kill(int(reaper), signal.SIGKILL)  # from here on, another test's trial may end them too
    supervisor.wait()
    until_gone(lambda: [pid for pid in bench.processes() if pid == int(measured)])
    living = f"{PREFIX}{secrets.token_hex(4)}-"
    with ExitStack() as stack:
        with monkeypatch.context() as patched:
            patched.setattr(tempfile, "tempdir", str(tmp_path))
            lives = stack.enter_context(marked_folder(living))
        assert bench.run("leave").answer["outcome"] == "crashed"  # leaves nothing of either
        assert lives.exists()
        assert Path(SHARED_MEMORY, f"{MARKER}{living}").exists()
    assert in_shared_memory() == []


def test_a_request_to_end_that_comes_during_a_fork_is_not_lost(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    asked: list[int] = []

    def ask() -> None:  # once: a hook stays for as long as the process lives
        if not asked:
            asked.append(signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)

    os.register_at_fork(before=ask)
    with pytest.raises(SystemExit) as end:
        run_measured(fake_interpreter(tmp_path, "import time; time.sleep(60)"), {}, {}, 30)
    assert end.value.code == 128 + signal.SIGTERM
    assert asked
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("step", ["fcntl.flock", "os.write", "Path.rename", "Path.mkdir"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_supervisor_that_is_killed_while_it_begins_leaves_nothing(
    step: str, moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (memory := tmp_path / "memory").mkdir()  # out of other tests' reach
    (temporary := tmp_path / "tmp").mkdir()
    prefix = f"{PREFIX}{secrets.token_hex(4)}-"
    code = f"""
        import fcntl, os, signal, tempfile
        from pathlib import Path
        from threads_or_processes.trial.supervisor import leftovers
        leftovers.SHARED_MEMORY = Path("{memory}")
        tempfile.gettempdir()  # writes a file
        step = {step}
        def killed(*given, **named):
            if {moment == "after"}:
                step(*given, **named)
            os.kill(os.getpid(), signal.SIGKILL)
        {step} = killed
        leftovers.marked_folder("{prefix}").__enter__()
    """
    environment = os.environ | {"TMPDIR": str(temporary)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    left = [*temporary.iterdir(), *memory.iterdir()]
    for path in left:
        if path.name.startswith("."):
            assert path.exists()
            os.utime(path, (0, time.time() - LOCKED_WITHIN_S - 1))
    monkeypatch.setattr(leftovers, "SHARED_MEMORY", memory)
    end_leftovers()
    assert [path for path in left if path.exists()] == []


@pytest.mark.parametrize(
    ("flags", "explanation"),
    [
        ([], "the process was ended by SIGKILL"),
        (
            ["out_of_memory_kill"],
            "the process was ended by SIGKILL; "
            "meanwhile the kernel killed a process because memory had run out",
        ),
    ],
)
def test_a_kill_for_lack_of_memory_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: list[str], explanation: str
) -> None:
    monkeypatch.setattr(health, "flags", lambda before, after: flags)
    command = fake_interpreter(tmp_path, "import os; os.kill(os.getpid(), 9)")
    ending = run_measured(command, {}, {}, 30)
    assert ending.answer == {"outcome": "crashed", "explanation": explanation}
    assert ending.seen["health"]["flags"] == flags


@pytest.fixture
def extension(bench: Bench) -> None:
    """An extension module that doesn't declare that it can do without the GIL."""
    compiler = shutil.which("cc")
    if not compiler:
        assert "CI" not in os.environ, "no C compiler"
        pytest.skip("no C compiler on this machine")
    source = bench.packages / "needs_the_gil.c"
    source.write_text(EXTENSION, encoding="utf-8")
    include = subprocess.run(
        [
            bench.identities["3.13t"]["executable"],
            "-c",
            "import sysconfig; print(sysconfig.get_path('include'))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    subprocess.run(
        [compiler, "-shared", "-fPIC", f"-I{include}", str(source), "-o", f"{source.stem}.so"],
        cwd=bench.packages,
        check=True,
    )


@pytest.mark.usefixtures("extension")
@pytest.mark.parametrize(
    ("model", "workers"), [("serial", 1), ("processes-fork", 2), ("processes-spawn", 2)]
)
def test_the_module_that_brings_the_gil_back_is_named(
    bench: Bench, model: str, workers: int
) -> None:
    ending = bench.run("needs_the_gil", model, workers)
    assert ending.answer["outcome"] == "wrong_gil"
    assert ending.answer["explanation"] == (
        "the GIL was on in a worker; this build runs with it off; "
        "the extension module 'needs_the_gil' brought it back"
    )
