import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from threads_or_processes.analysis.estimates import (
    ORDER_STATISTICS,
    coefficient_of_variation,
    estimate_median,
    geometric_mean,
    median_bounds,
    median_rank,
)

from tests.analysis.simulated import FAMILIES

SIMULATIONS = 4000
TRIALS = (5, 8, 10, 20)

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


# --- degenerate, but legal


def test_one_trial_has_no_interval() -> None:
    assert estimate_median(np.array([7.0]), confidence=0.95) is None
    assert coefficient_of_variation(np.array([7.0])) is None


@given(st.floats(1, 1e15), st.integers(2, 40))
def test_constant_times_have_a_median_interval_of_width_zero(cell_ns: float, trials: int) -> None:
    median = estimate_median(np.full(trials, cell_ns), confidence=0.95)
    assert median is not None
    assert median.low == median.high == cell_ns
    assert coefficient_of_variation(np.full(trials, cell_ns)) == 0


@given(times_ns)
def test_geometric_mean_agrees_with_scipy(values: list[float]) -> None:
    assert geometric_mean(np.array(values)) == pytest.approx(stats.gmean(values))
