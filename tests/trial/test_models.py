"""The models on the real interpreters: what each promises, and what it tells of a dead worker."""

import asyncio
import concurrent.futures
import pickle
import signal
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from threads_or_processes.records.vocabulary import Family
from threads_or_processes.trial.models import MODELS, load_model
from threads_or_processes.trial.models.barrier import wait_for_all
from threads_or_processes.trial.models.base import Startup, UnreadableResultError
from threads_or_processes.trial.models.oob_pickle import (
    ALIGNMENT_BYTES,
    dumps_oob,
    layout,
    loads_copy,
    loads_in_place,
    write_buffers,
)
from threads_or_processes.trial.models.pinned_pools import in_turn
from threads_or_processes.trial.supervisor.environment import draw_environment
from threads_or_processes.trial.supervisor.supervisor import PACKAGE_ROOT, Ending, run_measured

from tests.trial.conftest import processes_with, until_gone
from tests.trial.model_subject import fail_awkwardly

SUBJECT = Path(__file__).with_name("model_subject.py")
OF_NOW = [name for name, entry in MODELS.items() if entry.since <= (3, 13)]
OF_PROCESSES = [name for name in OF_NOW if MODELS[name].family is Family.PROCESSES]
SHARING_MEMORY = [name for name in OF_NOW if name.startswith("shared_memory")]
Observe = Callable[[str, str, str], Ending]


@pytest.fixture(scope="session")
def observe(identities: dict[str, dict[str, Any]]) -> Observe:
    """Have a model observed in an arm's interpreter; nothing of it may be left."""

    def observe_case(case: str, model: str, arm: str) -> Ending:
        mark = f"MARK={uuid.uuid4().hex}"
        environment = draw_environment(1, model, 1).for_process(PACKAGE_ROOT)
        ending = run_measured(
            [identities[arm]["executable"], *identities[arm]["flags"], str(SUBJECT)],
            {"case": case, "model": model},
            environment | dict([mark.split("=")]),
            60,
        )
        assert ending.answer["outcome"] == "ok", (ending.answer, ending.seen["stderr_tail"])
        until_gone(lambda: processes_with(mark))
        assert list(Path("/dev/shm").glob(f"{ending.answer['prefix']}*")) == []
        return ending

    return observe_case


@pytest.mark.parametrize("arm", ["3.13", "3.13t"])
@pytest.mark.parametrize("model", [name for name in OF_NOW if name != "serial"])
def test_a_model_keeps_what_all_models_promise(observe: Observe, model: str, arm: str) -> None:
    ending = observe("promises", model, arm)
    seen = ending.answer["answer"]
    assert seen["startup"] == sorted(seen["startup"])
    assert seen["results"] == [2 * item for item in range(25)]
    assert seen["error"] == [7]
    assert seen["workers"] == (0 if model == "asyncio" else 2)
    assert model == "raw_threads" or seen["born_later"] == []
    assert seen["alive"] == []
    assert seen["after_error"] == seen["again"] == [0, 2]
    assert ending.seen["stderr_tail"] == ""


@pytest.mark.parametrize("model", OF_PROCESSES)
def test_a_dead_worker_is_told_with_its_end(observe: Observe, model: str) -> None:
    told = observe("deaths", model, "3.13t").answer["answer"]
    assert {kind: kind in text for kind, text in told.items() if kind != "exit"} == {
        "SIGKILL": True,
        "SIGSEGV": True,
    }
    assert "exit code 3" in told["exit"] or "EXIT(3)" in told["exit"]
    assert all("worker process" in text for text in told.values())


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("threads", "AwkwardError"),  # nothing is sent
        ("processes-fork", "UnreadableResultError"),
        ("stdlib_processes-spawn", "UnreadableResultError"),
        ("process_executor-fork", "UnreadableResultError"),
        ("joblib", "UnreadableResultError"),
    ],
)
def test_a_result_that_can_not_be_read_ends_the_waiting(
    observe: Observe, model: str, error: str
) -> None:
    assert observe("unreadable", model, "3.13").answer["answer"] == {"error": error}


def test_a_call_that_comes_after_the_executor_broke_is_told_why() -> None:
    model: Any = load_model("process_executor-spawn", 1)
    model.start()
    try:
        model.answered(time.monotonic_ns)
        wait([model._executor.submit(fail_awkwardly, 0)])
        with pytest.raises(UnreadableResultError, match="missing 1 required positional argument"):
            model.map(fail_awkwardly, [0])
    finally:
        model.stop()


