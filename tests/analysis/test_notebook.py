import json
from typing import Any

from tests.analysis.shortcuts import rows_of, tables_of
from tests.factories import Campaign, make_campaign, make_cell

FORK = "notebook/processes-fork/2/3.13/cold"


def by_model(campaign: Campaign) -> dict[str, dict[str, Any]]:
    return {row["model"]: row for row in rows_of(tables_of(campaign)["notebook"])}


CELLS = [
    make_cell("notebook", "processes-fork", 2, "3.13", "cold", blocks=3),
    make_cell("notebook", "raw_threads", 2, "3.13", "cold", blocks=3),
]


def test_the_replay_prints_what_the_notebook_prints() -> None:
    campaign = make_campaign(CELLS, failures={(FORK, 1): "timeout"})
    stated = {2: (2_050_000_000, 4_000_000, 40_000_000), 3: (2_070_000_000, 6_000_000, 44_000_000)}
    for record in campaign.records.values():
        if record["cell"]["id"] == FORK and record["block"] in stated:
            (repetition,) = record["repetitions"]
            repetition["wall_ns"], repetition["parent_user_ns"], repetition["parent_system_ns"] = (
                stated[record["block"]]
            )
            record["output"] = {"results": [0, 1], "data": [record["block"]]}
    row = by_model(campaign)["processes-fork"]
    assert (row["arm"], row["version"], row["workers"], row["trials"]) == ("3.13", "3.13.5", 2, 2)
    assert row["wall_ns"] == 2_060_000_000
    assert (row["wall_low_ns"], row["wall_high_ns"]) == (2_050_000_000, 2_070_000_000)
    assert (row["user_ns"], row["system_ns"]) == (5_000_000, 42_000_000)
    assert row["tree_user_ns"] > row["user_ns"]
    assert json.loads(row["results"]) == [0, 1]
    assert json.loads(row["data"]) == [2]  # of the first trial that is ok
    spans = json.loads(row["spans"])
    assert [span["worker"] for span in spans] == [0, 1]
    assert [span["start_ns"] for span in spans] == [1000, 2000]


def test_lists_of_a_failed_trial_are_not_shown() -> None:
    campaign = make_campaign(CELLS)
    campaign.records[f"trials/{FORK}/001.json"].update(
        outcome="wrong_result", explanation="not what serial gives", output=None
    )
    row = by_model(campaign)["processes-fork"]
    assert (row["trials"], row["results"]) == (2, "[0,1]")


def test_a_replay_that_never_worked_is_a_row_without_numbers() -> None:
    campaign = make_campaign(CELLS, failures={(FORK, block): "crashed" for block in (1, 2, 3)})
    rows = by_model(campaign)
    assert rows["processes-fork"]["trials"] == 0
    assert rows["processes-fork"]["version"] == "3.13.5"
    assert rows["processes-fork"]["wall_ns"] is None
    assert rows["processes-fork"]["spans"] is None
    assert rows["raw_threads"]["trials"] == 3
