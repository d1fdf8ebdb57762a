"""The ratio of two cells by two methods, and how sure it is.

Both are about one thing, the ratio of the geometric means of the trials, and the interval encloses
those of both: Student's t suits symmetric noise, a bootstrap follows skewed noise
(`docs/statistics.md` has the simulations).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from scipy import optimize, stats

from threads_or_processes.analysis.beyond_trials import Beyond, joint_freedom
from threads_or_processes.analysis.estimates import (
    SEED,
    Floats,
    Interval,
    block_resamples,
    expanded_tail,
)
from threads_or_processes.analysis.samples import Samples

#: A campaign of more blocks than this is not what anyone will run to settle a question.
MOST_BLOCKS_ESTIMATED = 200
POWER = 0.8
#: Chosen by simulated coverage at 6, 8 and 10 blocks.
BIASES_ALLOWED = 2.0


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
    beyond: Beyond
    methods: tuple[MethodIntervals, ...]

    @property
    def interval(self) -> Interval | None:
        """The interval of `ratio`: from the lowest to the highest end of all methods."""
        return enclosing([method.interval for method in self.methods])

    @property
    def equivalence(self) -> Interval | None:
        """The same of the intervals for equivalence."""
        return enclosing([method.equivalence for method in self.methods])

    @property
    def blocks(self) -> int:
        """Blocks that it rests on: the trials of the cell that has fewer."""
        return self.samples.blocks

    def one_sided_p(self, bound: float) -> float:
        """The p of the t test for "the log ratio is at most `bound`"; two blocks at least.

        The p for "at least" is 1 minus this. What has no spread at all has 0 above the bound, 1
        below it, 1/2 at it.
        """
        distance = self.samples.log_mean - bound
        error, freedom = _error(self.samples, self.beyond)
        if error == 0:
            return 0.5 - 0.5 * float(np.sign(distance))
        return float(stats.t.sf(distance / error, freedom))


def enclosing(intervals: Sequence[Interval]) -> Interval | None:
    """The interval from the lowest end to the highest; None of none."""
    if not intervals:
        return None
    return Interval(
        low=min(one.low for one in intervals),
        high=max(one.high for one in intervals),
        level=intervals[0].level,
        method=" and ".join(one.method for one in intervals),
    )


def estimate_ratio(samples: Samples, *, confidence: float, beyond: Beyond) -> RatioEstimate:
    """Ratio of the two geometric means, baseline / cell; one block at least.

    `beyond` is the variance of the log ratio that the trials don't show.
    """
    assert samples.blocks > 0
    resampled = samples.resampled() if samples.blocks > 1 else np.empty(0)
    methods = (t_interval, partial(_bootstrap_interval, resampled)) if samples.blocks > 1 else ()
    return RatioEstimate(
        ratio=math.exp(samples.log_mean),
        samples=samples,
        beyond=beyond,
        methods=tuple(
            MethodIntervals(
                interval=interval(samples, beyond, confidence),
                equivalence=interval(samples, beyond, 2 * confidence - 1),
            )
            for interval in methods
        ),
    )


def t_interval(samples: Samples, beyond: Beyond, level: float) -> Interval:
    """The interval of the ratio of the geometric means; two blocks at least."""
    error, freedom = _error(samples, beyond)
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    return Interval(
        low=math.exp(samples.log_mean - half),
        high=math.exp(samples.log_mean + half),
        level=level,
        method=samples.t_method,
    )


def _error(samples: Samples, beyond: Beyond) -> tuple[float, float]:
    """Standard error of the mean log ratio, all in all, and its degrees of freedom."""
    parts = [(samples.standard_error**2, samples.freedom), (beyond.variance, beyond.freedom)]
    return math.sqrt(sum(variance for variance, _ in parts)), joint_freedom(parts)


def _bootstrap_interval(
    resampled: Floats, samples: Samples, beyond: Beyond, level: float
) -> Interval:
    """Percentiles further out than the level says, as few blocks need them (`expanded_tail`).

    What lies beyond the trials adds to
    each side as squares add (Zou and Donner, Statistics in Medicine 27, 2008).
    """
    outside = expanded_tail(samples.freedom, samples.blocks, level)
    middle = samples.log_mean
    low, high = np.quantile(resampled, [outside, 1 - outside])
    more = float(stats.t.ppf((1 + level) / 2, beyond.freedom)) * math.sqrt(beyond.variance)
    return Interval(
        low=math.exp(middle - math.hypot(max(middle - low, 0.0), more)),
        high=math.exp(middle + math.hypot(max(high - middle, 0.0), more)),
        level=level,
        method=samples.bootstrap_method,
    )


def best_against_best(
    pair: RatioEstimate,
    own: Sequence[Mapping[int, float]],
    baselines: Sequence[Mapping[int, float]],
    *,
    confidence: float,
) -> RatioEstimate:
    """The estimate of the fastest cells of two groups, whose interval allows for the choice.

    `pair` is the estimate of the two that are fastest; `own` and `baselines` are the times of all
    cells, by block. The fastest of several looks faster than it is. So the end of the interval that
    this flatters moves outward, by `BIASES_ALLOWED` times what choosing again in each bootstrap
    resample makes of it; near ties one such bias is known to be too little. The squared standard
    error is the mean of that of the pair, which is too large where several are alike, and that of
    the resampled choices, which is too small. docs/statistics.md has the simulated coverage.
    """
    if not pair.methods or len(own) == len(baselines) == 1:
        return pair
    spread = math.sqrt(pair.beyond.variance / 2)
    chosen, flattery = _fastest(own, spread, stream=0)
    chosen_baseline, flattery_of_baseline = _fastest(baselines, spread, stream=1)
    of_pair, freedom = _error(pair.samples, pair.beyond)
    of_choices = np.var(chosen_baseline - chosen) * pair.blocks / (pair.blocks - 1)
    error = math.sqrt((of_pair**2 + of_choices) / 2)
    net = BIASES_ALLOWED * (flattery - flattery_of_baseline)

    def interval(level: float) -> Interval:
        half = float(stats.t.ppf((1 + level) / 2, freedom)) * error
        return Interval(
            low=math.exp(pair.samples.log_mean - half - max(net, 0.0)),
            high=math.exp(pair.samples.log_mean + half + max(-net, 0.0)),
            level=level,
            method=f"{pair.samples.t_method}, chosen again in bootstrap resamples",
        )

    allowing = MethodIntervals(
        interval=interval(confidence), equivalence=interval(2 * confidence - 1)
    )
    return replace(pair, methods=(allowing,))


def _fastest(
    cells: Sequence[Mapping[int, float]], spread: float, *, stream: int
) -> tuple[Floats, float]:
    """The least mean log time of these cells in each resample of blocks; shape (resamples,).

    And by how much that is less, on average, than the least as measured. Each cell's mean also
    varies by what its trials don't show, normal with standard deviation `spread`. A cell that has
    no trial in any block of a resample takes no part in it.
    """
    blocks = sorted(set[int]().union(*cells))
    logs = np.array([[math.log(c[b]) if b in c else math.nan for b in blocks] for c in cells])
    known = ~np.isnan(logs)
    drawn = _times_drawn(len(blocks))
    trials = known @ drawn
    means = np.full(trials.shape, math.inf)
    np.divide(np.where(known, logs, 0.0) @ drawn, trials, out=means, where=trials > 0)
    unseen = np.random.default_rng((SEED, len(cells), stream)).standard_normal(trials.shape)
    least: Floats = (means + spread * unseen).min(axis=0)
    return least, float(np.nanmean(logs, axis=1).min() - least.mean())


@cache
def _times_drawn(blocks: int) -> Floats:
    """How often each resample has each block; shape (blocks, resamples)."""
    drawn = block_resamples(blocks)
    counts = np.bincount(
        (drawn + np.arange(len(drawn))[:, None] * blocks).ravel(), minlength=len(drawn) * blocks
    )
    return counts.reshape(-1, blocks).T.astype(np.float64, order="C")


def blocks_needed(estimate: RatioEstimate, *, distance: float, tail: float) -> int | None:
    """Blocks for which an interval's bound would clear something `distance` away, 4 times in 5.

    Noise as seen: the least k with (t(k - 1, 1 - tail) + t(k - 1, 0.8)) * error(k) <= distance,
    error(k)^2 = spread^2 / k + what the trials don't show (`tail` is 0.025 for a 95 % interval).
    None beyond `MOST_BLOCKS_ESTIMATED`, below two blocks and at no distance.
    """
    samples = estimate.samples
    if samples.blocks < 2 or distance <= 0:
        return None

    def lacks(blocks: float) -> float:
        quantiles = sum(float(stats.t.ppf(share, blocks - 1)) for share in (1 - tail, POWER))
        error = math.sqrt(samples.spread**2 / blocks + estimate.beyond.variance)
        return quantiles * error - distance

    if lacks(2) <= 0:
        return 2
    if lacks(MOST_BLOCKS_ESTIMATED) > 0:
        return None
    return math.ceil(optimize.brentq(lacks, 2, MOST_BLOCKS_ESTIMATED))
