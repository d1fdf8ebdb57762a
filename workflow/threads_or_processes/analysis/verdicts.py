"""The verdict on one claim about a ratio, and what holds for several claims together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from threads_or_processes.analysis.ratio_estimates import RatioEstimate, blocks_needed
from threads_or_processes.analysis.readings import Rules, read_ratio
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    ComparisonResult,
    Expects,
    Finding,
    Verdict,
)


@dataclass(frozen=True, kw_only=True)
class PossibleAnswer:
    """One of the two answers: Student's p for it, and whether the second method agrees.

    `p` is what is compared with 1 - confidence; `distance` how far, on the log scale, the ratio is
    on this side of what decides.
    """

    p: float
    second_agrees: bool
    distance: float


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """A claim's two possible answers, before other claims are thought of."""

    support: PossibleAnswer
    refutation: PossibleAnswer
    estimate: RatioEstimate
    tail: float

    def blocks_needed(self, *, claims_weigh: float) -> int | None:
        """Blocks that would probably do if the noise stays as it is.

        `claims_weigh` is how many times the p is multiplied for the number of claims.
        """
        distance = abs(self.support.distance)
        return blocks_needed(self.estimate, distance=distance, tail=self.tail / claims_weigh)

    @property
    def p(self) -> float:
        """Of the likelier answer; the other's is far from deciding anything."""
        return min(self.support.p, self.refutation.p)


def assess(expects: Expects, by: float, estimate: RatioEstimate, rules: Rules) -> Assessment | None:
    """Assess a claim about a ratio (baseline / cell); None below `FEWEST_BLOCKS`.

    `less`: the ratio is above `by`. Supported when the interval is above, refuted when below: two
    one-sided tests, each at half of 1 - confidence. `not_less` is the other way round. `equal`:
    supported by the two one-sided tests for equivalence, refuted when the interval is beyond the
    margin.
    """
    if estimate.blocks < FEWEST_BLOCKS:
        return None
    if expects is Expects.EQUAL:
        return _assess_equal(estimate, rules)
    bound, middle = math.log(by), math.log(estimate.ratio)
    above = estimate.one_sided_p(bound)
    second = estimate.methods[1].interval
    less = PossibleAnswer(
        p=min(1.0, 2 * above), second_agrees=second.low > by, distance=middle - bound
    )
    more = PossibleAnswer(
        p=min(1.0, 2 * (1 - above)), second_agrees=second.high < by, distance=-less.distance
    )
    is_less = expects is Expects.LESS
    return Assessment(
        support=less if is_less else more,
        refutation=more if is_less else less,
        estimate=estimate,
        tail=(1 - rules.confidence) / 2,
    )


def _assess_equal(estimate: RatioEstimate, rules: Rules) -> Assessment:
    margin, middle = rules.log_margin, abs(math.log(estimate.ratio))
    second = estimate.methods[1]
    above = estimate.one_sided_p(margin)
    below = 1 - estimate.one_sided_p(-margin)
    return Assessment(
        support=PossibleAnswer(
            p=max(1 - above, 1 - below),
            second_agrees=rules.encloses(second.equivalence),
            distance=margin - middle,
        ),
        refutation=PossibleAnswer(
            p=min(1.0, 2 * min(above, below)),
            second_agrees=second.interval.low > rules.upper or second.interval.high < rules.lower,
            distance=middle - margin,
        ),
        estimate=estimate,
        tail=1 - rules.confidence if middle < margin else (1 - rules.confidence) / 2,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that all verdicts together err as rarely as one would; same order.

    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6, 1979.
    """
    # statsmodels' multipletests collects garbage in each call (0.15 s), too slow to simulate with.
    order = np.argsort(p_values, kind="stable")
    multiplied = np.arange(len(p_values), 0, -1) * np.asarray(p_values, dtype=np.float64)[order]
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, multiplied))
    return [float(p) for p in adjusted]


def decide(assessment: Assessment, *, adjusted_p: float, rules: Rules) -> Verdict:
    """The verdict: by the adjusted p and the second method, both."""
    likelier, verdict = (
        (assessment.support, Verdict.SUPPORTED)
        if assessment.support.p <= assessment.refutation.p
        else (assessment.refutation, Verdict.REFUTED)
    )
    is_sure = adjusted_p <= 1 - rules.confidence and likelier.second_agrees
    return verdict if is_sure else Verdict.INCONCLUSIVE


def found_instead(expects: Expects, estimate: RatioEstimate, rules: Rules) -> Finding:
    """What the intervals show where a claim about a ratio is refuted."""
    if expects is Expects.EQUAL:
        return Finding.DIFFERENT
    if expects is Expects.NOT_LESS:
        return Finding.AS_MUCH
    return {
        ComparisonResult.SLOWER: Finding.OPPOSITE,
        ComparisonResult.EQUAL: Finding.EQUAL,
    }.get(read_ratio(estimate, rules), Finding.SMALLER)


def exact_p(expects: Expects, by: float, estimate: RatioEstimate) -> float | None:
    """Two-sided p by permutation around the claimed ratio; None for a claim of equality."""
    if expects is Expects.EQUAL:
        return None
    return estimate.samples.exact_p(math.log(by))
