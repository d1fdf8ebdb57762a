"""Verdicts: on one ratio, on the cases of a claim together, and on all claims together."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from threads_or_processes.analysis.estimates import Interval
from threads_or_processes.analysis.ratio_estimates import RatioEstimate, blocks_needed
from threads_or_processes.analysis.readings import Rules, read_ratio
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    PUBLISHED_BAND,
    ComparisonResult,
    Expects,
    Finding,
    Verdict,
)


@dataclass(frozen=True, kw_only=True)
class Range:
    """The ratios (baseline / cell) that agree with a claim; `low` may be 0, `high` infinite."""

    low: float
    high: float

    @property
    def is_bounded(self) -> bool:
        """Whether it has two ends."""
        return self.low > 0 and math.isfinite(self.high)

    def holds(self, interval: Interval) -> bool:
        """Whether an interval lies within it."""
        return self.low <= interval.low and interval.high <= self.high

    def excludes(self, interval: Interval) -> bool:
        """Whether an interval lies wholly outside it."""
        return interval.high < self.low or interval.low > self.high

    def depth(self, log_ratio: float) -> float:
        """How far inside it a ratio is, on the log scale; below 0 outside."""
        low = math.log(self.low) if self.low > 0 else -math.inf
        return min(log_ratio - low, math.log(self.high) - log_ratio)


def claimed_range(
    expects: Expects, by: float, published: Sequence[float] | None, rules: Rules
) -> Range:
    """The ratios that agree with a claim about a ratio.

    `equal` is the range around 1 that the margin allows; a published range is widened at both ends
    by `PUBLISHED_BAND`.
    """
    match expects:
        case Expects.LESS:
            return Range(low=by, high=math.inf)
        case Expects.NOT_LESS:
            return Range(low=0, high=by)
        case Expects.EQUAL:
            return Range(low=rules.lower, high=rules.upper)
        case Expects.AS_PUBLISHED:
            assert published is not None
            low, high = published
            return Range(low=low / PUBLISHED_BAND, high=high * PUBLISHED_BAND)
    raise ValueError(f"{expects} is not about a ratio")


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
    """The two possible answers, not yet adjusted for the number of claims."""

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


def assess(claimed: Range, estimate: RatioEstimate, rules: Rules) -> Assessment | None:
    """Assess whether a ratio (baseline / cell) is within a range; None below `FEWEST_BLOCKS`.

    With two ends, support is two one-sided tests at 1 - confidence each (Schuirmann 1987): the
    narrower interval lies within. With one end, it is one test at half of that. Refuted is what
    lies wholly outside, by a two-sided test.
    """
    if estimate.blocks < FEWEST_BLOCKS:
        return None
    not_above_low = estimate.one_sided_p(math.log(claimed.low)) if claimed.low > 0 else 0.0
    not_below_high = (
        1 - estimate.one_sided_p(math.log(claimed.high)) if math.isfinite(claimed.high) else 0.0
    )
    outside = max(not_above_low, not_below_high)
    second = estimate.methods[1]
    depth = claimed.depth(math.log(estimate.ratio))
    is_bounded = claimed.is_bounded
    alpha = 1 - rules.confidence
    return Assessment(
        support=PossibleAnswer(
            p=outside if is_bounded else min(1.0, 2 * outside),
            second_agrees=claimed.holds(second.equivalence if is_bounded else second.interval),
            distance=depth,
        ),
        refutation=PossibleAnswer(
            p=min(1.0, 2 * (1 - outside)),
            second_agrees=claimed.excludes(second.interval),
            distance=-depth,
        ),
        estimate=estimate,
        tail=alpha if is_bounded and depth > 0 else alpha / 2,
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


def found_instead(
    expects: Expects, claimed: Range, estimate: RatioEstimate, rules: Rules
) -> Finding:
    """What the intervals show where a claim about a ratio is refuted."""
    match expects:
        case Expects.EQUAL:
            return Finding.DIFFERENT
        case Expects.NOT_LESS:
            return Finding.AS_MUCH
        case Expects.AS_PUBLISHED:
            return Finding.ABOVE_RANGE if estimate.ratio > claimed.high else Finding.BELOW_RANGE
    return {
        ComparisonResult.SLOWER: Finding.OPPOSITE,
        ComparisonResult.EQUAL: Finding.EQUAL,
    }.get(read_ratio(estimate, rules), Finding.SMALLER)


def exact_p(claimed: Range, estimate: RatioEstimate) -> float | None:
    """Two-sided p by permutation around the claimed ratio; None for a range with two ends."""
    if claimed.is_bounded:
        return None
    return estimate.samples.exact_p(math.log(claimed.low or claimed.high))


def together(cases: Collection[Verdict]) -> Verdict:
    """The verdict on a claim that must hold in every one of its cases.

    One refuted case refutes it; it is supported if all of its cases are that were tested.
    """
    tested = set(cases) - {Verdict.NOT_TESTED}
    if not tested:
        return Verdict.NOT_TESTED
    weakest_first = (
        Verdict.REFUTED,
        Verdict.NOT_COMPARABLE,
        Verdict.INCONCLUSIVE,
        Verdict.NONE_SEEN,
        Verdict.SUPPORTED,
    )
    return next(verdict for verdict in weakest_first if verdict in tested)


def finding_of(cases: Sequence[tuple[Verdict, Finding | None]]) -> Finding | None:
    """What contradicts a claim as a whole, from the verdict and the finding of each case."""
    found = [finding for verdict, finding in cases if verdict is Verdict.REFUTED]
    if not found:
        return None
    if any(verdict is Verdict.SUPPORTED for verdict, _ in cases):
        return Finding.NOT_ALL
    return found[0]
