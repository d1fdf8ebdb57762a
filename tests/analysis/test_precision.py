"""Who gets more blocks, and what stopping by width does to intervals."""

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from threads_or_processes.analysis.__main__ import main
from threads_or_processes.analysis.added_blocks import plan_with_measured_blocks, with_blocks
from threads_or_processes.analysis.estimates import t_bounds
from threads_or_processes.analysis.precision import (
    decide,
    half_width_ratio,
)
from threads_or_processes.analysis.tables import all_tables
from threads_or_processes.analysis.trial_values import times_of, trial_values
from threads_or_processes.common.decoding import read_as
from threads_or_processes.common.errors import exit_on_user_error
from threads_or_processes.common.files import write_json
from threads_or_processes.common.plan_file import plan_from
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.precision import Decision, Round

from tests.analysis.shortcuts import trials_of
from tests.analysis.simulated import FAMILIES, Floats
from tests.factories import Campaign, Noise, make_campaign, make_cell

BASE, LOOKS = 4, [4, 6, 8]
JSON, SLEEP = ("json", "warm"), ("sleep", "warm")
ALL = 1e9
NOTHING = 1e-9


def measured(
    target: float, failures: dict[tuple[str, int], str] | None = None, **settings: Any
) -> Campaign:
    """Two workloads in all the blocks that they may get; four of them are base blocks."""
    cells = [
        make_cell(workload, model, workers, "3.13", blocks=LOOKS[-1])
        for workload in ("json", "sleep")
        for model, workers in (("serial", 1), ("threads", 2), ("processes-fork", 2))
    ]
    campaign = make_campaign(
        [*cells, make_cell("json", "serial", 1, "3.13", "memory", blocks=BASE)],
        failures=failures,
        **settings,
    )
    trials = campaign.plan["trials"]
    campaign.plan["trials"] = [trial for trial in trials if trial["block"] <= BASE]
    campaign.plan["precision"] = {
        "target": target,
        "max_blocks": LOOKS[-1],
        "peers": [
            {"workload": workload, "timing": timing, "blocks": LOOKS}
            for workload, timing in (JSON, SLEEP)
        ],
        "trials": [trial for trial in trials if trial["block"] > BASE],
    }
    return campaign


def recorded(campaign: Campaign, plan: Plan) -> Campaign:
    """The campaign with the records of a plan only."""
    records = {trial.record: campaign.records[trial.record] for trial in plan.trials}
    return Campaign(campaign.plan, campaign.identities, campaign.parity, records)


def rounds(campaign: Campaign) -> list[Round]:
    """Every round until nothing more is wanted."""
    plan = plan_from(campaign.plan)
    done: list[Round] = []
    while not done or any(j.decision is Decision.MORE for j in done[-1].decisions.values()):
        grown = with_blocks(plan, done[-1].blocks if done else {})
        values = trial_values(
            trials_of(recorded(campaign, grown)), quiet_threshold=plan.quiet_threshold
        )
        done.append(decide(grown, times_of(values, plan), done[-1] if done else None))
    return done


def course(campaign: Campaign, peers: tuple[str, str]) -> list[tuple[int, str]]:
    """Blocks and decision of each round."""
    of_peers = [one.decisions[peers] for one in rounds(campaign)]
    return [(each.blocks, each.decision.value) for each in of_peers]


# --- the rule


def test_who_is_precise_enough_gets_none_and_who_never_is_gets_the_most() -> None:
    assert course(measured(ALL), JSON) == [(4, "enough")]
    assert course(measured(NOTHING), JSON) == [(4, "more"), (6, "more"), (8, "most")]


