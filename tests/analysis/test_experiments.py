"""The tables of the experiments that are not about speed-ups, against hand counts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.analysis.shortcuts import rows_of, tables_of
from tests.factories import MIB, MS, Campaign, Noise, make_campaign, make_cell


def of_cell(campaign: Campaign, cell: str) -> list[dict[str, Any]]:
    """The records of a cell in the order of blocks."""
    found = [record for record in campaign.records.values() if record["cell"]["id"] == cell]
    return sorted(found, key=lambda record: int(record["block"]))


def row_of(campaign: Campaign, table: str, cell: str) -> Mapping[str, Any]:
    """The row of a cell."""
    (row,) = [row for row in rows_of(tables_of(campaign)[table]) if row["cell"] == cell]
    return row


def test_weights_are_medians_least_and_most_of_the_ok_trials() -> None:
    cell = make_cell("json", "processes-fork", 2, "3.13", "memory", blocks=4)
    campaign = make_campaign([cell], failures={(cell.id, 4): "worker_died"})
    for record, mib in zip(of_cell(campaign, cell.id), (30, 10, 50), strict=False):
        record["memory"].update(idle_bytes=mib * MIB, peak_bytes=2 * mib * MIB)
    row = row_of(campaign, "memory", cell.id)
    assert (row["trials"], row["processes"], row["workers"]) == (3, 3, 2)
    assert row["idle_bytes"] == 30 * MIB
    assert (row["idle_min_bytes"], row["idle_max_bytes"]) == (10 * MIB, 50 * MIB)
    assert row["peak_bytes"] == 60 * MIB


def test_a_weighed_cell_that_never_worked_is_a_row_without_weights() -> None:
    cell = make_cell("json", "threads", 2, "3.13", "memory", blocks=1)
    campaign = make_campaign([cell], failures={(cell.id, 1): "crashed"})
    row = row_of(campaign, "memory", cell.id)
    assert (row["trials"], row["idle_bytes"], row["processes"]) == (0, None, None)


def test_the_parts_of_a_life_are_medians_of_the_trials() -> None:
    cell = make_cell("empty", "threads", 2, "3.13", "cold", blocks=3)
    campaign = make_campaign([cell, make_cell("json", "threads", 2, "3.13")])
    lives = ((50, 10, 5), (70, 30, 6), (60, 20, 1))
    for record, (life, first, teardown) in zip(of_cell(campaign, cell.id), lives, strict=True):
        record["repetitions"][0].update(wall_ns=life, first_result_ns=first, teardown_ns=teardown)
    (row,) = rows_of(tables_of(campaign)["startup"])
    assert (row["life_ns"], row["first_result_ns"], row["teardown_ns"]) == (60, 20, 5)
    assert (row["first_result_low_ns"], row["first_result_high_ns"]) == (10, 30)
    assert (row["basis"], row["trials"], row["ci_level"]) == ("typical", 3, 0.75)


def test_a_disturbed_start_up_does_not_count_where_there_is_quiet_time() -> None:
    cell = make_cell("empty", "threads", 2, "3.13", "cold", blocks=8)
    campaign = make_campaign([cell], noise=Noise(0.001, 0.001), disturbed_ratio=0.3)
    for record in campaign.records.values():
        (repetition,) = record["repetitions"]
        is_disturbed = repetition["sentinel_before_ns"][0] > repetition["sentinel_after_ns"][0]
        repetition["first_result_ns"] = 99 * MS if is_disturbed else 7 * MS
    row = row_of(campaign, "startup", cell.id)
    assert (row["basis"], row["first_result_ns"]) == ("quiet", 7 * MS)
    assert row["first_result_high_ns"] == 7 * MS
    assert 4 <= row["trials"] < 8


def test_the_first_start_in_a_process_is_told_apart() -> None:
    cell = replace(make_cell("empty", "threads", 2, "3.13", "cold", blocks=4), warmups=2)
    campaign = make_campaign([cell], failures={(cell.id, 4): "raised"})
    for record, first_ever in zip(of_cell(campaign, cell.id), (50, 90, 70, 1), strict=True):
        for repetition, first in zip(record["repetitions"], (first_ever, 8, 20), strict=False):
            repetition["first_result_ns"] = first
    row = row_of(campaign, "startup", cell.id)
    assert (row["first_ever_ns"], row["first_result_ns"]) == (70, 20)
    assert (row["first_ever_low_ns"], row["first_ever_high_ns"]) == (50, 90)


def test_lost_updates_are_counted_by_repetition_and_by_trial() -> None:
    cell = make_cell("counter_unlocked", "threads", 2, "3.13t", blocks=2)
    campaign = make_campaign([cell])
    first, second = of_cell(campaign, cell.id)
    for repetition, lost in zip(first["repetitions"], (9, 9, 0, 640, 0, 1280, 0), strict=True):
        repetition["lost_updates"] = lost  # the first two warm up
    assert first["repetitions"][0]["updates"] == 64_000
    for repetition in second["repetitions"]:
        repetition["lost_updates"] = 0
    row = row_of(campaign, "updates", cell.id)
    assert (row["trials"], row["losing_trials"]) == (2, 1)
    assert (row["repetitions"], row["losing_repetitions"]) == (10, 2)
    assert row["updates"] == 64_000
    assert (row["lost_updates"], row["lost_ratio"]) == (0, 0)
    assert row["lost_max_ratio"] == pytest.approx(0.02)
    assert row_of(campaign, "cells", cell.id)["flags"].split()[-1] == "lost_updates"


def test_trials_that_are_wrong_for_a_lost_update_are_in_the_account() -> None:
    cell = make_cell("counter_locked", "threads", 2, "3.13t", blocks=1)
    campaign = make_campaign([cell])
    (record,) = campaign.records.values()
    record.update(outcome="wrong_result", explanation="an update is missing")
    record["repetitions"][-1]["lost_updates"] = 1
    assert row_of(campaign, "updates", cell.id)["losing_repetitions"] == 1


def test_what_updates_nothing_together_has_no_row() -> None:
    assert tables_of(make_campaign([make_cell("json", "threads", 2, "3.13")]))["updates"].empty


def test_a_replicate_is_compared_with_the_first_of_its_kind() -> None:
    cells = [
        make_cell("json", "serial", 1, arm, blocks=3, replicate=replicate)
        for arm in ("3.13", "3.13t")
        for replicate in (1, 2)
    ]
    campaign = make_campaign(cells)
    stated = {cells[0].id: (100, 200, 300), cells[1].id: (50, 100, 150)}
    for cell, walls_ns in stated.items():
        for record, wall_ns in zip(of_cell(campaign, cell), walls_ns, strict=True):
            for repetition in record["repetitions"]:
                repetition["wall_ns"] = wall_ns
    rows = rows_of(tables_of(campaign)["control"])
    assert [(row["cell"], row["baseline_cell"]) for row in rows] == [
        (cells[1].id, cells[0].id),
        (cells[3].id, cells[2].id),
    ]
    row = rows[0]
    assert row["ratio"] == pytest.approx(2)
    assert row["ci_low_ratio"] == pytest.approx(2)
    assert (row["basis"], row["blocks"]) == ("typical", 3)
    assert row["typical_cv_ratio"] == row["typical_baseline_cv_ratio"] == pytest.approx(0.5)
    assert row["quiet_cv_ratio"] is None


def test_a_pair_that_shares_no_block_has_no_ratio_but_a_row() -> None:
    cells = [make_cell("json", "serial", 1, "3.13", blocks=1, replicate=n) for n in (1, 2)]
    campaign = make_campaign(cells, failures={(cells[0].id, 1): "timeout"})
    (row,) = rows_of(tables_of(campaign)["control"])
    assert (row["blocks"], row["ratio"], row["basis"]) == (0, None, None)


def test_flags_count_trials_and_name_the_first() -> None:
    cell = make_cell("json", "serial", 1, "3.13", blocks=4)
    campaign = make_campaign([cell])
    for record, flags in zip(
        of_cell(campaign, cell.id), ([], ["load", "steal"], ["steal"], []), strict=True
    ):
        record["health"]["flags"] = flags
    rows = rows_of(tables_of(campaign)["health"])
    assert [(row["flag"], row["trials"], row["example_block"]) for row in rows] == [
        ("any", 2, 2),
        ("load", 1, 2),
        ("steal", 2, 2),
    ]
    assert {row["example_cell"] for row in rows} == {cell.id}


def test_a_machine_without_a_flag_is_one_row_of_zero() -> None:
    rows = rows_of(tables_of(make_campaign())["health"])
    assert [(row["flag"], row["trials"]) for row in rows] == [("any", 0)]


@pytest.mark.parametrize(
    ("flags", "own_ticks", "counted"),
    [
        (["cpu_pressure"], 90, []),  # nobody else used the CPUs
        (["cpu_pressure", "steal"], 90, ["any", "steal"]),
        (["cpu_pressure", "load"], 90, ["any", "cpu_pressure", "load"]),
        (["cpu_pressure"], None, ["any", "cpu_pressure"]),  # whose it was is not known
    ],
)
def test_pressure_from_the_trial_s_own_workers_is_no_flag(
    flags: list[str], own_ticks: int | None, counted: list[str]
) -> None:
    campaign = make_campaign()
    record = next(iter(campaign.records.values()))
    record["health"]["flags"] = flags
    record["health"]["before"]["own_ticks"] = 0 if own_ticks is not None else None
    record["health"]["after"]["own_ticks"] = own_ticks
    rows = rows_of(tables_of(campaign)["health"])
    assert [row["flag"] for row in rows if row["trials"]] == counted
