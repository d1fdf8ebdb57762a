"""Where variation comes from: hand counts, truths that come back, and what says nothing."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threads_or_processes.analysis.frames import csv_text
from threads_or_processes.analysis.tables import all_tables
from threads_or_processes.analysis.variation import lag1_autocorrelation, layout, nesting, outliers

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, trials_of, with_walls
from tests.factories import SILENCE, make_campaign, make_cell, make_cells

SERIAL = "json/serial/1/3.13/warm"
THREADS = "json/threads/2/3.13/warm"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261124)


# --- repetitions within trials


def test_variance_between_and_within_trials_counted_by_hand() -> None:
    # Logs 0, 2 and 4, 6: mean squares 16 between and 2 within, so 7 of 9 lie between.
    found = nesting([np.exp([2.0, 0.0]), np.exp([4.0, 6.0])])
    assert found is not None
    assert found.icc_ratio == pytest.approx(7 / 9)
    assert found.repetitions == 4
    assert found.effective_repetitions == pytest.approx(4 / (1 + 7 / 9))


@pytest.mark.parametrize("icc", [0.0, 0.3, 0.8])
def test_a_stated_intraclass_correlation_comes_back(icc: float, rng: np.random.Generator) -> None:
    between = rng.standard_normal((300, 10, 1)) * math.sqrt(icc)
    logs = 0.02 * (between + rng.standard_normal((300, 10, 12)) * math.sqrt(1 - icc))
    sizes = [12, 12, 9, 5, 12, 3, 12, 12, 7, 12]
    found = [
        nesting([np.exp(trial[:size]) for trial, size in zip(cell, sizes, strict=True)])
        for cell in logs
    ]
    shares = [parts.icc_ratio for parts in found if parts is not None]
    assert np.mean(shares) == pytest.approx(icc, abs=0.04)


def test_the_worth_of_repetitions_is_that_of_their_mean(rng: np.random.Generator) -> None:
    logs = 0.02 * (rng.standard_normal((2000, 10, 1)) + rng.standard_normal((2000, 10, 8)))
    variance_of_mean = float(logs.mean(axis=(1, 2)).var())
    found = [nesting(list(np.exp(cell))) for cell in logs[:300]]
    worth = np.mean([parts.effective_repetitions for parts in found if parts is not None])
    assert worth == pytest.approx(2 * 0.02**2 / variance_of_mean, rel=0.15)
    assert worth < 20  # of 80


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(1, 10**9), min_size=1, max_size=9), min_size=1, max_size=9),
    st.randoms(use_true_random=False),
)
def test_the_order_of_repetitions_changes_no_bit_of_their_variance(
    trials: list[list[int]], random: Any
) -> None:
    as_measured, shuffled = (
        nesting([np.array(of_trial, dtype=np.float64) for of_trial in either])
        for either in (trials, [random.sample(times, len(times)) for times in trials])
    )
    assert as_measured == shuffled


def test_what_has_no_variance_has_no_share_of_it() -> None:
    assert nesting([np.full(5, 7.0)] * 10) is None
    assert nesting([np.array([7.0, 8.0])]) is None
    assert nesting([np.array([7.0])] * 10) is None


# --- blocks


def test_what_blocks_add_is_taken_apart_from_what_is_left() -> None:
    cells, blocks = np.array([[0.0], [5.0], [1.0]]), np.array([0.1, -0.2, 0.4])
    found = layout(cells + blocks)
    assert found is not None
    assert found.block_effects == pytest.approx(blocks - blocks.mean())
    assert found.residuals == pytest.approx(np.zeros((3, 3)), abs=1e-12)
    assert found.block_share_ratio == pytest.approx(1)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_pairing_takes_away_the_share_that_blocks_have(
    share: float, rng: np.random.Generator
) -> None:
    of_blocks = rng.standard_normal((400, 1, 10)) * math.sqrt(share)
    logs = 0.05 * (of_blocks + rng.standard_normal((400, 6, 10)) * math.sqrt(1 - share))
    found = [parts for parts in map(layout, logs) if parts is not None]
    assert np.mean([parts.block_share_ratio for parts in found]) == pytest.approx(share, abs=0.05)
    paired = np.var(logs[:, 0] - logs[:, 1])
    assert paired == pytest.approx(2 * 0.05**2 * (1 - share), rel=0.1)
    left = np.mean([parts.residual_sd**2 for parts in found])
    assert paired == pytest.approx(2 * left, rel=0.1)


# --- order


@pytest.mark.parametrize("trials", [6, 10, 20])
def test_independent_trials_have_no_autocorrelation_on_average(
    trials: int, rng: np.random.Generator
) -> None:
    found = [lag1_autocorrelation(series) for series in rng.standard_normal((2000, trials))]
    assert np.mean([value for value in found if value is not None]) == pytest.approx(0, abs=0.03)


def test_pooled_residuals_of_a_layout_have_none_either(rng: np.random.Generator) -> None:
    parts = [layout(logs) for logs in rng.standard_normal((500, 6, 10))]
    found = [lag1_autocorrelation(part.residuals) for part in parts if part is not None]
    assert np.mean([value for value in found if value is not None]) == pytest.approx(0, abs=0.03)


def test_autocorrelation_by_hand() -> None:
    # Deviations -1, 1, -1, 1: products -3, squares 4, and a quarter for the mean taken away.
    assert lag1_autocorrelation(np.array([2.0, 4.0, 2.0, 4.0])) == pytest.approx(-0.75 + 0.25)
    assert lag1_autocorrelation(np.full(9, 3.0)) is None


# --- outliers


def test_outliers_are_counted_beyond_tukey_s_fences() -> None:
    # Quartiles 12.25 and 16.75: fences at 23.5 and 30.25 above, 5.5 and -1.25 below.
    body = [10.0, 11, 12, 13, 14, 15, 16, 17, 18]
    assert outliers(np.array([*body, 23.5])) == (0, 0)
    assert outliers(np.array([*body, 30.0])) == (1, 0)
    assert outliers(np.array([*body, 31.0])) == (0, 1)
    assert outliers(np.full(10, 5.0)) == (0, 0)


# --- the tables


def test_quality_of_a_cell_by_hand() -> None:
    # Ten trials of 100 to 109 in the order of their start: the interval is the 2nd to the 9th.
    walls_ns = [[100 + block - 1, 100 + block, 100 + block + 1] for block in range(10)]
    (row,) = rows_of(tables_of(with_walls({SERIAL: walls_ns}, noise=SILENCE))["quality"])
    assert (row["trials"], row["basis"], row["note"]) == (10, "typical", None)
    assert row["half_width_ratio"] == pytest.approx((108 - 101) / 2 / 104.5)
    assert (row["mild_outliers"], row["severe_outliers"]) == (0, 0)
    assert row["drift_tau"] == pytest.approx(1)
    assert row["drift_p_value"] == pytest.approx(2 / math.factorial(10))
    assert row["drift_change_ratio"] == pytest.approx(1.09, abs=0.001)
    assert row["lag1_autocorrelation"] > 0.5
    assert row["first_ratio"] == pytest.approx(103.5 / 105, abs=0.001)
    assert row["repetitions"] == 30
    assert 0.85 < row["icc_ratio"] < 1
    assert row["modes_ratio"] is None


def test_pairing_of_a_workload_by_hand() -> None:
    # Both cells double from first to last block, and nothing else happens.
    rising = [1000, 1100, 1300, 1500, 1700, 2000]
    campaign = with_walls(
        {
            SERIAL: [[wall_ns] * 3 for wall_ns in rising],
            THREADS: [[wall_ns // 2] * 3 for wall_ns in rising],
        },
        noise=SILENCE,
    )
    (row,) = rows_of(tables_of(campaign)["pairing"])
    assert (row["workload"], row["timing"], row["basis"]) == ("json", "warm", "typical")
    assert (row["cells"], row["blocks"], row["note"]) == (2, 6, None)
    assert row["block_share_ratio"] == pytest.approx(1)
    assert row["residual_sd_ratio"] == pytest.approx(0, abs=1e-9)
    assert row["drift_tau"] == pytest.approx(1)
    assert row["drift_change_ratio"] == pytest.approx(2, rel=0.05)
    for record in campaign.records.values():  # the same, but the last block ran first
        record["started_unix_ns"] = -record["block"] % 7
    (row,) = rows_of(tables_of(campaign)["pairing"])
    assert row["drift_tau"] == pytest.approx(-1)


def test_blocks_in_the_order_in_which_they_ran_by_hand() -> None:
    # Serial and threads take 1, 2 and 3 times something; the last block ran first.
    campaign = with_walls(
        {
            SERIAL: [[10], [20], [30]],
            THREADS: [[100], [200], [300]],
        },
        noise=SILENCE,
    )
    for record in campaign.records.values():
        record["started_unix_ns"] = 10 - record["block"]
    rows = rows_of(tables_of(campaign)["order"])
    assert [(row["basis"], row["place"], row["block"], row["trials"]) for row in rows] == [
        ("typical", 1, 3, 2),
        ("typical", 2, 2, 2),
        ("typical", 3, 1, 2),
    ]
    assert [row["median_ratio"] for row in rows] == pytest.approx([1.5, 1, 0.5])
    assert [row["upper_quartile_ratio"] for row in rows] == pytest.approx([1.5, 1, 0.5])


def test_a_cell_with_one_trial_says_nothing_of_order() -> None:
    assert tables_of(make_campaign(make_cells(workloads=["json"], blocks=1)))["order"].empty


def test_a_block_that_one_cell_lacks_takes_no_part_in_pairing() -> None:
    cells = [make_cell("json", model, 1, "3.13", blocks=8) for model in ("serial", "threads")]
    failed = make_cell("json", "processes-fork", 1, "3.13", blocks=8)
    never = {(failed.id, block): "crashed" for block in range(1, 9)}
    campaign = make_campaign([*cells, failed], failures={**never, (cells[0].id, 3): "timeout"})
    (row,) = rows_of(tables_of(campaign)["pairing"])
    assert (row["cells"], row["blocks"], row["note"]) == (2, 7, None)


def test_weighed_cells_have_no_quality_of_times() -> None:
    cells = [make_cell("json", "serial", 1, "3.13", timing) for timing in ("warm", "memory")]
    tables = tables_of(make_campaign(cells))
    assert list(tables["quality"]["timing"]) == ["warm"]
    assert list(tables["pairing"]["timing"]) == ["warm"]


@pytest.mark.parametrize(
    ("blocks", "failing", "noise", "of_cell", "of_workload"),
    [
        (6, True, None, "no ok trial", "fewer than two cells with an ok trial"),
        (1, False, None, "fewer than 6 trials", "fewer than 6 blocks"),
        (5, False, None, "fewer than 6 trials", "fewer than 6 blocks"),
        (6, False, SILENCE, "all trials took the same time", "all times are the same"),
    ],
)
def test_where_numbers_are_missing_a_note_says_why(
    blocks: int, failing: bool, noise: Any, of_cell: str, of_workload: str
) -> None:
    cells = make_cells(workloads=["json"], arms=["3.13"], blocks=blocks, notebook=False)
    failures = {
        (cell.id, block): "crashed" for cell in cells for block in range(1, blocks + 1) if failing
    }
    more = {"noise": noise} if noise else {}
    tables = tables_of(make_campaign(cells, failures=failures, **more))
    assert tables["quality"]["note"].str.contains(of_cell).all()
    assert tables["pairing"]["note"].str.contains(of_workload).all()
    untold = ["drift_tau", "lag1_autocorrelation", "icc_ratio", "modes_ratio"]
    assert tables["quality"][untold].isna().all(axis=None)
    assert tables["pairing"]["block_share_ratio"].isna().all()


# --- invariances

CELLS = [
    make_cell("json", model, workers, "3.13", blocks=10)
    for model, workers in (("serial", 1), ("threads", 2), ("processes-fork", 2))
]
CAMPAIGNS = {
    "watched": make_campaign(CELLS, disturbed_ratio=0.15),
    "unwatched": make_campaign(CELLS),
}
PLANS = {name: plan_of(campaign) for name, campaign in CAMPAIGNS.items()}
TRIALS = {name: trials_of(campaign) for name, campaign in CAMPAIGNS.items()}
TABLES = {name: all_tables(PLANS[name], TRIALS[name]) for name in CAMPAIGNS}

#: What the order of repetitions inside a trial may change, and what their number may.
OF_ORDER = {"cells": ["flags"], "quality": ["first_ratio", "first_p_value"]}
OF_NUMBER = {
    "cells": [*OF_ORDER["cells"], "repetitions", "within_trial_cv_ratio"],
    "quality": [*OF_ORDER["quality"], "repetitions", "icc_ratio", "effective_repetitions"],
}


def text_of(tables: dict[str, pd.DataFrame], without: dict[str, list[str]]) -> dict[str, str]:
    names = ("cells", "distributions", "quality", "pairing", "order")
    return {name: csv_text(tables[name].drop(columns=without.get(name, []))) for name in names}


@settings(max_examples=2, deadline=None)
@given(random=st.randoms(use_true_random=False))
@pytest.mark.parametrize(
    # Where a sentinel watches, doubling makes of two quiet repetitions four, and these are enough.
    ("name", "copies"),
    [("watched", 1), ("unwatched", 3)],
)
def test_repetitions_shuffled_or_multiplied_inside_trials_change_no_interval(
    name: str, copies: int, random: Any
) -> None:
    trials = pd.concat([TRIALS[name]] * copies, ignore_index=True)
    measured = trials[trials["phase"] == "measure"]
    for _, rows in measured.groupby(["cell", "block"]):
        trials.loc[rows.index, "repetition"] = random.sample(range(len(rows)), len(rows))
    may_change = OF_ORDER if copies == 1 else OF_NUMBER
    found = all_tables(PLANS[name], trials)
    assert text_of(found, may_change) == text_of(TABLES[name], may_change)


@settings(max_examples=2, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_byte(random: Any) -> None:
    trials, tables = TRIALS["watched"], TABLES["watched"]
    shuffled = trials.iloc[random.sample(range(len(trials)), len(trials))]
    assert text_of(all_tables(PLANS["watched"], shuffled), {}) == text_of(tables, {})
    assert tables["quality"]["lag1_autocorrelation"].notna().all()
    assert tables["pairing"]["block_share_ratio"].notna().all()
