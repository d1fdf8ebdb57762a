"""The rules of flags: how often they raise a false alarm, what they find, where they are silent."""

import math

import numpy as np
import pytest
from threads_or_processes.analysis.flags import (
    drift,
    is_drifting,
    is_warming_up,
    modes_apart,
    signs,
    squares_within,
    two_modes,
    warm_up,
    widest_split,
)
from threads_or_processes.analysis.quality import quality_of
from threads_or_processes.analysis.trial_values import TrialsOfCell
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, Basis, CellFlag

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, with_walls
from tests.analysis.simulated import FAMILIES, Floats
from tests.factories import SILENCE, make_campaign, make_cell

MARGIN = 0.05
SERIAL = "json/serial/1/3.13/warm"
PLAN = plan_of(make_campaign([make_cell("json", "serial", 1, "3.13", blocks=10)]))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261123)


def log_noise(shape: str, rng: np.random.Generator, *size: int) -> Floats:
    """Log times of trials in normal, exponential or simulated noise, one group, no trend."""
    if shape == "normal":
        return 0.05 * rng.standard_normal(size)
    if shape == "exponential":
        return rng.exponential(0.05, size)
    return np.asarray(np.log(FAMILIES[shape].trial_medians(rng, size)))


def flags_of(log_times: Floats, repetitions: list[Floats] | None = None) -> set[CellFlag]:
    trials = TrialsOfCell(wall_ns=np.exp(log_times), repetitions_ns=tuple(repetitions or []))
    quality = quality_of(PLAN.cells[0], trials, Basis.TYPICAL, PLAN)
    return set(signs(quality, cv_ratio=None, margin=MARGIN))


# --- two groups of trials


@pytest.mark.parametrize("trials", [6, 10, 20, 50])
@pytest.mark.parametrize("shape", ["normal", "exponential", "quiet", "skewed"])
def test_one_group_is_rarely_taken_for_two(
    shape: str, trials: int, rng: np.random.Generator
) -> None:
    separation, _ = widest_split(log_noise(shape, rng, 4000, trials))
    assert np.mean(separation > modes_apart(trials)) <= 0.06


def test_two_groups_are_found(rng: np.random.Generator) -> None:
    # Half of the trials are beside a neighbour, who costs them a tenth or three.
    for shape, slow_ratio, least in (("quiet", 1.1, 0.83), ("skewed", 1.3, 0.6)):
        slow = rng.random((1000, 10)) < 0.5
        log_times = log_noise(shape, rng, 1000, 10) + np.log(slow_ratio) * slow
        found = [two_modes(trials, margin=MARGIN) is not None for trials in log_times]
        assert np.mean(found) >= least


# --- drift


@pytest.mark.parametrize("shape", ["normal", "skewed", "bimodal"])
def test_noise_without_a_trend_rarely_drifts(shape: str, rng: np.random.Generator) -> None:
    trends = [drift(trials) for trials in log_noise(shape, rng, 1000, 10)]
    alarms = np.mean([trend is not None and trend.p_value < 0.01 for trend in trends])
    assert alarms <= 0.01 + 3 * math.sqrt(0.01 * 0.99 / 1000)


def test_a_trend_is_found_and_its_size_comes_back(rng: np.random.Generator) -> None:
    line = np.log(1.2) * np.arange(10) / 9
    trends = [drift(line + noise) for noise in log_noise("quiet", rng, 500, 10)]
    assert np.mean([is_drifting(trend, margin=MARGIN) for trend in trends]) >= 0.9
    changes = [trend.change_ratio for trend in trends if trend is not None]
    assert np.median(changes) == pytest.approx(1.2, rel=0.01)


def test_drift_is_kendall_s_tau_counted_by_hand() -> None:
    # Two of 15 pairs are in the wrong order; of 720 orders 1, 5 and 14 have none, one and two.
    trend = drift(np.log([10.0, 12.0, 11.0, 14.0, 13.0, 15.0]))
    assert trend is not None
    assert trend.tau == pytest.approx((13 - 2) / 15)
    assert trend.p_value == pytest.approx(2 * (1 + 5 + 14) / 720)


def test_a_trend_within_the_margin_is_no_drift() -> None:
    rising = np.log(np.linspace(100, 104, 10))
    trend = drift(rising)
    assert trend is not None
    assert trend.p_value < 1e-5
    assert not is_drifting(trend, margin=MARGIN)
    assert is_drifting(trend, margin=0.02)


# --- warm-up


def test_noise_rarely_looks_like_warming_up(rng: np.random.Generator) -> None:
    for family in ("quiet", "skewed", "bimodal"):
        campaigns = np.moveaxis(FAMILIES[family].repetitions(rng, (500, 10)), 0, -1)
        starts = [warm_up(list(trials)) for trials in campaigns]
        p_values = [start.p_value for start in starts if start is not None]
        assert np.mean(np.array(p_values) <= 0.05) <= 0.03
        assert np.mean([is_warming_up(*start, margin=MARGIN) for start in starts if start]) <= 0.01


