from collections.abc import Sequence

from threads_or_processes.analysis.contrasts import planned_contrasts
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.vocabulary import ContrastKind

from tests.factories import make_cell, make_cells, make_plan


def pairs(cells: Sequence[Cell], question: ContrastKind) -> list[tuple[str, str]]:
    plan = make_plan(list(cells))
    return [
        (contrast.cell.id, contrast.baseline.id)
        for contrast in planned_contrasts(plan)
        if contrast.question is question
    ]


GRID = make_cells(
    workloads=["json"], models=["serial", "threads", "processes-fork"], workers=[2], notebook=False
)


def test_own_speedups_are_against_serial_on_the_same_arm() -> None:
    assert pairs(GRID, ContrastKind.SPEEDUP_OWN) == [
        (f"json/{model}/2/{arm}/warm", f"json/serial/1/{arm}/warm")
        for arm in ("3.13", "3.13t", "3.13t-gil")
        for model in ("processes-fork", "threads")
    ]


def test_reference_speedups_are_against_serial_on_the_first_arm_also_for_serial_cells() -> None:
    assert pairs(GRID, ContrastKind.SPEEDUP_REFERENCE) == [
        (cell, "json/serial/1/3.13/warm")
        for cell in (
            "json/processes-fork/2/3.13/warm",
            "json/threads/2/3.13/warm",
            "json/serial/1/3.13t/warm",
            "json/processes-fork/2/3.13t/warm",
            "json/threads/2/3.13t/warm",
            "json/serial/1/3.13t-gil/warm",
            "json/processes-fork/2/3.13t-gil/warm",
            "json/threads/2/3.13t-gil/warm",
        )
    ]


def test_threads_meet_processes_of_the_same_size_arm_and_timing() -> None:
    cells = [
        make_cell("json", "threads", 2, "3.13"),
        make_cell("json", "raw_threads", 2, "3.13"),
        make_cell("json", "processes-fork", 2, "3.13"),
        make_cell("json", "processes-spawn", 2, "3.13"),
        make_cell("json", "processes-fork", 4, "3.13"),
        make_cell("json", "processes-fork", 2, "3.13t"),
        make_cell("json", "processes-fork", 2, "3.13", "cold"),
        make_cell("sleep", "processes-fork", 2, "3.13"),
    ]
    assert pairs(cells, ContrastKind.THREADS_OVER_PROCESSES) == [
        ("json/threads/2/3.13/warm", "json/processes-fork/2/3.13/warm"),
        ("json/threads/2/3.13/warm", "json/processes-spawn/2/3.13/warm"),
    ]


def test_arms_differ_in_the_build_in_the_lock_and_in_both() -> None:
    cells = make_cells(workloads=["json"], models=["serial"], notebook=False)

    def cell(arm: str) -> str:
        return f"json/serial/1/{arm}/warm"

    assert pairs(cells, ContrastKind.ARM_BUILD) == [(cell("3.13t-gil"), cell("3.13"))]
    assert pairs(cells, ContrastKind.ARM_LOCK) == [(cell("3.13t"), cell("3.13t-gil"))]
    assert pairs(cells, ContrastKind.ARM_TOTAL) == [(cell("3.13t"), cell("3.13"))]


def test_arms_of_two_versions_are_not_mixed() -> None:
    cells = make_cells(
        workloads=["json"],
        models=["serial"],
        arms=["3.13", "3.13t", "3.14", "3.14t"],
        notebook=False,
    )
    assert pairs(cells, ContrastKind.ARM_TOTAL) == [
        ("json/serial/1/3.13t/warm", "json/serial/1/3.13/warm"),
        ("json/serial/1/3.14t/warm", "json/serial/1/3.14/warm"),
    ]


def test_without_a_baseline_there_is_no_contrast() -> None:
    cells = make_cells(workloads=["json"], models=["threads"], arms=["3.13t"], notebook=False)
    assert planned_contrasts(make_plan(cells)) == []


def test_threads_meet_every_other_way_to_be_parallel_once() -> None:
    models = ("serial", "threads", "raw_threads", "asyncio", "joblib", "stdlib_processes-fork")
    cells = [make_cell("json", model, 1 if model == "serial" else 2, "3.13") for model in models]
    threads = "json/threads/2/3.13/warm"
    assert pairs(cells, ContrastKind.THREADS_OVER_PROCESSES) == [
        (threads, "json/joblib/2/3.13/warm"),
        (threads, "json/stdlib_processes-fork/2/3.13/warm"),
    ]
    assert pairs(cells, ContrastKind.THREADS_OVER_OTHERS) == [
        (threads, "json/asyncio/2/3.13/warm"),
        (threads, "json/raw_threads/2/3.13/warm"),
    ]


def test_pinned_workers_meet_the_free_ones_of_their_own_pool_and_nobody_else() -> None:
    models = ("serial", "threads", "threads_pinned", "processes-fork", "processes_pinned-fork")
    cells = [make_cell("json", model, 1 if model == "serial" else 2, "3.13") for model in models]
    assert pairs(cells, ContrastKind.PINNED_OVER_FREE) == [
        ("json/processes_pinned-fork/2/3.13/warm", "json/processes-fork/2/3.13/warm"),
        ("json/threads_pinned/2/3.13/warm", "json/threads/2/3.13/warm"),
    ]
    threads = "json/threads/2/3.13/warm"
    assert pairs(cells, ContrastKind.THREADS_OVER_PROCESSES) == [
        (threads, "json/processes-fork/2/3.13/warm")
    ]
    assert pairs(cells, ContrastKind.THREADS_OVER_OTHERS) == []


def test_replicates_and_weighed_cells_take_no_part() -> None:
    cells = [
        make_cell("json", "serial", 1, "3.13"),
        make_cell("json", "serial", 1, "3.13", replicate=2),
        make_cell("json", "serial", 1, "3.13", "memory"),
        make_cell("json", "threads", 2, "3.13", "memory"),
        make_cell("json", "threads", 2, "3.13t", replicate=2),
    ]
    assert planned_contrasts(make_plan(cells)) == []


def test_parameters_that_vary_keep_workloads_apart() -> None:
    cells = [
        make_cell(f"grain,task_us={task_us}", model, 1, "3.13")
        for task_us in (10, 1000)
        for model in ("serial", "threads")
    ]
    assert pairs(cells, ContrastKind.SPEEDUP_OWN) == [
        (
            f"grain,task_us={task_us}/threads/1/3.13/warm",
            f"grain,task_us={task_us}/serial/1/3.13/warm",
        )
        for task_us in (10, 1000)
    ]
