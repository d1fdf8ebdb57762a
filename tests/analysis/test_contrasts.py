from collections.abc import Sequence

from tests.factories import make_cell, make_cells, make_plan
from workflow.analysis.contrasts import Question, planned_contrasts
from workflow.analysis.planned import plan_from


def pairs(cells: Sequence[dict[str, object]], question: Question) -> list[tuple[str, str]]:
    plan = plan_from(make_plan(list(cells)))
    return [
        (contrast.cell.id, contrast.baseline.id)
        for contrast in planned_contrasts(plan)
        if contrast.question is question
    ]


GRID = make_cells(
    workloads=["json"], models=["serial", "threads", "processes-fork"], workers=[2], notebook=False
)


def test_own_speedups_are_against_serial_on_the_same_arm() -> None:
    assert pairs(GRID, Question.SPEEDUP_OWN) == [
        (f"json/{model}/2/{arm}/warm", f"json/serial/1/{arm}/warm")
        for arm in ("3.13", "3.13t", "3.13t-gil")
        for model in ("processes-fork", "threads")
    ]


def test_reference_speedups_are_against_serial_on_the_first_arm_also_for_serial_cells() -> None:
    assert pairs(GRID, Question.SPEEDUP_REFERENCE) == [
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
    assert pairs(cells, Question.THREADS_OVER_PROCESSES) == [
        ("json/threads/2/3.13/warm", "json/processes-fork/2/3.13/warm"),
        ("json/threads/2/3.13/warm", "json/processes-spawn/2/3.13/warm"),
    ]


def test_arms_differ_in_the_build_in_the_lock_and_in_both() -> None:
    cells = make_cells(workloads=["json"], models=["serial"], notebook=False)

    def cell(arm: str) -> str:
        return f"json/serial/1/{arm}/warm"

    assert pairs(cells, Question.ARM_BUILD) == [(cell("3.13t-gil"), cell("3.13"))]
    assert pairs(cells, Question.ARM_LOCK) == [(cell("3.13t"), cell("3.13t-gil"))]
    assert pairs(cells, Question.ARM_TOTAL) == [(cell("3.13t"), cell("3.13"))]


def test_arms_of_two_versions_are_not_mixed() -> None:
    cells = make_cells(
        workloads=["json"],
        models=["serial"],
        arms=["3.13", "3.13t", "3.14", "3.14t"],
        notebook=False,
    )
    assert pairs(cells, Question.ARM_TOTAL) == [
        ("json/serial/1/3.13t/warm", "json/serial/1/3.13/warm"),
        ("json/serial/1/3.14t/warm", "json/serial/1/3.14/warm"),
    ]


def test_without_a_baseline_there_is_no_contrast() -> None:
    cells = make_cells(workloads=["json"], models=["threads"], arms=["3.13t"], notebook=False)
    assert planned_contrasts(plan_from(make_plan(cells))) == []
