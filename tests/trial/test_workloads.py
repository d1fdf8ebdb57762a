"""The workloads: what each is made of, and the findings that only some of them give."""

import importlib
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pytest
from threads_or_processes.trial.measured.batch import checksum
from threads_or_processes.trial.workloads import all_workloads, databases, idioms, payloads
from threads_or_processes.trial.workloads import arrays as numpy_workloads
from threads_or_processes.trial.workloads.dispatching import weight
from threads_or_processes.trial.workloads.registry import batch_for
from threads_or_processes.trial.workloads.sockets import REPLY, REQUEST

from tests.trial.conftest import RunTrial, until_gone

ROOT = Path(__file__).parents[2]
WORKLOADS = {name: w for name, w in all_workloads().items() if not w.file}
CALIBRATED = [name for name, workload in WORKLOADS.items() if workload.is_calibrated]
# One of their units takes milliseconds.
SMALLER_STEPS = dict.fromkeys(
    ("numpy_blocks", "numpy_pipeline", "pandas_large", "programs_preexec"), 20
)
UNEQUAL = ("imbalanced", "imbalanced_single")
KINDS = {
    "CPU, holds the GIL",
    "C code that holds the GIL",
    "C code that releases the GIL",
    "waiting, releases the GIL",
    "waiting and CPU",
    "memory",
    "shared state",
    "transfer",
    "dispatch",
}


