"""The ratio of two cells by two methods, and how sure it is.

No method is best on all noise (`docs/statistics.md` has the simulations), so a verdict needs two: a
t interval of the mean log ratio, and a bootstrap of the ratio of medians.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from threads_or_processes.analysis.estimates import Interval
from threads_or_processes.analysis.samples import Samples, t_sf

#: A campaign of more blocks than this is not what anyone will run to settle a question.
MOST_BLOCKS_ESTIMATED = 200
POWER = 0.8


@dataclass(frozen=True, kw_only=True)
class MethodIntervals:
    """One method's intervals of a ratio.

    `interval` has the nominal level; `equivalence` is the narrower one whose place inside the
    margin is the two one-sided tests: level 2 * nominal - 1, 90 % for 95 % (Schuirmann, "A
    comparison of the two one-sided tests procedure and the power approach", J. Pharmacokinet.
    Biopharm. 15, 1987).
    """

    interval: Interval
    equivalence: Interval


@dataclass(frozen=True, kw_only=True)
class RatioEstimate:
    """How many times faster a cell is than its baseline; `methods` is empty below two blocks."""

    ratio: float
    samples: Samples
    methods: tuple[MethodIntervals, ...]

    @property
    def interval(self) -> Interval | None:
        """The interval of `ratio`."""
        return self.methods[0].interval if self.methods else None

    @property
    def ratio_of_medians(self) -> float:
        """What the second method's intervals are about, where `ratio` is the first one's."""
        return math.exp(self.samples.log_median_ratio)

    @property
    def blocks(self) -> int:
        """Blocks that it rests on: the trials of the cell that has fewer."""
        return self.samples.blocks


def estimate_ratio(samples: Samples, *, confidence: float) -> RatioEstimate:
    """Ratio of the two geometric means, baseline / cell; one block at least."""
    assert samples.blocks > 0
    methods = (_by_t, _by_bootstrap) if samples.blocks > 1 else ()
    return RatioEstimate(
        ratio=math.exp(samples.log_mean),
        samples=samples,
        methods=tuple(method(samples, confidence) for method in methods),
    )


def t_interval(samples: Samples, level: float) -> Interval:
    """The interval of the ratio of the geometric means; two blocks at least."""
    half = float(stats.t.ppf((1 + level) / 2, samples.freedom)) * samples.standard_error
    return Interval(
        low=math.exp(samples.log_mean - half),
        high=math.exp(samples.log_mean + half),
        level=level,
        method=samples.t_method,
    )


def _by_t(samples: Samples, confidence: float) -> MethodIntervals:
    return MethodIntervals(
        interval=t_interval(samples, confidence),
        equivalence=t_interval(samples, 2 * confidence - 1),
    )


def _by_bootstrap(samples: Samples, confidence: float) -> MethodIntervals:
    resampled = samples.resampled()

    def interval(level: float) -> Interval:
        low, high = np.exp(np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2]))
        return Interval(
            low=float(low), high=float(high), level=level, method=samples.bootstrap_method
        )

    return MethodIntervals(interval=interval(confidence), equivalence=interval(2 * confidence - 1))


def one_sided_p(samples: Samples, bound: float) -> float:
    """The p of the t test for "the mean log ratio is at most `bound`"; two blocks at least.

    The p for "at least" is 1 minus this. Constants have no spread: 0 above the bound, 1 below it,
    1/2 at it.
    """
    return t_sf(samples.log_mean - bound, samples)


def blocks_needed(samples: Samples, *, distance: float, tail: float) -> int | None:
    """Blocks for which an interval's bound would clear something `distance` away, 4 times in 5.

    Noise as seen: the least k with (t(k - 1, 1 - tail) + t(k - 1, 0.8)) * spread / sqrt(k) <=
    distance (`tail` is 0.025 for a 95 % interval). None beyond `MOST_BLOCKS_ESTIMATED`, below two
    blocks and at no distance.
    """
    if samples.blocks < 2 or distance <= 0:
        return None
    spread = samples.spread

    def lacks(blocks: float) -> float:
        quantiles = sum(float(stats.t.ppf(share, blocks - 1)) for share in (1 - tail, POWER))
        return quantiles * spread / math.sqrt(blocks) - distance

    if lacks(2) <= 0:
        return 2
    if lacks(MOST_BLOCKS_ESTIMATED) > 0:
        return None
    return math.ceil(optimize.brentq(lacks, 2, MOST_BLOCKS_ESTIMATED))
