"""A run with a budget ends in time, tells what it has, and goes on later."""

import csv
from pathlib import Path

import pytest

from tests.pipeline.conftest import SMALL_SWEEP, Checkout

#: A time that has passed on any machine that is up.
OVER = {"TRIALS_END_S": "0"}
BUDGET = SMALL_SWEEP | {"budget": "20min"}


def outcomes(checkout: Checkout) -> dict[str, int]:
    with (checkout.results / "tables/outcomes.csv").open(encoding="utf-8", newline="") as rows:
        return {row["outcome"]: int(row["trials"]) for row in csv.DictReader(rows)}


def contents(records: list[Path]) -> list[bytes]:
    return [record.read_bytes() for record in records]


def test_when_the_time_is_over_the_report_has_what_was_measured_and_the_rest_follows_later(
    small: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = sorted((small.results / "trials").rglob("*.json"))
    kept, gone = records[::2], records[1::2]
    before = contents(kept)
    for record in gone:
        record.unlink()
    small.configure(BUDGET)
    for name, value in OVER.items():
        monkeypatch.setenv(name, value)
    said = small.report()
    assert f"Left out to stay within the budget of 20min: {len(gone)} trials" in said
    assert outcomes(small)["missing"] == len(gone)
    assert contents(kept) == before

    for name in OVER:
        monkeypatch.delenv(name)
    small.configure(SMALL_SWEEP)
    assert "left out" not in small.report()
    assert not outcomes(small)["missing"]
    assert contents(kept) == before
    assert len(small.archived_ids()) == 2 * len(gone) + len(kept)


def test_what_the_plan_leaves_out_is_named_and_a_larger_budget_measures_just_that(
    small: Checkout,
) -> None:
    before = small.trial_ids()
    left_out = {
        place
        for place in before
        if place.startswith("trials/notebook/") or place.endswith("/002.json")
    }
    for place in left_out:
        (small.results / place).unlink()
    kept = small.trial_ids()
    small.configure(SMALL_SWEEP | {"budget": "0.01min"})
    said = small.run("--dry-run", "--quiet").stdout
    assert f"{len(kept)} trials planned, none of them left to measure" in said
    assert "left out to save time: blocks: 1 instead of 2; no notebook" in said
    small.measure()
    assert small.trial_ids() == kept
    small.configure(BUDGET)
    small.measure()
    after = small.trial_ids()
    assert after.keys() == before.keys()
    assert {place for place in after if after[place] != before[place]} == left_out


def test_without_any_trial_one_message_says_so(
    fresh: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.configure(BUDGET)
    for name, value in OVER.items():
        monkeypatch.setenv(name, value)
    done = fresh.run()
    assert done.returncode
    assert "error: the budget was over before the first trial" in done.stdout
    assert "Traceback" not in done.stdout