def test_a_slow_first_repetition_is_found(rng: np.random.Generator) -> None:
    campaigns = np.moveaxis(FAMILIES["skewed"].repetitions(rng, (500, 10)), 0, -1)
    campaigns[..., 0] *= 1.2
    starts = [warm_up(list(trials)) for trials in campaigns]
    assert np.mean([is_warming_up(*start, margin=MARGIN) for start in starts if start]) >= 0.9
    assert np.median([start.first_ratio for start in starts if start]) == pytest.approx(
        1.2, rel=0.02
    )


def test_the_sign_test_counts_trials_and_leaves_ties_out() -> None:
    slower, same = np.array([12.0, 10, 10, 11, 9]), np.array([10.0, 10, 10, 11, 9])
    start = warm_up([slower] * 6 + [same] * 2)
    assert start is not None
    assert start.first_ratio == pytest.approx(1.2)
    assert start.p_value == pytest.approx(1 / 2**6)


# --- silence where there is too little to say


def test_too_few_trials_earn_no_flag() -> None:
    steep, falling = np.log([1.0, 1.01, 1.02, 9.0, 9.01]), np.array([9.0, 1.0, 1.0])
    assert steep.size < FEWEST_BLOCKS
    assert flags_of(steep, [falling] * steep.size) == set()
    assert flags_of(np.log([1.0])) == set()
    assert flags_of(np.array([])) == set()


def test_trials_of_two_repetitions_say_nothing_of_warming_up() -> None:
    assert warm_up([np.array([9.0, 1.0])] * 20) is None


@pytest.mark.parametrize("trials", [1, 2, 6, 10])
def test_constant_times_earn_no_flag(trials: int) -> None:
    assert flags_of(np.log(np.full(trials, 1e7)), [np.full(5, 1e7)] * trials) == set()


def test_two_exact_values_are_two_groups() -> None:
    assert two_modes(np.log([10.0, 10, 10, 20, 20, 20]), margin=MARGIN) == pytest.approx(2)


def test_the_spread_within_two_groups_is_that_of_its_definition(rng: np.random.Generator) -> None:
    ordered = np.sort(np.log(rng.lognormal(17, 0.3, (5, 9))), axis=-1)
    for cut, found in enumerate(squares_within(ordered).T, start=1):
        groups = ordered[:, :cut], ordered[:, cut:]
        own = sum(np.sum((group.T - group.mean(axis=1)) ** 2, axis=0) for group in groups)
        assert found == pytest.approx(own)


def test_one_trial_apart_is_no_group() -> None:
    assert two_modes(np.log([10.0, 10, 10, 10, 10, 20]), margin=MARGIN) is None


def test_two_groups_closer_than_the_margin_are_one() -> None:
    assert two_modes(np.log([100.0, 100, 100, 104, 104, 104]), margin=MARGIN) is None


# --- in the table of cells


def test_a_cell_drifts_with_the_clock_and_not_with_the_number_of_its_block() -> None:
    rising = [[1000 + 100 * block] * 5 for block in range(8)]
    campaign = with_walls({SERIAL: rising}, noise=SILENCE)
    by_block = sorted(campaign.records.values(), key=lambda record: int(record["block"]))
    for place, record in zip((3, 0, 7, 1, 6, 2, 5, 4), by_block, strict=True):
        record["started_unix_ns"] = 10**18 + place
    (cell,) = rows_of(tables_of(campaign)["cells"])
    assert cell["flags"] == "unstable"
    for record in by_block:
        record["started_unix_ns"] = 10**18 - record["block"]
    (cell,) = rows_of(tables_of(campaign)["cells"])
    assert cell["flags"] == "unstable drifting"


@pytest.mark.parametrize(
    ("function", "slow", "blocks", "flags"),
    [
        ("mine.py:work", 12, 8, "slow_start"),
        ("mine.py:work", 8, 8, None),
        ("mine.py:work", 12, 5, None),
        ("json", 12, 8, None),
    ],
)
def test_a_first_batch_of_own_work_that_takes_many_times_as_long_is_flagged(
    function: str, slow: int, blocks: int, flags: str | None
) -> None:
    cell = make_cell("json", "serial", 1, "3.13", blocks=blocks)
    campaign = make_campaign([cell], noise=SILENCE)
    for one in (campaign.plan["workloads"]["json"], *campaign.plan["cells"]):
        one["function"] = function
    for record in campaign.records.values():
        record["cell"]["function"] = function
        is_disturbed = record["block"] % 4 == 0
        for place, repetition in enumerate(record["repetitions"]):
            repetition["wall_ns"] = 10**7 * (1 if place else 30 if is_disturbed else slow)
    (row,) = rows_of(tables_of(campaign)["cells"])
    assert row["flags"] == flags


def test_cells_say_what_their_times_look_like() -> None:
    cell = make_cell("json", "serial", 1, "3.13", blocks=8)
    campaign = make_campaign([cell], noise=SILENCE)
    for record in campaign.records.values():
        slow = 1.5 if record["block"] in (2, 5, 6) else 1
        for place, repetition in enumerate(record["repetitions"]):
            first = 1.3 if place == cell.warmups else 1
            repetition["wall_ns"] = round(10**7 * slow * first)
    (row,) = rows_of(tables_of(campaign)["cells"])
    assert row["flags"] == "unstable bimodal warming_up"
