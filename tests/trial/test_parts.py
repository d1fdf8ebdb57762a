"""The trial's parts that need no interpreter under test."""

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.trial.measured.batch import checksum, cut, results_in_order, run_chunk
from threads_or_processes.trial.measured.calibration import find_size
from threads_or_processes.trial.measured.usage import NOTHING, Usage, WorkerUsage
from threads_or_processes.trial.supervisor.environment import MOST_PADDING_BYTES, draw_environment
from threads_or_processes.trial.supervisor.instrument import (
    DECLARATIONS,
    instrument_sha256,
    sources_of,
)
from threads_or_processes.trial.workloads import all_workloads
from threads_or_processes.trial.workloads.registry import tasks_for

ROOT = Path(__file__).parents[2]


def double(task: int, offset: int = 0) -> int:
    return 2 * task + offset


@given(tasks=st.integers(1, 200), workers=st.integers(1, 64))
def test_chunks_hold_every_task_once_in_order_and_differ_by_at_most_one(
    tasks: int, workers: int
) -> None:
    chunks = cut(double, range(tasks), workers, {})
    assert [task for chunk in chunks for task in chunk.tasks] == list(range(tasks))
    lengths = {len(chunk.tasks) for chunk in chunks}
    assert max(lengths) - min(lengths) <= 1
    assert len(chunks) == min(tasks, workers)


@given(cpus=st.integers(1, 512))
def test_a_batch_has_at_least_four_tasks_a_cpu_and_divides_by_two_and_three(cpus: int) -> None:
    tasks = tasks_for(cpus)
    assert 4 * cpus <= tasks <= 48 * cpus
    assert tasks % 6 == 0


@given(cpus=st.integers(1, 512))
def test_a_batch_divides_evenly_among_common_numbers_of_workers(cpus: int) -> None:
    powers = [count for count in (1, 2, 4, 8, 16) if count <= cpus]
    assert all(tasks_for(cpus) % count == 0 for count in (*powers, cpus, 2 * cpus))


def test_a_batch_of_two_cpus_has_twelve_tasks() -> None:
    assert [tasks_for(cpus) for cpus in (2, 10, 64)] == [12, 120, 384]


def test_results_and_checksum_do_not_depend_on_the_cut() -> None:
    def results(workers: int) -> list[int]:
        chunks = cut(double, range(12), workers, {"offset": 1})
        return results_in_order([run_chunk(chunk) for chunk in chunks])

    assert results(1) == [2 * task + 1 for task in range(12)]
    assert checksum(results(1)) == checksum(results(5))
    assert checksum(results(1)) != checksum(results(1)[::-1])


@pytest.mark.parametrize(("ns_per_size", "target_ns"), [(10, 5_000_000), (3_000, 50_000_000)])
def test_the_size_makes_a_batch_as_long_as_asked(ns_per_size: int, target_ns: int) -> None:
    size = find_size(lambda size: ns_per_size * size, target_ns)
    assert size * ns_per_size == pytest.approx(target_ns, rel=0.01)


def test_a_task_longer_than_asked_keeps_size_one() -> None:
    assert find_size(lambda size: 80_000_000 * size, 5_000_000) == 1


def test_worker_usage_counts_each_process_from_where_it_last_spoke() -> None:
    class Report:
        def __init__(self, pid: int, start_ns: int, end_ns: int) -> None:
            self.pid = pid
            self.usage_start = Usage(start_ns, 0, 0, 0)
            self.usage_end = Usage(end_ns, 0, 0, 0)

    warm = WorkerUsage(parent_pid=1, born_in_repetition=False)
    assert warm.since_last([Report(1, 0, 99), Report(2, 10, 15), Report(3, 20, 27)]).user_ns == 12
    assert warm.since_last([Report(2, 17, 25)]).user_ns == 10
    assert warm.since_last([]) == NOTHING
    cold = WorkerUsage(parent_pid=1, born_in_repetition=True)
    assert cold.since_last([Report(2, 10, 15)]).user_ns == 15


