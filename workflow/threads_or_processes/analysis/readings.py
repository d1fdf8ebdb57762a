"""A ratio in one word, by rules stated before the measurement."""

import math
from dataclasses import dataclass, field

from threads_or_processes.analysis.beyond_trials import BeyondTrials
from threads_or_processes.analysis.estimates import Interval
from threads_or_processes.analysis.ratio_estimates import RatioEstimate
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, ComparisonResult

#: What shows that a cell is faster than its baseline, by more than the margin or by less.
FASTER = frozenset({ComparisonResult.FASTER, ComparisonResult.FASTER_SOMEWHAT})

#: What shows that a cell is not faster than its baseline by the margin.
NO_FASTER = frozenset(
    {
        ComparisonResult.SLOWER,
        ComparisonResult.SLOWER_SOMEWHAT,
        ComparisonResult.EQUAL,
        ComparisonResult.NO_SPEEDUP,
    }
)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """By what a ratio is read.

    `margin` (0.05: 1/1.05 to 1.05 counts as equal), nominal level, and the variance between two
    measurements of one cell that its trials don't show.
    """

    margin: float
    confidence: float
    beyond_trials: BeyondTrials = field(default_factory=BeyondTrials)

    @property
    def upper(self) -> float:
        """The greatest ratio that counts as equal."""
        return 1 + self.margin

    @property
    def lower(self) -> float:
        """The least ratio that counts as equal."""
        return 1 / (1 + self.margin)

    def encloses(self, interval: Interval) -> bool:
        """Whether an interval is within the margin."""
        return self.lower <= interval.low and interval.high <= self.upper

    @property
    def log_margin(self) -> float:
        """The margin on the log scale, on which it is the same in both directions."""
        return math.log1p(self.margin)


def read_ratio(estimate: RatioEstimate, rules: Rules) -> ComparisonResult:
    """Judge a ratio by its interval, which encloses those of both methods.

    Faster, slower and what is faster or slower, perhaps slightly, are two-sided, at half of
    1 - confidence each. "Not by the margin" in a direction is one-sided, by the interval for
    equivalence; equal is both directions at once (Schuirmann's two one-sided tests). Fewer than
    `FEWEST_BLOCKS` are inconclusive.
    """
    interval, equivalence = estimate.interval, estimate.equivalence
    if estimate.blocks < FEWEST_BLOCKS or interval is None or equivalence is None:
        return ComparisonResult.INCONCLUSIVE
    results = {
        ComparisonResult.FASTER: interval.low > rules.upper,
        ComparisonResult.SLOWER: interval.high < rules.lower,
        ComparisonResult.EQUAL: rules.encloses(equivalence),
        ComparisonResult.FASTER_SOMEWHAT: interval.low > 1,
        ComparisonResult.SLOWER_SOMEWHAT: interval.high < 1,
        ComparisonResult.NO_SPEEDUP: equivalence.high <= rules.upper,
        ComparisonResult.NO_SLOWDOWN: equivalence.low >= rules.lower,
    }
    return next((one for one, holds in results.items() if holds), ComparisonResult.INCONCLUSIVE)
