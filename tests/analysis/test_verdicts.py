"""Verdicts: their rules, and how often they err on simulated noise."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.analysis.beyond_trials import Beyond
from threads_or_processes.analysis.estimates import Interval
from threads_or_processes.analysis.ratio_estimates import RatioEstimate, estimate_ratio
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.samples import Paired
from threads_or_processes.analysis.verdicts import (
    Assessment,
    Range,
    assess,
    claimed_range,
    decide,
    exact_p,
    finding_of,
    found_instead,
    holm,
    together,
)
from threads_or_processes.records.vocabulary import (
    PUBLISHED_BAND,
    Expects,
    Finding,
    Verdict,
)

from tests.analysis.simulated import FAMILIES, Floats

RULES = Rules(margin=0.05, confidence=0.95)
CAMPAIGNS = 60
CLAIMS = 20


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261123)


def estimate_of(baseline: Floats, cell: Floats) -> RatioEstimate:
    pairs = Paired(np.log(baseline), np.log(cell))
    return estimate_ratio(pairs, confidence=0.95, beyond=Beyond())


def claimed(expects: Expects, by: float = 1.05, published: Sequence[float] = (1.2, 1.5)) -> Range:
    return claimed_range(expects, by, published, RULES)


def assessment(
    expects: Expects,
    ratio: float,
    rng: np.random.Generator,
    *,
    family: str,
    blocks: int = 10,
    by: float = 1.05,
) -> Assessment:
    """A claim with the bound `by` about cells whose true ratio is stated."""
    baseline, cell = FAMILIES[family].trial_medians(rng, (2, blocks))
    found = assess(claimed(expects, by), estimate_of(ratio * baseline, cell), RULES)
    assert found is not None
    return found


def verdicts(several: Sequence[Assessment]) -> list[Verdict]:
    adjusted = holm([one.p for one in several])
    return [
        decide(one, adjusted_p=p, rules=RULES) for one, p in zip(several, adjusted, strict=True)
    ]


# --- how often they err


@pytest.mark.parametrize("family", FAMILIES)
def test_of_twins_a_whole_campaign_rarely_says_a_false_word(
    family: str, rng: np.random.Generator
) -> None:
    """Twenty claims that twins differ (false) or do not (true), as one family."""
    campaigns = [
        verdicts(
            [
                assessment((Expects.LESS, Expects.EQUAL)[number % 2], 1.0, rng, family=family)
                for number in range(CLAIMS)
            ]
        )
        for _ in range(CAMPAIGNS)
    ]
    false = [
        any(
            verdict is (Verdict.REFUTED if number % 2 else Verdict.SUPPORTED)
            for number, verdict in enumerate(campaign)
        )
        for campaign in campaigns
    ]
    assert np.mean(false) <= 0.05


@pytest.mark.parametrize("expects", [Expects.LESS, Expects.NOT_LESS, Expects.EQUAL])
@pytest.mark.parametrize("family", FAMILIES)
def test_at_the_margin_a_verdict_is_rare(
    family: str, expects: Expects, rng: np.random.Generator
) -> None:
    """A ratio of just what decides. Support is wrong in 5 % of a range, refutation in 2.5 %."""
    said = [
        verdicts([assessment(expects, 1.05, rng, family=family)])[0] is not Verdict.INCONCLUSIVE
        for _ in range(600)
    ]
    most = 0.075 if expects.is_range else 0.05
    assert np.mean(said) <= most + 0.02  # and two standard errors


@pytest.mark.parametrize(
    ("family", "ratio", "least"),
    [
        ("quiet", 1.0, 0.99),
        ("quiet", 1.1, 0.99),
        ("quiet", 2.0, 0.99),
        ("skewed", 1.0, 0.2),
        ("skewed", 1.2, 0.98),
        ("skewed", 2.0, 0.99),
        ("bimodal", 1.0, 0.1),
        ("bimodal", 1.2, 0.98),
        ("bimodal", 2.0, 0.99),
    ],
)
def test_true_ratios_are_found_with_the_power_stated(
    family: str, ratio: float, least: float, rng: np.random.Generator
) -> None:
    """Among twenty claims with ten blocks: that a faster cell is faster, that twins are not."""
    expects = Expects.LESS if ratio > 1 else Expects.NOT_LESS
    found = [
        verdict
        for _ in range(20)
        for verdict in verdicts(
            [assessment(expects, ratio, rng, family=family) for _ in range(CLAIMS)]
        )
    ]
    assert found.count(Verdict.REFUTED) == 0
    assert found.count(Verdict.SUPPORTED) / len(found) >= least


@pytest.mark.parametrize(
    ("family", "blocks", "least"),
    [("quiet", 10, 0.99), ("skewed", 10, 0.22), ("skewed", 20, 0.8), ("bimodal", 20, 0.73)],
)
def test_five_percent_are_found_by_a_claim_that_asks_for_any_difference(
    family: str, blocks: int, least: float, rng: np.random.Generator
) -> None:
    """`by: 1` among twenty such claims, where the truth is 1.05, with the power stated."""
    found = [
        verdict
        for _ in range(20)
        for verdict in verdicts(
            [
                assessment(Expects.LESS, 1.05, rng, family=family, blocks=blocks, by=1.0)
                for _ in range(CLAIMS)
            ]
        )
    ]
    assert found.count(Verdict.REFUTED) == 0
    assert found.count(Verdict.SUPPORTED) / len(found) >= least


@pytest.mark.parametrize("end", [1.2 / PUBLISHED_BAND, 1.5 * PUBLISHED_BAND])
@pytest.mark.parametrize("family", FAMILIES)
def test_at_the_ends_of_a_published_range_a_verdict_is_rare(
    family: str, end: float, rng: np.random.Generator
) -> None:
    """A ratio at an end of the widened range: agreement is wrong in 5 %, difference in 2.5 %."""
    said = [
        verdicts([assessment(Expects.AS_PUBLISHED, end, rng, family=family)])[0] for _ in range(600)
    ]
    assert said.count(Verdict.SUPPORTED) / len(said) <= 0.05 + 0.018  # and two standard errors
    assert said.count(Verdict.REFUTED) / len(said) <= 0.025 + 0.013


@pytest.mark.parametrize("family", FAMILIES)
def test_more_noise_never_makes_a_published_figure_agree(
    family: str, rng: np.random.Generator
) -> None:
    """The ratio 2 is far from 1.2 to 1.5, however wide its interval."""
    said = [
        verdicts([assessment(Expects.AS_PUBLISHED, 2.0, rng, family=family, blocks=blocks)])[0]
        for blocks in (6, 10, 20)
        for _ in range(100)
    ]
    assert said.count(Verdict.SUPPORTED) == 0


# --- the rules


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(
    ("expects", "ratio", "verdict", "finding"),
    [
        (Expects.LESS, 1.5, "supported", None),
        (Expects.LESS, 1.0, "refuted", "equal_in_practice"),
        (Expects.LESS, 0.7, "refuted", "opposite"),
        (Expects.LESS, 1.05, "inconclusive", None),
        (Expects.NOT_LESS, 1.0, "supported", None),
        (Expects.NOT_LESS, 0.7, "supported", None),
        (Expects.NOT_LESS, 1.5, "refuted", "as_much"),
        (Expects.EQUAL, 1.0, "supported", None),
        (Expects.EQUAL, 1.5, "refuted", "different"),
        (Expects.EQUAL, 0.7, "refuted", "different"),
        (Expects.AS_PUBLISHED, 1.3, "supported", None),
        (Expects.AS_PUBLISHED, 1.6, "supported", None),
        (Expects.AS_PUBLISHED, 1.725, "inconclusive", None),
        (Expects.AS_PUBLISHED, 2.0, "refuted", "above_range"),
        (Expects.AS_PUBLISHED, 1.0, "refuted", "below_range"),
    ],
)
def test_each_claim_meets_its_verdict(
    expects: Expects, ratio: float, verdict: str, finding: str | None
) -> None:
    noise = np.resize([0.995, 1.005], 10)
    estimate = estimate_of(ratio * noise, noise[::-1])
    found = assess(claimed(expects), estimate, RULES)
    assert found is not None
    assert verdicts([found]) == [verdict]
    if finding:
        assert found_instead(expects, claimed(expects), estimate, RULES) == finding


def test_a_claim_of_more_than_there_is_is_smaller_than_claimed() -> None:
    noise = np.resize([0.995, 1.005], 10)
    estimate, more = estimate_of(1.4 * noise, noise[::-1]), claimed(Expects.LESS, 1.9)
    found = assess(more, estimate, RULES)
    assert found is not None
    assert verdicts([found]) == [Verdict.REFUTED]
    assert found_instead(Expects.LESS, more, estimate, RULES) == "smaller_than_claimed"


def test_five_blocks_are_too_few_for_a_verdict() -> None:
    times = np.linspace(1, 1.01, 5)
    assert assess(claimed(Expects.LESS), estimate_of(2 * times, times), RULES) is None


def test_constant_times_are_as_sure_as_can_be() -> None:
    estimate = estimate_of(np.full(10, 2.0), np.full(10, 1.0))
    found = assess(claimed(Expects.LESS), estimate, RULES)
    assert found is not None
    assert (found.p, verdicts([found])) == (0.0, [Verdict.SUPPORTED])
    assert found.support.distance == pytest.approx(math.log(2 / 1.05))


def test_equality_is_a_published_range_around_one() -> None:
    ends = [RULES.lower * PUBLISHED_BAND, RULES.upper / PUBLISHED_BAND]
    around_one, equal = claimed(Expects.AS_PUBLISHED, published=ends), claimed(Expects.EQUAL)
    assert (around_one.low, around_one.high) == pytest.approx((equal.low, equal.high))


def test_only_a_claim_with_one_end_has_an_exact_p() -> None:
    estimate = estimate_of(np.full(10, 2.0), np.full(10, 1.0))
    assert exact_p(claimed(Expects.LESS), estimate) == pytest.approx(2 / 2**10)
    assert exact_p(claimed(Expects.NOT_LESS), estimate) == pytest.approx(2 / 2**10)
    assert exact_p(claimed(Expects.EQUAL), estimate) is None
    assert exact_p(claimed(Expects.AS_PUBLISHED), estimate) is None


# --- ranges

ends = st.floats(0.1, 10)
pairs_of_ends = st.tuples(ends, ends).map(sorted)


@given(pairs_of_ends, pairs_of_ends, ends)
def test_an_interval_is_inside_outside_or_neither(
    published: list[float], measured: list[float], ratio: float
) -> None:
    of_claim = Range(low=published[0], high=published[1])
    interval = Interval(low=measured[0], high=measured[1], level=0.95, method="")
    assert not (of_claim.holds(interval) and of_claim.excludes(interval))
    wider = Interval(low=measured[0] / 2, high=measured[1] * 2, level=0.95, method="")
    assert of_claim.holds(interval) or not of_claim.holds(wider)
    assert of_claim.excludes(interval) or not of_claim.excludes(wider)
    is_inside = published[0] <= ratio <= published[1]
    assert (of_claim.depth(math.log(ratio)) >= -1e-12) >= is_inside


@given(pairs_of_ends)
def test_a_published_range_is_widened_alike_at_both_ends(published: list[float]) -> None:
    low, high = published
    wide = claimed(Expects.AS_PUBLISHED, published=published)
    assert (low / wide.low, wide.high / high) == pytest.approx((PUBLISHED_BAND, PUBLISHED_BAND))
    assert wide.is_bounded
    assert not claimed(Expects.LESS, low).is_bounded
    assert not claimed(Expects.NOT_LESS, low).is_bounded


def test_what_is_about_no_ratio_has_no_range() -> None:
    with pytest.raises(ValueError, match="not about a ratio"):
        claimed(Expects.KEEPS_UPDATES)


# --- the cases of a claim together


def test_one_counterexample_refutes_and_the_weakest_case_decides() -> None:
    supported, refuted, untested = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.NOT_TESTED
    assert together([supported, supported]) is supported
    assert together([supported, untested]) is supported
    assert together([supported, Verdict.INCONCLUSIVE]) is Verdict.INCONCLUSIVE
    assert together([supported, Verdict.INCONCLUSIVE, refuted]) is refuted
    assert together([supported, Verdict.NONE_SEEN]) is Verdict.NONE_SEEN
    assert together([untested, untested]) is untested


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_a_claim_is_supported_only_if_every_tested_case_is(cases: list[Verdict]) -> None:
    tested = [verdict for verdict in cases if verdict is not Verdict.NOT_TESTED]
    is_supported = bool(tested) and set(tested) == {Verdict.SUPPORTED}
    assert (together(cases) is Verdict.SUPPORTED) == is_supported
    assert (together(cases) is Verdict.REFUTED) == (Verdict.REFUTED in cases)
    assert together(cases) is together(cases[::-1])


def test_what_contradicts_some_cases_only_is_said_to() -> None:
    opposite = (Verdict.REFUTED, Finding.OPPOSITE)
    assert finding_of([opposite]) is Finding.OPPOSITE
    assert finding_of([opposite, (Verdict.INCONCLUSIVE, None)]) is Finding.OPPOSITE
    assert finding_of([opposite, (Verdict.SUPPORTED, None)]) is Finding.NOT_ALL
    assert finding_of([(Verdict.SUPPORTED, None)]) is None
