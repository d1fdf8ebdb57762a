"""Intervals of medians of trials, and of pairs of trials."""

import numpy as np
import pytest
from scipy import stats
from threads_or_processes.analysis.estimates import median_levels
from threads_or_processes.analysis.medians import of_pairs, of_trials

from tests.analysis.simulated import FAMILIES, Floats, slow_mode

SIMULATIONS = 4000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261126)


@pytest.mark.parametrize("trials", [6, 7, 8, 10, 15])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("has_slow_mode", [False, True])
def test_the_interval_of_trials_holds_their_median_nineteen_times_in_twenty(
    family: str, trials: int, has_slow_mode: bool, rng: np.random.Generator
) -> None:
    def drawn(*shape: int) -> Floats:
        medians = FAMILIES[family].trial_medians(rng, shape)
        return medians + slow_mode(rng, shape) if has_slow_mode else medians

    truth = np.median(drawn(100_000))
    low, high = of_trials(trials, 0.95).bounds(drawn(SIMULATIONS, trials))
    assert 0.93 <= np.mean((low <= truth) & (truth <= high)) <= 0.97


def test_the_interpolated_end_lies_between_the_two_order_statistics() -> None:
    values = np.arange(8.0)
    ranks = of_trials(8, 0.95)
    assert (ranks.rank, ranks.level) == (1, 0.95)
    low, high = ranks.bounds(values)
    assert 0 < low < 1
    assert low + high == pytest.approx(7)


@pytest.mark.parametrize("trials", [6, 8, 11, 20])
def test_a_level_that_a_pair_attains_needs_no_interpolation(trials: int) -> None:
    ranks = of_trials(trials, median_levels(trials)[0])
    assert (ranks.rank, ranks.share) == (1, 0.0)


@pytest.mark.parametrize(("trials", "level"), [(2, 0.5), (3, 0.75), (5, 0.9375)])
def test_few_trials_have_the_outermost_and_say_their_level(trials: int, level: float) -> None:
    ranks = of_trials(trials, 0.95)
    low, high = ranks.bounds(np.arange(float(trials)))
    assert (float(low), float(high), ranks.level) == (0, trials - 1, level)


@pytest.mark.parametrize("sizes", [(6, 6), (8, 8), (6, 9), (10, 7)])
def test_pairs_are_counted_as_mann_and_whitney_do(sizes: tuple[int, int]) -> None:
    ranks = of_pairs(*sizes, 0.95)
    first = np.arange(float(sizes[0]))
    # The second sample is placed so that exactly `rank` pairs, and one less, lie on its side.
    for count in (ranks.rank, ranks.rank - 1):
        above = np.full(sizes[1], sizes[0] + 1.0)
        left = count
        for place in range(sizes[1]):
            taken = min(left, sizes[0])
            above[place] = sizes[0] - taken - 0.5 + place * 1e-3
            left -= taken
        p_value = stats.mannwhitneyu(first, above, method="exact").pvalue
        assert (p_value > 0.05) == (count == ranks.rank)
    assert ranks.level == pytest.approx(1 - p_value)


@pytest.mark.parametrize("sizes", [(6, 6), (8, 8), (8, 6), (10, 7)])
@pytest.mark.parametrize("has_slow_mode", [False, True])
def test_the_interval_of_pairs_holds_their_median_where_trials_are_quiet(
    sizes: tuple[int, int], has_slow_mode: bool, rng: np.random.Generator
) -> None:
    def pairs(simulations: int, first: int, second: int) -> Floats:
        one = FAMILIES["quiet"].trial_medians(rng, (simulations, first))
        if has_slow_mode:
            one += slow_mode(rng, one.shape)
        other = FAMILIES["quiet"].trial_medians(rng, (simulations, second))
        return (one[:, :, None] - other[:, None, :]).reshape(simulations, -1)

    truth = np.median(pairs(100_000, 1, 1))
    low, high = of_pairs(*sizes, 0.95).bounds(pairs(SIMULATIONS, *sizes))
    assert 0.93 <= np.mean((low <= truth) & (truth <= high)) <= 0.975
