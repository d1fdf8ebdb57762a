import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.analysis.simulated import FAMILIES
from workflow.analysis.estimates import (
    ORDER_STATISTICS,
    PAIRED_T,
    coefficient_of_variation,
    estimate_median,
    estimate_ratio,
    geometric_mean,
    median_bounds,
    median_rank,
    t_bounds,
)

SIMULATIONS = 4000
TRIALS = (5, 8, 10, 20)
UNLIKE = list(itertools.permutations(FAMILIES, 2))

times_ns = st.lists(st.floats(1e3, 1e12), min_size=2, max_size=30)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261122)


# --- how often the intervals hold the truth


@pytest.mark.parametrize("trials", TRIALS)
@pytest.mark.parametrize("family", FAMILIES)
def test_interval_of_the_median_holds_it_as_often_as_it_says(
    family: str, trials: int, rng: np.random.Generator
) -> None:
    noise = FAMILIES[family]
    median = np.median(noise.trial_medians(rng, (100_000,)))
    low, high = median_bounds(noise.trial_medians(rng, (SIMULATIONS, trials)), 0.95)
    coverage = np.mean((low <= median) & (median <= high))
    _, level = median_rank(trials, 0.95)
    # Four standard errors of the simulation, widest (1.5 points) at 94 %.
    assert coverage == pytest.approx(level, abs=0.015)


@pytest.mark.parametrize("blocks", TRIALS)
@pytest.mark.parametrize("family", FAMILIES)
def test_interval_of_a_ratio_of_alike_cells_holds_the_truth(
    family: str, blocks: int, rng: np.random.Generator
) -> None:
    baseline, cell = FAMILIES[family].trial_medians(rng, (2, SIMULATIONS, blocks))
    low, high = t_bounds(np.log(baseline) - np.log(cell), 0.95)
    coverage = np.mean((low <= 0) & (high >= 0))
    assert 0.94 <= coverage <= 0.985


@pytest.mark.parametrize(("blocks", "least"), [(5, 0.80), (8, 0.82), (10, 0.86), (20, 0.91)])
def test_interval_of_a_ratio_of_unlike_cells_misses_no_more_than_stated(
    blocks: int, least: float, rng: np.random.Generator
) -> None:
    def log_trials(family: str, *shape: int) -> np.ndarray:
        return np.asarray(np.log(FAMILIES[family].trial_medians(rng, shape)))

    coverage = {}
    for baseline, cell in UNLIKE:
        truth = log_trials(baseline, 100_000).mean() - log_trials(cell, 100_000).mean()
        log_ratios = log_trials(baseline, SIMULATIONS, blocks) - log_trials(
            cell, SIMULATIONS, blocks
        )
        low, high = t_bounds(log_ratios, 0.95)
        coverage[baseline, cell] = np.mean((low <= truth) & (truth <= high))
    assert min(coverage.values()) >= least
    assert max(coverage.values()) <= 0.98


