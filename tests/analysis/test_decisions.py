from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
import pytest
from threads_or_processes.records.plan import Cell

from tests.analysis.shortcuts import rows_of, tables_of
from tests.factories import MS, SILENCE, Campaign, Noise, make_campaign, make_cell, make_experiment

TRUTHS_MS = {
    "json/serial/1/3.13/warm": 20.0,
    "json/threads/1/3.13/warm": 20.4,
    "json/threads/2/3.13/warm": 22.0,
    "json/processes-fork/2/3.13/warm": 10.5,
    "json/processes-fork/4/3.13/warm": 12.0,
    "json/serial/1/3.13t/warm": 22.0,
    "json/threads/2/3.13t/warm": 11.0,
    "json/processes-fork/2/3.13t/warm": 13.2,
}


def cells_of(truths_ms: dict[str, float], blocks: int = 8) -> list[Cell]:
    parts = [cell.split("/") for cell in truths_ms]
    return [
        make_cell(workload, model, int(workers), arm, timing, blocks=blocks)
        for workload, model, workers, arm, timing in parts
    ]


def decisions(truths_ms: dict[str, float], **more: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows by workload and arm, each with those of its families by name."""
    campaign = make_campaign(
        cells_of(truths_ms),
        truth=lambda cell: truths_ms[cell.id] * MS,
        **{"noise": Noise(0.004, 0.002), **more},
    )
    return by_place(tables_of(campaign))


def by_place(tables: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], dict[str, Any]]:
    rows = {
        (row["workload"], row["arm"]): row | {"families": {}}
        for row in rows_of(tables["decisions"])
    }
    for row in rows_of(tables["families"]):
        rows[row["workload"], row["arm"]]["families"][row["family"]] = row
    return rows


def test_the_best_cell_is_named_with_what_it_gains_and_over_whom() -> None:
    row = decisions(TRUTHS_MS)["json", "3.13"]
    assert (row["best_cell"], row["best_model"], row["best_workers"]) == (
        "json/processes-fork/2/3.13/warm",
        "processes-fork",
        2,
    )
    assert row["best_ns"] == pytest.approx(10.5 * MS, rel=0.01)
    assert row["speedup_ratio"] == pytest.approx(20 / 10.5, rel=0.01)
    assert row["speedup_reading"] == row["own_speedup_reading"] == "faster"
    # Of any other family: four processes would be nearer, but are processes too.
    assert row["runner_up_cell"] == "json/serial/1/3.13/warm"
    assert row["advantage_ratio"] == pytest.approx(20 / 10.5, rel=0.01)
    assert row["advantage_low_ratio"] < row["advantage_ratio"] < row["advantage_high_ratio"]
    threads, processes = row["families"]["threads"], row["families"]["processes"]
    assert (threads["workers"], processes["workers"]) == (1, 2)
    assert threads["speedup_ratio"] == pytest.approx(20 / 20.4, rel=0.01)
    assert (threads["speedup_reading"], processes["speedup_reading"]) == ("equal", "faster")


def test_the_two_baselines_differ_by_the_arm() -> None:
    row = decisions(TRUTHS_MS)["json", "3.13t"]
    assert row["best_model"] == "threads"
    assert row["speedup_ratio"] == pytest.approx(20 / 11, rel=0.01)
    assert row["own_speedup_ratio"] == pytest.approx(22 / 11, rel=0.01)
    assert row["advantage_ratio"] == pytest.approx(13.2 / 11, rel=0.01)
    assert row["advantage_reading"] == "faster"


def test_serial_can_be_best_and_is_equal_to_itself() -> None:
    row = decisions(
        {"json/serial/1/3.13/warm": 20.0, "json/threads/2/3.13/warm": 30.0},
    )["json", "3.13"]
    assert row["best_model"] == "serial"
    assert (row["own_speedup_ratio"], row["own_speedup_reading"]) == (1.0, "equal")
    assert row["families"]["threads"]["speedup_reading"] == "slower"
    assert "processes" not in row["families"]


def test_of_equal_cells_the_simpler_is_named() -> None:
    row = decisions(
        {
            "json/serial/1/3.13/warm": 20.0,
            "json/processes-fork/2/3.13/warm": 10.0,
            "json/threads/4/3.13/warm": 10.0,
            "json/threads/2/3.13/warm": 10.0,
        },
        noise=SILENCE,
    )["json", "3.13"]
    assert row["best_cell"] == "json/threads/2/3.13/warm"
    assert (row["advantage_ratio"], row["advantage_reading"]) == (1.0, "equal")


def test_a_cell_that_failed_once_is_not_recommended() -> None:
    fast = "json/processes-fork/2/3.13/warm"
    row = decisions(TRUTHS_MS, failures={(fast, 3): "wrong_result"})["json", "3.13"]
    assert row["best_cell"] == "json/processes-fork/4/3.13/warm"


def test_cold_cells_and_the_replay_are_no_candidates() -> None:
    truths = {
        "json/serial/1/3.13/warm": 20.0,
        "json/threads/2/3.13/warm": 30.0,
        "json/threads/2/3.13/cold": 1.0,
        "notebook/serial/1/3.13/warm": 2000.0,
        "notebook/threads/2/3.13/warm": 2000.0,
    }
    found = decisions(truths)
    assert list(found) == [("json", "3.13")]
    assert found["json", "3.13"]["best_model"] == "serial"


def test_the_only_family_with_usable_trials_has_no_runner_up() -> None:
    threads = "json/threads/2/3.13/warm"
    row = decisions(
        {"json/serial/1/3.13/warm": 20.0, threads: 10.0}, failures={(threads, 1): "crashed"}
    )["json", "3.13"]
    assert (row["best_model"], row["use"]) == ("serial", "serial")
    assert row["p_value"] is None  # nothing was compared
    assert row["runner_up_cell"] is None
    assert row["advantage_ratio"] is None


@pytest.mark.parametrize(("is_measured", "use"), [(True, "parallel"), (False, "incomplete")])
def test_serial_is_ruled_out_where_it_failed_but_not_where_a_budget_left_it_out(
    is_measured: bool, use: str
) -> None:
    serial, threads = "json/serial/1/3.13/warm", "json/threads/2/3.13/warm"
    campaign = make_campaign(
        cells_of({serial: 20.0, threads: 10.0}, blocks=6),
        failures={(serial, block): "timeout" for block in range(1, 7)},
    )
    if not is_measured:
        leave_out([serial], campaign)
    row = by_place(tables_of(campaign))["json", "3.13"]
    assert (row["best_cell"], row["use"]) == (threads, use)


@pytest.mark.parametrize("lacks", [None, "3.13", "3.13t"])
def test_builds_are_compared_only_where_the_fastest_way_on_both_is_known(lacks: str | None) -> None:
    walls_ms = {
        f"json/{way}/{arm}/warm": wall_ms
        for arm in ("3.13", "3.13t")
        for way, wall_ms in {"serial/1": 20.0, "threads/2": 10.0}.items()
    }
    campaign = make_campaign(cells_of(walls_ms, blocks=6))
    leave_out([f"json/threads/2/{lacks}/warm"], campaign)
    tables = tables_of(campaign)
    moves = rows_of(tables["moves"])
    assert [row["arm"] for row in moves] == ([] if lacks else ["3.13t"])
    uses = {row["arm"]: row["use"] for row in rows_of(tables["decisions"])}
    assert [arm for arm, use in uses.items() if use == "incomplete"] == ([lacks] if lacks else [])


def test_what_a_budget_left_out_on_one_build_is_no_candidate_on_the_other() -> None:
    walls_ms = {
        f"json/{way}/{arm}/warm": wall_ms
        for arm in ("3.13", "3.13t")
        for way, wall_ms in {"serial/1": 20.0, "threads/2": 12.0, "threads/4": 10.0}.items()
    }
    campaign = make_campaign(cells_of(walls_ms, blocks=6), truth=lambda one: walls_ms[one.id] * MS)
    leave_out(["json/threads/4/3.13/warm"], campaign)
    tables = tables_of(campaign)
    [move] = rows_of(tables["moves"])
    assert (move["best_workers"], move["baseline_workers"]) == (2, 2)
    assert move["speedup_ratio"] == pytest.approx(1.0, rel=0.05)
    best = {row["arm"]: row["best_workers"] for row in rows_of(tables["decisions"])}
    assert best == {"3.13": 2, "3.13t": 4}


@pytest.mark.parametrize(
    ("left_out", "use"),
    [
        (["sleep/asyncio/1/3.13/warm"], "parallel"),
        (["sleep/asyncio/1/3.13/warm", "sleep/threads/2/3.13/warm"], "incomplete"),
        (["sleep/threads/2/3.13/warm"], "parallel"),
    ],
)
def test_an_experiment_that_a_budget_left_out_takes_no_verdict_from_the_others(
    left_out: list[str], use: str
) -> None:
    walls_ms = {
        "sleep/serial/1/3.13/warm": 20.0,
        "sleep/threads/2/3.13/warm": 10.0,
        "sleep/asyncio/1/3.13/warm": 10.0,
    }
    serial, threads, asyncio = cells = cells_of(walls_ms, blocks=6)
    campaign = make_campaign(
        cells,
        truth=lambda one: walls_ms[one.id] * MS,
        experiments=[
            make_experiment("kinds", "Which?", [serial, threads]),
            make_experiment("apis", "Which?", [serial, asyncio]),
        ],
    )
    leave_out(left_out, campaign)
    assert by_place(tables_of(campaign))["sleep", "3.13"]["use"] == use


def leave_out(cells: Collection[str], campaign: Campaign) -> None:
    """As a budget does that ends before a cell's first trial."""
    for path, record in list(campaign.records.items()):
        if record["cell"]["id"] in cells:
            del campaign.records[path]


def test_the_choice_is_between_families_each_by_its_best_model() -> None:
    row = decisions(
        {
            "sleep/serial/1/3.13/warm": 20.0,
            "sleep/threads/2/3.13/warm": 10.4,
            "sleep/raw_threads/2/3.13/warm": 10.0,
            "sleep/processes-fork/2/3.13/warm": 14.0,
            "sleep/joblib/2/3.13/warm": 13.0,
            "sleep/asyncio/2/3.13/warm": 12.0,
        },
        noise=SILENCE,
    )["sleep", "3.13"]
    assert (row["best_model"], row["best_family"]) == ("raw_threads", "threads")
    assert (row["runner_up_model"], row["runner_up_family"]) == ("asyncio", "coroutines")
    families = row["families"]
    assert families["threads"]["model"] == "raw_threads"
    assert families["processes"]["model"] == "joblib"
    assert families["processes"]["speedup_ratio"] == pytest.approx(20 / 13, rel=0.001)
    assert families["coroutines"]["speedup_ratio"] == pytest.approx(20 / 12, rel=0.001)
    assert "interpreters" not in row["families"]


def test_only_what_stands_for_a_kind_of_work_is_decided() -> None:
    places = {
        "json": ("serial/1/3.13/warm", "threads/2/3.13/warm"),
        "fib": ("serial/1/3.13/warm", "serial/1/3.13t/warm"),
        "grain,task_us=10": ("serial/1/3.13/warm", "threads/2/3.13/warm"),
        "empty": ("serial/1/3.13/warm", "threads/2/3.13/warm"),
        "dispatch": ("serial/1/3.13/warm", "threads/2/3.13/warm"),
    }
    cells = {f"{name}/{place}": 10.0 for name, both in places.items() for place in both}
    assert list(decisions(cells)) == [("json", "3.13")]


def test_replicates_and_weighed_cells_are_no_candidates() -> None:
    cells = [
        make_cell("json", "serial", 1, "3.13"),
        make_cell("json", "threads", 2, "3.13"),
        make_cell("json", "threads", 2, "3.13", replicate=2),
        make_cell("json", "threads", 4, "3.13", "memory"),
    ]
    campaign = make_campaign(cells, truth=lambda cell: (1.0 if cell.replicate == 2 else 10.0) * MS)
    (row,) = by_place(tables_of(campaign)).values()
    assert row["families"]["threads"]["speedup_ratio"] == pytest.approx(1, rel=0.05)
    assert row["best_ns"] == pytest.approx(10 * MS, rel=0.05)


def test_what_loses_updates_is_not_recommended() -> None:
    row = decisions(
        {
            "counter_unlocked/serial/1/3.13/warm": 20.0,
            "counter_unlocked/threads/2/3.13/warm": 18.0,
            "counter_unlocked/serial/1/3.13t/warm": 20.0,
            "counter_unlocked/threads/2/3.13t/warm": 10.0,
        }
    )
    assert row["counter_unlocked", "3.13"]["best_model"] == "threads"
    assert row["counter_unlocked", "3.13t"]["best_model"] == "serial"


SENDING_MS = {
    "dispatch/serial/1/3.13/warm": 1.0,
    "dispatch/processes-fork/2/3.13/warm": 81.0,
    "dispatch/threads/2/3.13t/warm": 3.0,
}


def test_the_shortest_task_that_pays_comes_from_what_sending_one_costs() -> None:
    rows = decisions(TRUTHS_MS | SENDING_MS, noise=SILENCE)
    each_ms = (81.0 - 1.0) / 64  # a batch of 64 tasks, less what calling them costs
    by_processes = rows["json", "3.13"]
    assert by_processes["best_model"] == "processes-fork"
    gained = 1 / 1.05 - 10.5 / 20
    assert by_processes["pays_from_ns"] == pytest.approx(each_ms * MS / gained)
    # A task as long as that takes serial as long as it takes the other way, but for the margin.
    task_ns = by_processes["pays_from_ns"]
    assert task_ns / (task_ns * 10.5 / 20 + each_ms * MS) == pytest.approx(1.05)
    # Serial sends nothing where its own calls were not measured.
    assert rows["json", "3.13t"]["pays_from_ns"] == pytest.approx(
        3.0 / 64 * MS / (1 / 1.05 - 11 / 22)
    )
    assert ("dispatch", "3.13") not in rows


def test_where_nothing_gains_or_sending_was_not_measured_no_task_pays() -> None:
    no_gain = TRUTHS_MS | {
        "json/processes-fork/2/3.13/warm": 20.1,
        "json/processes-fork/4/3.13/warm": 20.1,
    }
    assert decisions(no_gain | SENDING_MS)["json", "3.13"]["pays_from_ns"] is None
    assert decisions(TRUTHS_MS)["json", "3.13"]["pays_from_ns"] is None


def test_pinned_workers_are_no_candidates() -> None:
    pinned = {"json/processes_pinned-fork/2/3.13/warm": 5.0, "json/threads_pinned/2/3.13/warm": 9.5}
    row = decisions(TRUTHS_MS | pinned)["json", "3.13"]
    assert row["best_model"] == "processes-fork"
    assert row["families"]["threads"]["model"] == "threads"


def test_the_fewest_workers_that_are_as_fast_are_named() -> None:
    truths = {
        "json/serial/1/3.13/warm": 20.0,
        **{f"json/threads/{n}/3.13/warm": 20.0 for n in (2, 4)},
        "json/processes-fork/2/3.13/warm": 10.0,
        "json/processes-fork/4/3.13/warm": 5.06,
        "json/processes-fork/8/3.13/warm": 5.03,
        "json/processes-fork/16/3.13/warm": 5.0,
    }
    row = decisions(truths)["json", "3.13"]
    assert row["best_family"] == "processes"
    assert row["families"]["processes"]["enough_workers"] == 4
    alone = decisions({key: truths[key] for key in list(truths)[:4]})["json", "3.13"]
    assert alone["families"]["processes"]["enough_workers"] == alone["best_workers"] == 2
    serial = decisions({**truths, "json/serial/1/3.13/warm": 1.0})["json", "3.13"]
    assert serial["best_family"] == "serial"
    assert serial["families"]["serial"]["enough_workers"] == 1


def test_fewer_workers_that_may_be_as_fast_are_named_too() -> None:
    truths = {
        "json/serial/1/3.13/warm": 20.0,
        "json/processes-fork/2/3.13/warm": 5.1,
        "json/processes-fork/4/3.13/warm": 5.0,
    }
    noisy = decisions(truths, noise=Noise(0.06, 0.002))["json", "3.13"]["families"]["processes"]
    assert (noisy["fewest_workers"], noisy["enough_workers"]) == (2, 4)
    slower = {**truths, "json/processes-fork/2/3.13/warm": 10.0}
    clear = decisions(slower, noise=Noise(0.06, 0.002))["json", "3.13"]["families"]["processes"]
    assert (clear["fewest_workers"], clear["enough_workers"]) == (4, 4)