def test_the_environment_is_an_explicit_list_drawn_from_the_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHON_GIL", "1")
    monkeypatch.setenv("LD_PRELOAD", "/nowhere.so")
    environment = draw_environment(1, "a cell", 1)
    assert environment == draw_environment(1, "a cell", 1)
    assert environment != draw_environment(1, "a cell", 2)
    variables = environment.for_process(ROOT)
    assert not {"PYTHON_GIL", "LD_PRELOAD", "HOME"} & variables.keys()
    assert variables["OMP_NUM_THREADS"] == "1"
    assert len(variables["PADDING"]) == environment.padding_bytes < MOST_PADDING_BYTES


def test_the_instrument_is_the_core_the_model_and_the_workload() -> None:
    workloads = all_workloads()
    digests = {
        instrument_sha256(workloads[workload], model)
        for workload in ("mandelbrot", "json")
        for model in ("serial", "threads")
    }
    assert len(digests) == 4
    # Two classes of one module.
    assert instrument_sha256(workloads["sleep"], "interpreters") != instrument_sha256(
        workloads["sleep"], "thread_executor"
    )
    # Two workloads of one family, two start methods of one model: the same sources.
    assert instrument_sha256(workloads["sleep"], "processes-fork") == instrument_sha256(
        workloads["notebook"], "processes-spawn"
    )


def test_every_workload_says_what_it_is() -> None:
    for workload in all_workloads().values():
        told = (workload.title, workload.kind, workload.unit, workload.why, workload.expected)
        assert all(told), workload.name


#: Imported for a user's own work alone: its file, and what sets its workers up.
FOR_OWN_WORK = {"importing.py", "each_worker.py", "barrier.py"}


@pytest.mark.parametrize(
    ("workload", "model"),
    [
        ("mandelbrot", "serial"),
        ("socket", "thread_executor"),
        ("numpy_large", "shared_memory-spawn"),
        ("sleep", "process_executor-fork"),
    ],
)
def test_the_code_that_measures_is_what_the_measured_process_imports(
    workload: str, model: str
) -> None:
    found = all_workloads()[workload]
    loaded = _modules_of(
        "import threads_or_processes.trial.measured.measure as measure; "
        f"measure.load_model({model!r}, {1 if model == 'serial' else 2}); "
        f"measure.load_workload({found.family!r}, {workload!r})"
    )
    files = {ROOT.joinpath("workflow", *name.split(".")).with_suffix(".py") for name in loaded}
    imported = {file for file in files if file.is_file()} - set(DECLARATIONS)
    # The other half is the supervisor's.
    sources = {one for one in sources_of(found, model) if "supervisor" not in one.parts}
    for_own_work = {source for source in sources if source.name in FOR_OWN_WORK}
    assert len(for_own_work) == len(FOR_OWN_WORK)
    assert sources == imported | for_own_work


def test_nothing_that_is_measured_imports_the_supervisor() -> None:
    trial = ROOT / "workflow/threads_or_processes/trial"
    for half in ("measured", "models", "workloads"):
        for module in (trial / half).glob("*.py"):
            assert "trial.supervisor" not in module.read_text(encoding="utf-8"), module.name


def test_the_measured_process_loads_only_what_it_needs() -> None:
    loaded = _modules_of("import threads_or_processes.trial.measured.measure")
    ours = {name for name in loaded if name.startswith("threads_or_processes")}
    rooms = {name.split(".")[1] for name in ours if "." in name}
    assert rooms == {"records", "trial"}
    assert not {"numpy", "pandas", "yaml", "jsonschema", "multiprocess", "argparse"} & loaded
    assert not {"asyncio", multiprocessing.__name__} & loaded
    assert "threads_or_processes.trial.workloads.numbers" not in loaded


def _modules_of(code: str) -> set[str]:
    """What is imported after a line of Python in an interpreter of its own."""
    command = [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ended.stdout.split())