@pytest.mark.parametrize("blocks", TRIALS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_difference_as_large_as_the_margin_is_rarely_called_equal(
    family: str, blocks: int, rng: np.random.Generator
) -> None:
    baseline, cell = FAMILIES[family].trial_medians(rng, (2, SIMULATIONS, blocks))
    margin = math.log(1.05)
    low, high = t_bounds(np.log(1.05 * baseline) - np.log(cell), 0.90)
    wrongly_equal = np.mean((-margin <= low) & (high <= margin))
    assert wrongly_equal <= 0.065  # 5 % by construction, and four standard errors


# --- the same numbers by another road


@pytest.mark.parametrize(
    ("trials", "rank", "level"),
    [
        (2, 1, 1 / 2),
        (3, 1, 3 / 4),
        (5, 1, 15 / 16),
        (6, 1, 31 / 32),
        (8, 1, 127 / 128),
        (9, 2, 1 - 2 * (1 + 9) / 2**9),
        (10, 2, 1 - 2 * (1 + 10) / 2**10),
        (20, 6, 1 - 2 * (1 + 20 + 190 + 1140 + 4845 + 15504) / 2**20),
    ],
)
def test_order_statistics_counted_by_hand(trials: int, rank: int, level: float) -> None:
    assert median_rank(trials, 0.95) == (rank, level)


@given(st.integers(2, 300), st.floats(0.5, 0.999))
def test_order_statistics_agree_with_the_binomial_distribution(
    trials: int, confidence: float
) -> None:
    rank, level = median_rank(trials, confidence)
    assert level == pytest.approx(1 - 2 * stats.binom.cdf(rank - 1, trials, 0.5), abs=1e-12)
    if level < confidence:
        assert rank == 1
    elif rank + 1 <= trials // 2:
        assert 1 - 2 * stats.binom.cdf(rank, trials, 0.5) < confidence + 1e-12


def test_median_interval_of_ten_is_the_second_and_the_ninth() -> None:
    interval = estimate_median(np.array([5.0, 1, 9, 3, 10, 7, 2, 8, 6, 4]), confidence=0.95)
    assert interval is not None
    assert (interval.low, interval.high) == (2.0, 9.0)
    assert (interval.level, interval.method) == (1002 / 1024, ORDER_STATISTICS)


def test_median_interval_of_three_is_all_of_them_at_75_percent() -> None:
    interval = estimate_median(np.array([3.0, 1.0, 2.0]), confidence=0.95)
    assert interval is not None
    assert (interval.low, interval.high, interval.level) == (1.0, 3.0, 0.75)


@given(times_ns, st.data())
def test_ratio_agrees_with_the_paired_t_test_of_scipy(
    baseline: list[float], data: st.DataObject
) -> None:
    blocks = len(baseline)
    cell = data.draw(st.lists(st.floats(1e3, 1e12), min_size=blocks, max_size=blocks))
    log_ratios = np.log(baseline) - np.log(cell)
    if np.ptp(log_ratios) < 1e-6 or np.ptp(log_ratios) > 5:
        return  # scipy warns about cancellation there
    found = estimate_ratio(np.array(baseline), np.array(cell), confidence=0.95)
    expected = stats.ttest_1samp(log_ratios, 0).confidence_interval(0.95)
    assert found.interval is not None
    assert found.equivalence is not None
    assert found.interval.method == PAIRED_T
    assert math.log(found.interval.low) == pytest.approx(expected.low, rel=1e-6, abs=1e-9)
    assert math.log(found.interval.high) == pytest.approx(expected.high, rel=1e-6, abs=1e-9)
    narrower = stats.ttest_1samp(log_ratios, 0).confidence_interval(0.90)
    assert math.log(found.equivalence.low) == pytest.approx(narrower.low, rel=1e-6, abs=1e-9)
    assert math.log(found.equivalence.high) == pytest.approx(narrower.high, rel=1e-6, abs=1e-9)


def test_ratio_of_two_blocks_by_hand() -> None:
    # Ratios 2 and 8: geometric mean 4, log ratios one ln 4 apart, t(1) at 97.5 % is 12.7062.
    found = estimate_ratio(np.array([20.0, 80.0]), np.array([10.0, 10.0]), confidence=0.95)
    half_width = 12.7062047 * math.log(4) / 2
    assert found.ratio == pytest.approx(4)
    assert found.blocks == 2
    assert found.interval is not None
    assert found.interval.low == pytest.approx(4 / math.exp(half_width))
    assert found.interval.high == pytest.approx(4 * math.exp(half_width))


# --- degenerate, but legal


def test_one_trial_has_no_interval() -> None:
    assert estimate_median(np.array([7.0]), confidence=0.95) is None
    assert coefficient_of_variation(np.array([7.0])) is None


def test_one_block_has_a_ratio_but_no_interval() -> None:
    found = estimate_ratio(np.array([30.0]), np.array([10.0]), confidence=0.95)
    assert found.ratio == pytest.approx(3)
    assert found.interval is None
    assert found.equivalence is None


@given(st.floats(1, 1e15), st.floats(1, 1e15), st.integers(2, 40))
def test_constant_times_give_intervals_of_width_zero(
    baseline_ns: float, cell_ns: float, blocks: int
) -> None:
    found = estimate_ratio(np.full(blocks, baseline_ns), np.full(blocks, cell_ns), confidence=0.95)
    assert found.interval is not None
    assert found.interval.low == found.ratio == found.interval.high
    assert found.ratio == pytest.approx(baseline_ns / cell_ns)
    median = estimate_median(np.full(blocks, cell_ns), confidence=0.95)
    assert median is not None
    assert median.low == median.high == cell_ns
    assert coefficient_of_variation(np.full(blocks, cell_ns)) == 0


@given(times_ns)
def test_a_cell_against_itself_is_exactly_one(of_cell: list[float]) -> None:
    found = estimate_ratio(np.array(of_cell), np.array(of_cell), confidence=0.95)
    assert found.interval is not None
    assert (found.interval.low, found.ratio, found.interval.high) == (1.0, 1.0, 1.0)


@given(times_ns)
def test_geometric_mean_agrees_with_scipy(values: list[float]) -> None:
    assert geometric_mean(np.array(values)) == pytest.approx(stats.gmean(values))