def test_the_widest_interval_is_judged_and_named() -> None:
    campaign = measured(NOTHING, noise=Noise(0.0, 0.0))
    widened = campaign.records["trials/json/threads/2/3.13/warm/002.json"]
    for repetition in widened["repetitions"]:
        repetition["wall_ns"] = round(repetition["wall_ns"] * math.e)
    first = rounds(campaign)[0]
    width = first.decisions[JSON].widest
    assert width is not None
    assert (width.cell, width.baseline_cell) == (
        "json/threads/2/3.13/warm",
        "json/serial/1/3.13/warm",
    )
    # Log ratios 0, 1, 0, 0 up to a constant: standard error 1/4, t(3) at 97.5 % is 3.18245.
    assert width.half_width_ratio == pytest.approx(math.expm1(3.182446 / 4), rel=1e-5)
    still = first.decisions[SLEEP]
    assert still.widest is not None
    assert still.widest.half_width_ratio == 0
    assert (first.decisions[JSON].decision, still.decision) == (Decision.MORE, Decision.ENOUGH)


def test_who_is_done_is_not_judged_again() -> None:
    """Blocks of others move the sentinel's floor, and with it which times are quiet."""
    noisy, silent = measured(0.001), measured(0.001, noise=Noise(0.0, 0.0))
    for place, record in noisy.records.items():
        if place.startswith("trials/json/"):
            silent.records[place] = record
    first = rounds(silent)[0]
    decisions = [first.decisions[peers].decision for peers in (JSON, SLEEP)]
    assert decisions == [Decision.MORE, Decision.ENOUGH]
    plan = with_blocks(plan_from(noisy.plan), first.blocks)
    values = trial_values(trials_of(recorded(noisy, plan)), quiet_threshold=plan.quiet_threshold)
    second = decide(plan, times_of(values, plan), first)
    assert second.decisions[JSON].blocks == 6
    assert second.decisions[SLEEP] == first.decisions[SLEEP]


