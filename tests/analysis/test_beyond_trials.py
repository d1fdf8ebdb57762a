"""What trials don't show: its estimate, errors where two cells are the same, and power."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.analysis.beyond_trials import (
    PRIOR_FREEDOM,
    Beyond,
    BeyondTrials,
    Twins,
    beyond_trials,
    joint_freedom,
    kind_of,
)
from threads_or_processes.records.vocabulary import ComparisonResult, Family, Timing

from tests.analysis import power
from tests.analysis.simulated import FAMILIES
from tests.factories import make_cell

SERIAL = make_cell("json", "serial", 1, "3.13")
THREADS = make_cell("json", "threads", 2, "3.13")
PROCESSES = make_cell("json", "processes-fork", 2, "3.13")
COLD = make_cell("json", "processes-fork", 2, "3.13", "cold")
KIND = kind_of(THREADS)
NOTHING_KNOWN = BeyondTrials()
DATA_SETS = 200


def twins(log_ratios: Sequence[float], error: float = 0.0) -> list[Twins]:
    return [Twins(kind=KIND, log_ratio=one, standard_error=error) for one in log_ratios]


def of(pairs: Sequence[Twins]) -> Beyond:
    return beyond_trials(pairs).of_kind[KIND]


DEFAULT = NOTHING_KNOWN.between(THREADS, THREADS)


# --- the estimate


def test_kinds_are_how_a_cell_works_and_what_is_timed() -> None:
    asyncio = make_cell("sleep", "asyncio", 2, "3.13")
    assert [kind_of(cell) for cell in (SERIAL, THREADS, asyncio, PROCESSES, COLD)] == [
        (Family.SERIAL, Timing.WARM),
        (Family.THREADS, Timing.WARM),
        (Family.THREADS, Timing.WARM),
        (Family.PROCESSES, Timing.WARM),
        (Family.PROCESSES, Timing.COLD),
    ]


def test_without_a_control_there_is_a_default_and_never_nothing() -> None:
    cells = (SERIAL, THREADS, PROCESSES, COLD)
    variances = [NOTHING_KNOWN.between(cell, cell).variance for cell in cells]
    assert 0 < variances[0] < variances[1] < variances[2] < variances[3]
    mixed = NOTHING_KNOWN.between(SERIAL, PROCESSES).variance
    assert mixed == pytest.approx((variances[0] + variances[2]) / 2)


def test_pairs_without_spread_of_their_own_count_as_one_degree_of_freedom_each() -> None:
    found = of(twins([0.02, -0.02, 0.02, -0.02]))
    freedom = PRIOR_FREEDOM + 4
    assert found.freedom == pytest.approx(freedom)
    expected = (PRIOR_FREEDOM * DEFAULT.variance + 4 * 0.02**2) / freedom
    assert found.variance == pytest.approx(expected)


def test_a_pair_whose_trials_vary_much_says_next_to_nothing() -> None:
    quiet = twins([0.004, -0.005, 0.006])
    noisy = twins([0.15], error=0.08)
    assert of(quiet + noisy).variance == pytest.approx(of(quiet).variance, rel=0.03)
    assert of(quiet + noisy).freedom == pytest.approx(of(quiet).freedom, abs=0.05)


@given(st.lists(st.floats(-0.3, 0.3), min_size=1, max_size=20), st.floats(0, 0.2))
def test_it_lies_between_nothing_and_what_the_pairs_or_the_default_say(
    log_ratios: list[float], error: float
) -> None:
    found = of(twins(log_ratios, error))
    assert 0 < found.variance <= DEFAULT.variance + max(one**2 for one in log_ratios)
    assert PRIOR_FREEDOM <= found.freedom <= PRIOR_FREEDOM + len(log_ratios)


def test_many_pairs_find_the_truth() -> None:
    rng = np.random.default_rng(1)
    for truth in (0.006, 0.01, 0.03):
        log_ratios = truth * rng.standard_normal(400) + 0.01 * rng.standard_normal(400)
        found = math.sqrt(of(twins(log_ratios.tolist(), error=0.01)).variance)
        assert found == pytest.approx(truth, rel=0.25)


def test_degrees_of_freedom_of_sums() -> None:
    assert joint_freedom([(1.0, 9.0)]) == pytest.approx(9)
    assert joint_freedom([(1.0, 9.0), (1.0, 9.0)]) == pytest.approx(18)
    assert joint_freedom([(1.0, 9.0), (0.0, 4.0)]) == pytest.approx(9)
    assert joint_freedom([(0.0, 9.0), (0.0, 4.0)]) == 4
    assert joint_freedom([(0.0, 9.0), (1.0, math.inf)]) == math.inf


# --- errors and power


@cache
def results(noise: str, ratio: float, beyond: float = 1.0) -> dict[str, Counter[ComparisonResult]]:
    return power.results(noise, ratio, DATA_SETS, beyond_times=beyond)


def share(found: Counter[ComparisonResult], *results: ComparisonResult) -> float:
    return sum(found[result] for result in results) / DATA_SETS


DIFFERENT = (
    *(ComparisonResult.FASTER, ComparisonResult.FASTER_SOMEWHAT),
    *(ComparisonResult.SLOWER, ComparisonResult.SLOWER_SOMEWHAT),
)


@pytest.mark.parametrize("rule", ["default", "control"])
@pytest.mark.parametrize("beyond", [0.0, 1.0, 1.7])
def test_where_both_are_the_same_a_difference_is_found_once_in_twenty_at_most(
    beyond: float, rule: str
) -> None:
    """1.7 times the likeliest deviation is the upper end of its 95 % range."""
    errors = [share(results(noise, 1.0, beyond)[rule], *DIFFERENT) for noise in FAMILIES]
    assert np.mean(errors) <= 0.05
    assert max(errors) <= 0.075  # two standard errors of 200 data sets


@pytest.mark.parametrize("noise", FAMILIES)
def test_hardly_any_result_is_wrong_by_the_margin(noise: str) -> None:
    at_margin = results(noise, 1.05)["control"]
    assert share(at_margin, ComparisonResult.FASTER) <= 0.05
    assert share(at_margin, ComparisonResult.EQUAL) <= 0.05


@pytest.mark.parametrize(
    ("noise", "ratio", "least"),
    [("quiet", 1.1, 0.97), ("skewed", 1.1, 0.45), ("bimodal", 1.1, 0.4), ("skewed", 1.2, 0.97)],
)
def test_faster_by_the_margin_is_found_more_often_than_by_a_noise_floor(
    noise: str, ratio: float, least: float
) -> None:
    found = results(noise, ratio)
    new, old = (share(found[rule], ComparisonResult.FASTER) for rule in ("control", "floor"))
    assert new >= max(least, old)
    if old < 0.9:
        assert new >= old + 0.08


@pytest.mark.parametrize(("noise", "least"), [("skewed", 0.85), ("bimodal", 0.85)])
def test_few_comparisons_stay_inconclusive(noise: str, least: float) -> None:
    """By the noise floor, four in five were."""
    found = results(noise, 1.02)
    assert 1 - share(found["control"], ComparisonResult.INCONCLUSIVE) >= least
    assert 1 - share(found["floor"], ComparisonResult.INCONCLUSIVE) <= 0.3
