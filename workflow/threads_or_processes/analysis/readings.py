"""A ratio in one word, by rules stated before the measurement."""

import math
from dataclasses import dataclass

from threads_or_processes.analysis.estimates import Interval
from threads_or_processes.analysis.ratio_estimates import RatioEstimate
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, ComparisonResult


@dataclass(frozen=True, kw_only=True)
class NoiseFloor:
    """The ratio by which two measurements of one cell differ; 1.0 where that was not measured."""

    serial: float = 1.0
    parallel: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Rules:
    """By what a ratio is read: margin (0.05: 1/1.05 to 1.05 counts as equal) and nominal level."""

    margin: float
    confidence: float
    noise_floor: NoiseFloor = NoiseFloor()

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


def read_ratio(estimate: RatioEstimate, rules: Rules, *, noise_floor: float) -> ComparisonResult:
    """Judge a ratio; both methods must say the same.

    Faster or slower needs the whole interval beyond the margin, equal the whole equivalence
    interval within it, and the ratio must be further from the margin's end than two measurements of
    the same cell are from each other (`noise_floor`, a ratio). Everything else, and anything from
    fewer than `FEWEST_BLOCKS`, is unresolved.
    """
    if estimate.blocks < FEWEST_BLOCKS:
        return ComparisonResult.UNRESOLVED
    upper, lower = rules.upper, rules.lower
    if estimate.ratio > upper * noise_floor and all(
        method.interval.low > upper for method in estimate.methods
    ):
        return ComparisonResult.FASTER
    if estimate.ratio * noise_floor < lower and all(
        method.interval.high < lower for method in estimate.methods
    ):
        return ComparisonResult.SLOWER
    if lower * noise_floor <= estimate.ratio <= upper / noise_floor and all(
        rules.encloses(method.equivalence) for method in estimate.methods
    ):
        return ComparisonResult.EQUAL
    return ComparisonResult.UNRESOLVED
