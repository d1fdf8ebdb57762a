"""Verdicts: their rules, and how often they err on simulated noise."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from threads_or_processes.analysis.ratio_estimates import RatioEstimate, estimate_ratio
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.samples import Paired
from threads_or_processes.analysis.verdicts import Assessment, assess, decide, found_instead, holm
from threads_or_processes.records.vocabulary import Expects, Verdict

from tests.analysis.simulated import FAMILIES, Floats

RULES = Rules(margin=0.05, confidence=0.95)
CAMPAIGNS = 60
CLAIMS = 20


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261123)


def estimate_of(baseline: Floats, cell: Floats) -> RatioEstimate:
    return estimate_ratio(Paired(np.log(baseline), np.log(cell)), confidence=0.95)


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
    found = assess(expects, by, estimate_of(ratio * baseline, cell), RULES)
    assert found is not None
    return found


def verdicts(several: Sequence[Assessment]) -> list[Verdict]:
    adjusted = holm([one.p for one in several])
    return [
        decide(one, adjusted_p=p, noise_floor=1.0, rules=RULES)
        for one, p in zip(several, adjusted, strict=True)
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
    """A ratio of just what decides: each answer is as wrong as the other."""
    said = [
        verdicts([assessment(expects, 1.05, rng, family=family)])[0] is not Verdict.INCONCLUSIVE
        for _ in range(600)
    ]
    assert np.mean(said) <= 0.05 + 0.02  # and two standard errors


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
    ],
)
def test_each_claim_meets_its_verdict(
    expects: Expects, ratio: float, verdict: str, finding: str | None
) -> None:
    noise = np.resize([0.995, 1.005], 10)
    estimate = estimate_of(ratio * noise, noise[::-1])
    found = assess(expects, 1.05, estimate, RULES)
    assert found is not None
    assert verdicts([found]) == [verdict]
    if finding:
        assert found_instead(expects, estimate, RULES) == finding


def test_a_claim_of_more_than_there_is_is_smaller_than_claimed() -> None:
    noise = np.resize([0.995, 1.005], 10)
    estimate = estimate_of(1.4 * noise, noise[::-1])
    found = assess(Expects.LESS, 1.9, estimate, RULES)
    assert found is not None
    assert verdicts([found]) == [Verdict.REFUTED]
    assert found_instead(Expects.LESS, estimate, RULES) == "smaller_than_claimed"


def test_five_blocks_are_too_few_for_a_verdict() -> None:
    times = np.linspace(1, 1.01, 5)
    assert assess(Expects.LESS, 1.05, estimate_of(2 * times, times), RULES) is None


def test_constant_times_are_as_sure_as_can_be() -> None:
    estimate = estimate_of(np.full(10, 2.0), np.full(10, 1.0))
    found = assess(Expects.LESS, 1.05, estimate, RULES)
    assert found is not None
    assert (found.p, verdicts([found])) == (0.0, [Verdict.SUPPORTED])


def test_a_verdict_within_what_twins_differ_by_is_downgraded() -> None:
    estimate = estimate_of(np.full(10, 1.1), np.full(10, 1.0))
    found = assess(Expects.LESS, 1.05, estimate, RULES)
    assert found is not None
    by_floor = [
        decide(found, adjusted_p=0.0, noise_floor=floor, rules=RULES) for floor in (1.04, 1.06)
    ]
    assert by_floor == [Verdict.SUPPORTED, Verdict.INCONCLUSIVE]
    assert found.support.distance == pytest.approx(math.log(1.1 / 1.05))