def lines_run_by(function: Callable[..., Any], *arguments: Any, **named: Any) -> int:
    """How many lines of the workloads a call executes: its work, without a clock."""
    lines = 0

    def local(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return local

    def enter(frame: FrameType, _event: str, _argument: Any) -> Any:
        return local if "trial/workloads" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        function(*arguments, **named)
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_report_can_tell_what_a_workload_is(name: str) -> None:
    workload = WORKLOADS[name]
    assert workload.kind in KINDS
    assert workload.why.endswith((".", "?"))
    assert workload.expected.endswith(".")
    assert not workload.title.endswith(".")
    assert re.fullmatch(r"([\w.-]+/[\w.-]+(#\d+)?)?", workload.source)


REMEDIES = {name: workload.remedy_of for name, workload in WORKLOADS.items() if workload.remedy_of}


@pytest.mark.parametrize(("remedy", "trouble"), REMEDIES.items())
def test_a_remedy_is_the_same_work_by_other_means(remedy: str, trouble: str) -> None:
    assert trouble in WORKLOADS
    assert trouble not in REMEDIES
    one, other = WORKLOADS[remedy], WORKLOADS[trouble]
    assert one.title != other.title
    assert one.parameters == other.parameters


@pytest.mark.parametrize("remedy", sorted(set(REMEDIES) - {"pandas_large"}))
def test_a_remedy_gives_the_same_results(
    remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = WORKLOADS[remedy], WORKLOADS[REMEDIES[remedy]]
    with one.fixture():
        found, expected = (work.function(3, size=2) for work in (one, other))
    assert found == (expected if not isinstance(expected, float) else pytest.approx(expected))


def test_a_small_cache_never_has_the_answer() -> None:
    for work in (idioms.lru_cache, idioms.lru_cache_each):
        for task in (1, 1, 2):  # larger amounts of work repeat each task in place
            work(task, size=2)
    caches = (idioms._cached_score, idioms._of_thread.score)
    assert [cache.cache_info().hits for cache in caches] == [0, 0]
    assert all(cache.cache_info().misses >= 6 * idioms.KEYS for cache in caches)


@pytest.mark.parametrize("workload", ["sqlite", "sqlite_uncounted"])
def test_only_the_remedy_stops_sqlite_counting_its_memory(
    identities: dict[str, dict[str, Any]], tmp_path: Path, workload: str
) -> None:
    used = in_the_interpreter(
        identities["3.13t"],
        f"""
        import ctypes, os, sqlite3, _sqlite3
        from threads_or_processes.trial.workloads import databases
        from threads_or_processes.trial.workloads.registry import REGISTRY
        os.chdir({str(tmp_path)!r})
        with REGISTRY[{workload!r}].fixture():
            databases.{workload}(0, 1)
            connection = sqlite3.connect(":memory:")
            print(ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used())
        """,
    )
    assert (int(used) > 0) is (workload == "sqlite")


def test_a_sqlite_that_cannot_be_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "import_module", lambda _: SimpleNamespace())
    databases._stop_counting.cache_clear()
    with pytest.raises(databases.NoMemoryStatisticsError, match="built into this interpreter"):
        databases._stop_counting()


def test_enum_members_are_counted_and_numbers_are_not(
    identities: dict[str, dict[str, Any]],
) -> None:
    counted = in_the_interpreter(
        identities["3.13t"],
        """
        import sys, threading
        from threads_or_processes.trial.workloads.idioms import _Light, _Number
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        for states in (_Light, _Number):
            before = sys.getrefcount(states.RED)
            held = [states.RED] * 10
            print(sys.getrefcount(states.RED) - before)
        """,
    )
    assert counted.split() == ["10", "0"]


@pytest.mark.parametrize("name", CALIBRATED)
def test_work_is_in_proportion_to_size_and_the_same_for_every_task(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    function = WORKLOADS[name].function
    step = SMALLER_STEPS.get(name, 97)
    with WORKLOADS[name].fixture(**WORKLOADS[name].parameters):
        function(1, size=1)  # what is built once is built now
        function(5, size=1)
        sizes = (step, 2 * step, 3 * step)
        first, second, third = (lines_run_by(function, 1, size=size) for size in sizes)
        assert second - first >= 0.9 * step
        assert third - second == pytest.approx(second - first, rel=0.05)
        if name not in UNEQUAL:
            assert lines_run_by(function, 5, size=step) == pytest.approx(first, abs=2)


def test_unequal_tasks_are_unequal_by_their_number() -> None:
    assert [weight(task) for task in range(12)] == [5, 1, 14, 1, 1, 2, 4, 1, 1, 2, 2, 2]
    weights = [weight(task) for task in range(1000)]
    heaviest = sorted(weights)[-100:]
    assert sum(heaviest) > 0.4 * sum(weights)
    for name in UNEQUAL:
        function = WORKLOADS[name].function
        shortest, longest = (lines_run_by(function, task, size=50) for task in (1, 2))
        assert longest == pytest.approx(14 * shortest, rel=0.1)


@pytest.mark.parametrize("kib", [4, 64, 1024])
def test_payloads_have_the_size_they_say_and_share_nothing(kib: int) -> None:
    made: dict[str, Callable[[int], Any]] = {
        "send_array": lambda n: payloads.array_payload(n, kib),
        "return_array": lambda n: payloads.return_array(n, kib),
        "send_objects": lambda n: payloads.objects_payload(n, kib),
        "return_objects": lambda n: payloads.return_objects(n, kib),
    }
    for name, payload in made.items():
        batch = [payload(number) for number in range(3)]
        pickled = len(pickle.dumps(batch, protocol=5))
        assert pickled == pytest.approx(3 * kib * 1024, rel=0.1), name


def test_what_is_sent_is_what_the_task_reads() -> None:
    for name in ("send_array", "send_objects"):
        workload = WORKLOADS[name]
        assert workload.payload
        sums = [workload.function(workload.payload(n, kib=4), kib=4) for n in range(2)]
        assert all(isinstance(total, int) and total > 0 for total in sums)
    assert payloads.send_array(payloads.array_payload(2, 4), 4) == sum(range(2, 2 + 512))


@pytest.mark.parametrize(("arm", "loses"), [("3.13", False), ("3.13t", True)])
def test_only_without_the_gil_does_an_unlocked_counter_lose_updates(
    trial: RunTrial, calibration_of: Callable[[str], dict[str, Any]], arm: str, *, loses: bool
) -> None:
    tasks = calibration_of("counter_unlocked")["tasks"]
    # So many that the threads meet, whatever else the machine does.
    size = 3_000_000 // tasks
    work = {"size": size, "expected_checksum": checksum([[size] * tasks])}
    record = trial("counter_unlocked", "threads", 2, arm, calibration=work)
    assert (record["outcome"], record["explanation"]) == ("ok", "")
    lost = [repetition["lost_updates"] for repetition in record["repetitions"]]
    assert (sum(lost) > 0) is loses
    assert min(lost) >= 0


@pytest.mark.parametrize("workload", ["shared_append", "shared_dict", "counter_locked"])
def test_what_python_or_a_lock_keeps_safe_loses_nothing(trial: RunTrial, workload: str) -> None:
    record = trial(workload, "threads", 2, "3.13t")
    assert record["outcome"] == "ok"
    assert [repetition["lost_updates"] for repetition in record["repetitions"]] == [0, 0, 0]


def in_the_interpreter(identity: dict[str, Any], code: str, **environment: str) -> str:
    """What a piece of code prints, run by an interpreter under test."""
    return subprocess.run(
        [identity["executable"], "-c", textwrap.dedent(code)],
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        env={**os.environ, **environment},
    ).stdout


def test_the_shared_object_is_counted_like_any_other(identities: dict[str, dict[str, Any]]) -> None:
    # 3.13t makes some objects immortal when the first thread starts.
    counted = in_the_interpreter(
        identities["3.13t"],
        """
        import sys, threading
        from threads_or_processes.trial.workloads.references import _shared
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        before = sys.getrefcount(_shared[0])
        held = [_shared[0]] * 10
        print(before, sys.getrefcount(_shared[0]))
        """,
    )
    before, after = map(int, counted.split())
    assert before < 10
    assert after == before + 10


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads in /proc")
@pytest.mark.parametrize("inner_threads", [1, 3])
def test_inner_threads_are_those_of_the_blas_library(
    identities: dict[str, dict[str, Any]], inner_threads: int
) -> None:
    threads = in_the_interpreter(
        identities["3.13t"],
        f"""
        import os
        from threads_or_processes.trial.workloads.arrays import matmul
        matmul(0, 1, {inner_threads})
        print(len(os.listdir("/proc/self/task")))
        """,
        OPENBLAS_NUM_THREADS="1",
    )
    assert int(threads) == inner_threads


def test_the_librarys_own_number_of_inner_threads_gives_the_same_product(trial: RunTrial) -> None:
    record = trial("matmul", "processes-fork", 2, params={"inner_threads": 0})
    assert (record["outcome"], record["explanation"]) == ("ok", "")


def test_a_blas_library_that_cannot_be_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    other = SimpleNamespace(__file__=importlib.import_module("_ctypes").__file__)
    monkeypatch.setattr(numpy_workloads, "import_module", lambda _: other)
    with pytest.raises(numpy_workloads.NoInnerThreadsError, match="leave inner_threads at 1"):
        numpy_workloads._set_inner_threads(2)


def answers(port: int) -> bool:
    """Whether anybody listens."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_the_server_serves_many_at_once_and_ends_with_its_trial() -> None:
    workload = WORKLOADS["socket"]
    with workload.fixture(**workload.parameters) as added:
        port = added["port"]
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(64)]
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(REQUEST.pack(7, 0.0))
            assert REPLY.unpack(connection.recv(REPLY.size)) == (7,)
        assert workload.function(5, port, seconds=0.0) == workload.parameters["requests"] * 5
        for connection in silent:
            connection.close()
    assert not answers(port)


def test_the_server_ends_with_a_trial_that_is_killed() -> None:
    trial = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time\n"
            "from threads_or_processes.trial.measured.loading import load_workload\n"
            "with load_workload('sockets', 'socket').fixture() as added:\n"
            "    print(added['port'], flush=True)\n"
            "    time.sleep(60)\n",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert trial.stdout
    port = int(trial.stdout.readline())
    assert answers(port)
    trial.send_signal(signal.SIGKILL)
    trial.communicate()
    until_gone(lambda: [port] if answers(port) else [])


@pytest.mark.parametrize("name", ["sleep", "socket"])
def test_a_coroutine_does_what_its_function_does(name: str) -> None:
    import asyncio

    workload = WORKLOADS[name]
    assert workload.coroutine
    with workload.fixture(**workload.parameters) as added:
        arguments = {**workload.parameters, **workload.same_results_with, **added}
        assert asyncio.run(workload.coroutine(3, **arguments)) == workload.function(3, **arguments)


def test_the_batch_of_contended_work_shrinks_with_more_cpus() -> None:
    def target_ns(name: str, cpus: int) -> int:
        return batch_for(WORKLOADS[name], {}, 10.0 * cpus, cpus)[1]

    assert [target_ns("json", cpus) for cpus in (1, 2, 8, 32)] == [10e6, 20e6, 80e6, 320e6]
    assert [target_ns("counter_unlocked", cpus) for cpus in (1, 2, 8, 32)] == [
        10e6,
        20e6,
        10e6,
        5e6,
    ]


def test_a_remedy_for_contention_is_not_contended() -> None:
    remedies = [one for one in WORKLOADS.values() if one.remedy_of]
    contended = [one for one in remedies if WORKLOADS[one.remedy_of].contended]
    assert contended
    assert not any(one.contended for one in contended)
