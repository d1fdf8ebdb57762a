"""A run with a budget ends in time, tells what it has, and goes on later."""

import csv
import json
import re
from pathlib import Path

import pytest

from tests.pipeline.conftest import CAMPAIGN, SMALL_SWEEP, Checkout

#: A time that has passed on any machine that is up.
OVER = {"TRIALS_END_S": "0"}
BUDGET = SMALL_SWEEP | {"budget": "20min"}


def outcomes(checkout: Checkout) -> dict[str, int]:
    with (checkout.results / "tables/outcomes.csv").open(encoding="utf-8", newline="") as rows:
        return {row["outcome"]: int(row["trials"]) for row in csv.DictReader(rows)}


def page(checkout: Checkout) -> str:
    return (checkout.folder / f"report/{CAMPAIGN}.html").read_text(encoding="utf-8")


def summary(checkout: Checkout) -> str:
    return (checkout.folder / f"report/{CAMPAIGN}.md").read_text(encoding="utf-8")


def contents(records: list[Path]) -> list[bytes]:
    return [record.read_bytes() for record in records]


def test_when_the_time_is_over_the_report_has_what_was_measured_and_the_rest_follows_later(
    small: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = sorted((small.results / "trials").rglob("*.json"))
    kept, gone = records[::2], records[1::2]
    before = contents(kept)
    cells = {json.loads(record.read_text(encoding="utf-8"))["cell"]["id"] for record in gone}
    for record in gone:
        record.unlink()
    small.configure(BUDGET)
    for name, value in OVER.items():
        monkeypatch.setenv(name, value)
    said = small.report()
    told = rf"There was no time for {len(gone)} planned trials \((.+)\): the same command goes on "
    told += r"with them\."
    found = re.search(rf"A budget of 20min limited this sweep\. {told}\n", said)
    assert found
    places = {one.split(" in ")[-1] for one in found[1].split("; ")}
    assert places == {one["name"] for one in small.plan()["experiments"] if cells & {*one["cells"]}}
    assert re.search(told, summary(small))
    assert outcomes(small)["left_out"] == len(gone)
    assert not outcomes(small)["missing"]
    assert contents(kept) == before
    assert "Trials left out" in page(small)
    assert "Trials that failed" not in page(small)

    for name in OVER:
        monkeypatch.delenv(name)
    said = small.report()
    assert "limited this sweep" not in said + summary(small)
    assert "left_out" not in outcomes(small)
    assert not outcomes(small)["missing"]
    assert contents(kept) == before
    assert len(small.archived_ids()) == 2 * len(gone) + len(kept)


def test_what_a_run_left_out_before_its_time_was_over_is_explained(
    small: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = sorted((small.results / "trials").rglob("*.json"))[0]
    record.unlink()
    (tmp_path / "left-out.txt").write_text(f"{record.relative_to(small.results)}\n")
    monkeypatch.setenv("TRIALS_LEFT_OUT", str(tmp_path / "left-out.txt"))
    small.configure(BUDGET)
    said = small.report()
    assert "the same command goes on with them. Some time is left. A run takes up nothing" in said
    assert "Some time is left" not in summary(small)


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
    assert "left out to save time: blocks: 1 instead of 2; experiment notebook" in said
    said = small.report()
    told = "The plan leaves out: blocks: 1 instead of 2; experiment notebook. To measure what"
    assert told in said
    assert told in summary(small)
    assert "the same command" not in said + summary(small)
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