@pytest.mark.parametrize("ratio", [0.01, 100.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_a_ratio_comes_to_plays_no_part(ratio: float, seed: int) -> None:
    def decisions(times: float) -> list[dict[tuple[str, str], tuple[int, Decision]]]:
        def truth(cell: Any) -> float:
            return 1e10 * (times if cell.model == "threads" else 1.0)

        return [
            {peers: (j.blocks, j.decision) for peers, j in one.decisions.items()}
            for one in rounds(measured(0.02, truth=truth, seed=seed))
        ]

    assert decisions(ratio) == decisions(1.0)


@pytest.mark.parametrize(
    ("models", "failed", "decision"),
    [
        (["threads"], range(1, 9), "enough"),  # the others are compared without it
        (["threads", "processes-fork"], range(1, 9), "nothing"),  # more of them would fail too
        (["threads"], range(2, 9), "more"),  # one of them is no interval yet
    ],
)
def test_cells_that_fail(models: list[str], failed: range, decision: str) -> None:
    failures = {
        (f"json/{model}/2/3.13/warm", block): "crashed" for model in models for block in failed
    }
    assert course(measured(ALL, failures=failures), JSON)[0] == (4, decision)


def test_peers_without_a_comparison_are_judged_by_their_own_times() -> None:
    campaign = measured(NOTHING)
    renamed = re.sub(r'"(json/[^"]*/warm)"', r'"\1-2"', json.dumps(campaign.plan))
    campaign.plan.update(json.loads(renamed))
    records = [one["cell"] for one in campaign.records.values()]
    for cell in [*campaign.plan["cells"], *records]:
        if cell["workload"] == "json" and cell["timing"] == "warm":
            cell |= {"replicate": 2, "id": f"{cell['id'].removesuffix('-2')}-2"}  # in no contrast
    width = rounds(campaign)[0].decisions[JSON].widest
    assert width is not None
    assert width.cell.startswith("json/")
    assert width.baseline_cell is None
    assert width.half_width_ratio


def test_one_block_is_never_enough_where_there_may_be_more() -> None:
    campaign = measured(ALL)
    plan = plan_from(campaign.plan)
    values = trial_values(trials_of(campaign), quiet_threshold=plan.quiet_threshold)
    decided = decide(plan, times_of(values[values["block"] == 1], plan), None)
    assert decided.decisions[JSON].decision is Decision.MORE
    assert msgspec.to_builtins(decided)["peers"][0]["widest"]["half_width_ratio"] is None


# --- the account


def test_a_round_comes_back_from_its_file(tmp_path: Path) -> None:
    for one in rounds(measured(NOTHING)):
        write_json(tmp_path / "1.json", msgspec.to_builtins(one))
        assert read_as(tmp_path / "1.json", Round) == one


def test_trials_that_were_added_are_planned_and_collected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, precision = tmp_path / "results", tmp_path / "results" / "precision"
    measured(NOTHING, failures={("json/serial/1/3.13/warm", 7): "crashed"}).write(results)

    def run(command: str, *arguments: object) -> None:
        monkeypatch.setattr(
            sys, "argv", ["threads_or_processes.analysis", command, *map(str, arguments)]
        )
        exit_on_user_error(main)

    records = ["--plan", results / "plan.json", "--records", results]
    records += ["--interpreters", results / "interpreters"]
    files = [precision / f"{number}.json" for number in (1, 2, 3)]
    for number, out in enumerate(files):
        run("decide", *records, "--rounds", *files[:number], "--out", out)
    assert (
        "2 in all, 2 not precise enough with as many blocks as allowed" in capsys.readouterr().out
    )
    trials = tmp_path / "trials.parquet"
    written = ["--out", tmp_path, "--states", tmp_path / "states", "--code", "{}"]
    run("collect", *records, "--rounds", *files, *written)
    folders = [*records[:2], *records[4:]]
    run("tables", *folders, "--trials", trials, "--out", tmp_path / "tables")
    outcomes = (tmp_path / "tables" / "outcomes.csv").read_text(encoding="utf-8").splitlines()
    counts = {line.split(",")[0]: line.split(",")[1] for line in outcomes[1:]}
    assert counts["planned"] == str(6 * LOOKS[-1] + BASE)
    assert (counts["crashed"], counts["missing"]) == ("1", "0")

    next((results / "trials" / "sleep").rglob("007.json")).unlink()
    with pytest.raises(SystemExit):
        run("collect", *records, "--rounds", *files, *written)
    assert "1 of 52 planned trials have no record yet" in capsys.readouterr().err


def test_one_trial_of_a_round_shows_that_all_of_it_was_planned() -> None:
    campaign = measured(NOTHING)
    plan = plan_from(campaign.plan)
    trials = trials_of(campaign)
    base = trials[trials["block"] <= BASE]
    assert len(plan_with_measured_blocks(plan, base).trials) == 6 * 4 + BASE
    one_more = trials[
        (trials["block"] <= BASE) | (trials["trial_id"] == trials.iloc[-1]["trial_id"])
    ]
    assert set(one_more["block"]) == {1, 2, 3, 4, 8}
    grown = plan_with_measured_blocks(plan, one_more)
    assert len(grown.trials) == 3 * 4 + 3 * 8 + BASE
    outcomes = all_tables(grown, one_more)["outcomes"].set_index("outcome")["trials"]
    assert (outcomes["ok"], outcomes["missing"]) == (29, 11)


# --- what stopping by width does to intervals


SIMULATIONS = 16_000
SIX, TEN = (6, 8, 10, 12, 14, 16, 18, 20), (10, 12, 14, 16, 18, 20)


def stop_when_narrow(logs: Floats, looks: tuple[int, ...], target: float) -> np.ndarray:
    """Blocks used in each campaign: shape (..., blocks) to (...), the widest of axis 0 decides."""
    used = np.full(logs.shape[1:-1], looks[-1])
    for look in reversed(looks):
        widest = half_width_ratio(logs[..., :look], 0.95).max(axis=0)
        used[widest <= target] = look
    return used


def bounds_when_stopped(
    logs: Floats, looks: tuple[int, ...], target: float
) -> tuple[Floats, Floats, np.ndarray]:
    """The interval of each contrast with the blocks used, and these."""
    used = stop_when_narrow(logs, looks, target)
    low, high = np.empty(logs.shape[:-1]), np.empty(logs.shape[:-1])
    for look in looks:
        stopped = used == look
        low[:, stopped], high[:, stopped] = t_bounds(logs[:, stopped, :look], 0.95)
    return low, high, used


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261122)


@pytest.mark.parametrize("contrasts", [1, 4])
@pytest.mark.parametrize("family", FAMILIES)
def test_intervals_measured_until_they_are_narrow_hold_the_truth(
    family: str, contrasts: int, rng: np.random.Generator
) -> None:
    times = np.log(
        FAMILIES[family].trial_medians(rng, (1 + contrasts, SIMULATIONS // contrasts, TEN[-1]))
    )
    logs = times[1:] - times[:1]
    for looks, most in ((TEN, 0.97), (SIX, 0.985)):
        # From a target that hardly any campaign reaches to one that most reach at once.
        for share in (0.35, 0.5, 0.7, 1.0):
            low, high, _ = bounds_when_stopped(logs, looks, math.expm1(share * logs.std()))
            coverage = np.mean((low <= 0) & (high >= 0), axis=1)
            assert coverage.min() >= 0.93
            assert coverage.max() <= most


def test_unlike_cells_are_held_hardly_worse_than_without_stopping(
    rng: np.random.Generator,
) -> None:
    """The worst found: one cell quiet, the other two-valued; 88 % after ten blocks in any case."""
    quiet, bimodal = FAMILIES["quiet"], FAMILIES["bimodal"]
    truth = np.log(quiet.trial_medians(rng, (100_000,))).mean()
    truth -= np.log(bimodal.trial_medians(rng, (100_000,))).mean()
    shape = (1, SIMULATIONS, TEN[-1])
    logs = np.log(quiet.trial_medians(rng, shape)) - np.log(bimodal.trial_medians(rng, shape))
    for share in (0.35, 0.5, 0.7, 1.0):
        low, high, _ = bounds_when_stopped(logs, TEN, math.expm1(share * logs.std()))
        assert np.mean((low <= truth) & (high >= truth)) >= 0.84


@pytest.mark.parametrize(
    ("spread", "contrasts", "reached", "blocks"),
    [
        (0.03, 1, 1.00, 10.1),
        (0.04, 1, 1.00, 11.2),
        (0.05, 1, 0.96, 13.9),
        (0.06, 1, 0.71, 16.8),
        (0.08, 1, 0.13, 19.5),
        (0.04, 4, 1.00, 13.1),
        (0.05, 4, 0.85, 17.2),
        (0.06, 4, 0.30, 19.5),
    ],
)
def test_a_target_of_three_percent_is_reached_as_often_as_stated(
    spread: float, contrasts: int, reached: float, blocks: float, rng: np.random.Generator
) -> None:
    """`spread` is the standard deviation of log block ratios; 10 blocks to 20, normal noise."""
    times = (
        spread
        / math.sqrt(2)
        * rng.standard_normal((1 + contrasts, SIMULATIONS // contrasts, TEN[-1]))
    )
    low, high, used = bounds_when_stopped(times[1:] - times[:1], TEN, 0.03)
    narrow = (np.expm1((high - low) / 2) <= 0.03).all(axis=0)
    assert narrow.mean() == pytest.approx(reached, abs=0.03)
    assert used.mean() == pytest.approx(blocks, abs=0.25)


@pytest.mark.parametrize("family", FAMILIES)
def test_blocks_until_a_difference_is_significant_would_find_some_that_are_none(
    family: str, rng: np.random.Generator
) -> None:
    times = np.log(FAMILIES[family].trial_medians(rng, (2, SIMULATIONS, TEN[-1])))
    logs = times[1] - times[0]
    found = np.zeros(SIMULATIONS, dtype=bool)
    for look in TEN:
        low, high = t_bounds(logs[:, :look], 0.95)
        found |= (low > 0) | (high < 0)
    assert found.mean() > 0.10
    low, high, _ = bounds_when_stopped(logs[np.newaxis], TEN, math.expm1(0.5 * logs.std()))
    assert np.mean((low > 0) | (high < 0)) <= 0.06