def test_a_worker_that_its_executor_ends_is_not_taken_for_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class EndedMeanwhile:
        pid = 1
        answers = iter([None])

        @property
        def exitcode(self) -> int | None:
            return next(self.answers, -signal.SIGTERM)

    model: Any = load_model("process_executor-forkserver", 1)
    stand_in = SimpleNamespace(_processes={1: EndedMeanwhile()}, shutdown=lambda: None)
    monkeypatch.setattr(model, "_executor", stand_in, raising=False)
    with pytest.raises(UnreadableResultError, match="no such result"), model._telling_who_died():
        raise BrokenProcessPool from Exception("no such result")


@pytest.mark.parametrize("model", SHARING_MEMORY)
def test_arrays_travel_in_one_block_that_is_gone_in_the_end(observe: Observe, model: str) -> None:
    ending = observe("arrays", model, "3.13")
    seen = ending.answer["answer"]
    assert all(seen["equal"])
    assert all(seen["writeable"])
    assert seen["blocks"] == [1] * 5
    assert seen["left"] == []
    assert ending.seen["stderr_tail"] == ""


def test_pinned_workers_take_a_core_each_before_any_core_gets_a_second() -> None:
    assert in_turn([0, 1, 2, 3], [(0, 1), (2, 3)]) == [0, 2, 1, 3]
    assert in_turn([0, 1, 2, 3], [(0, 2), (1, 3)]) == [0, 1, 2, 3]
    assert in_turn([5, 1, 4], []) == [1, 4, 5]


@given(
    values=st.lists(
        arrays_of.arrays(
            dtype=st.sampled_from([np.uint8, np.float32, np.float64, np.complex128]),
            shape=arrays_of.array_shapes(min_dims=0, min_side=0, max_side=5),
        )
        | st.text()
    ),
    start=st.integers(0, 1000).map(lambda number: number * ALIGNMENT_BYTES),
)
def test_packed_values_hold_anything(values: list[Any], start: int) -> None:
    pickled, arrays = dumps_oob(values)
    spans = layout(map(len, arrays), start)
    ends = [start, *(span.stop for span in spans)]
    assert all(span.start >= end for span, end in zip(spans, ends, strict=False))
    assert all(span.start % ALIGNMENT_BYTES == 0 for span in spans)
    memory = memoryview(bytearray(ends[-1]))
    packed = write_buffers(memory, pickled, arrays, spans)
    for found in (loads_in_place(memory, packed), loads_copy(memory, packed)):
        assert pickle.dumps(found) == pickle.dumps(values)


def test_an_asynchronous_model_has_no_more_coroutines_at_a_time_than_workers() -> None:
    running = most = 0

    async def task(item: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return item

    model = load_model("asyncio", 3)
    model.start()
    assert model.map(task, range(20)) == list(range(20))
    model.stop()
    assert most == 3


def test_interpreters_are_an_executor_of_the_standard_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        concurrent.futures, "InterpreterPoolExecutor", ThreadPoolExecutor, raising=False
    )
    monkeypatch.chdir(tmp_path)
    model = load_model("interpreters", 2)
    model.start()
    readings = iter(range(2))
    assert model.answered(lambda: next(readings)) == Startup(0, 1)
    assert model.map(abs, [-3, 2, -1]) == [3, 2, 1]
    model.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_barrier_that_a_worker_can_not_reach_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    def fail(_folder: str) -> None:
        raise OSError("could not come")

    with ThreadPoolExecutor(1) as pool, pytest.raises(OSError, match="could not come"):
        wait_for_all(2, time.perf_counter_ns, lambda folder: [pool.submit(fail, folder)])
    assert list(tmp_path.iterdir()) == []


def test_shared_memory_that_is_too_small_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    full = SimpleNamespace(free=3 << 20)
    monkeypatch.setattr(
        "threads_or_processes.trial.models.shared_memory.disk_usage", lambda _: full
    )
    with pytest.raises(MemoryError, match="3 MiB of shared memory left, 8 MiB are needed"):
        load_model("shared_memory-fork", 1).map(abs, [np.ones(1 << 20)])
