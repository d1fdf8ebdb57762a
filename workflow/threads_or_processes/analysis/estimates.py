"""Estimates with their intervals: arrays in, a small frozen result out.

The unit is always the trial (or the block, for ratios), never the repetition: repetitions of one
process share its luck, so pooling them gives intervals that are far too narrow (Kalibera and Jones,
"Rigorous benchmarking in reasonable time", ISMM 2013).
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from threads_or_processes.records.tables.groups import (
    NO_INTERVALS,
    NO_NUMBER,
    Bounded,
    Intervals,
)

Floats = NDArray[np.float64]

ORDER_STATISTICS = "order statistics"

RESAMPLES = 2000
#: Draws that are kept: cells of many blocks have many numbers of quiet trials.
KEPT_RESAMPLES = 64
SEED = 703


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A confidence interval; `level` is what it attains, `method` how it was made."""

    low: float
    high: float
    level: float
    method: str


def t_bounds(values: Floats, level: float) -> tuple[Floats, Floats]:
    """Student's interval of the mean along the last axis; shape (..., k) to two of (...), k >= 2.

    mean -+ t(k - 1) * sd / sqrt(k) (Student, "The probable error of a mean", Biometrika 6, 1908).
    Simulated on log block ratios of disturbed trials, it holds its level when both cells are
    disturbed alike, also in skewed and two-valued ways. The worst found is 82 % for 95 % at five
    blocks, with one cell quiet and the other two-valued (93 % at twenty); a percentile bootstrap
    of the mean does worse at every one of these sizes.
    """
    blocks = values.shape[-1]
    middle = centre(values)
    spread = (values - values[..., :1]).std(axis=-1, ddof=1)
    half_width = stats.t.ppf((1 + level) / 2, blocks - 1) * spread / math.sqrt(blocks)
    return middle - half_width, middle + half_width


def centre(values: Floats) -> Floats:
    """Mean along the last axis, taken from the first value so that constants stay exact.

    scipy's `gmean`, `variation` and t tests give constants a spread of rounding errors; the t tests
    also keep their standard error, which the number of blocks needed rests on, to themselves.
    """
    middle: Floats = values[..., 0] + (values - values[..., :1]).mean(axis=-1)
    return middle


def geometric_mean(values: Floats) -> float:
    """Geometric mean of positive numbers, shape (k,); exact to rounding for constants."""
    return float(np.exp(centre(np.log(values))))


def estimate_median(values: Floats, *, confidence: float) -> Interval | None:
    """Distribution-free interval of the median of shape (k,) values; None below two."""
    if values.size < 2:
        return None
    low, high = median_bounds(values, confidence)
    _, level = median_rank(values.size, confidence)
    return Interval(low=float(low), high=float(high), level=level, method=ORDER_STATISTICS)


def bounded(value: float, interval: Interval | None) -> tuple[Bounded, Intervals]:
    """A number with its interval, where it has one, and how that was made."""
    if interval is None:
        return Bounded(value=value), NO_INTERVALS
    return (
        Bounded(value=value, low=interval.low, high=interval.high),
        Intervals(ci_level=interval.level, ci_method=interval.method),
    )


def bounded_median(values: Floats, confidence: float) -> tuple[Bounded, Intervals]:
    """The median of shape (k,) values with its interval, as far as so many values have one."""
    if not values.size:
        return NO_NUMBER, NO_INTERVALS
    return bounded(float(np.median(values)), estimate_median(values, confidence=confidence))


def median_bounds(values: Floats, confidence: float) -> tuple[Floats, Floats]:
    """The two order statistics around the median along the last axis; (..., k) to two of (...)."""
    rank, _ = median_rank(values.shape[-1], confidence)
    ordered = np.sort(values, axis=-1)
    return ordered[..., rank - 1], ordered[..., -rank]


@cache
def median_rank(trials: int, confidence: float) -> tuple[int, float]:
    """Rank r of the narrowest symmetric pair (r-th least, r-th greatest), and its exact level.

    The pair covers the median with probability 1 - 2 P(B < r), B binomial(trials, 1/2), whatever
    the distribution (Thompson, "On confidence ranges for the median", Ann. Math. Statist. 7, 1936).
    Where no pair reaches `confidence`, the outermost is taken: 75 % for three trials. There
    scipy's `quantile_test` has no interval, and it never says the level that is attained.
    """
    levels = median_levels(trials)
    rank = max(sum(level >= confidence for level in levels), 1)
    return rank, levels[rank - 1]


@cache
def median_levels(trials: int) -> Sequence[float]:
    """How often the r-th least and greatest of so many trials enclose the median, for r from 1."""
    orders = 1 << trials
    ways = (math.comb(trials, below) for below in range(trials // 2))
    return [(orders - 2 * outside) / orders for outside in itertools.accumulate(ways)]


def coefficient_of_variation(values: Floats) -> float | None:
    """Sample standard deviation over mean, shape (k,); None below two values."""
    return None if values.size < 2 else float(coefficients_of_variation(values))


def coefficients_of_variation(values: Floats) -> Floats:
    """The same along the last axis, for many at once; shape (..., k) to (...), k >= 2."""
    of_each: Floats = (values - values[..., :1]).std(axis=-1, ddof=1) / centre(values)
    return of_each


def by_length(arrays: Sequence[Floats]) -> Iterator[tuple[list[int], Floats]]:
    """Arrays of one length together: their places, and themselves in shape (arrays, length).

    What is computed along the last axis has the same bits as for each by itself, and takes a
    hundredth of the time.
    """
    places: dict[int, list[int]] = {}
    for place, one in enumerate(arrays):
        places.setdefault(one.size, []).append(place)
    for of_length in places.values():
        yield of_length, np.stack([arrays[place] for place in of_length])


@lru_cache(KEPT_RESAMPLES)
def block_resamples(blocks: int, *, stream: int = 0) -> NDArray[np.unsignedinteger]:
    """Indices of blocks, drawn with replacement; shape (RESAMPLES, blocks). Read-only.

    Of the smallest type, for they are kept.

    The draw depends on nothing but their number, so neither the order of cells nor how many there
    are plays a part. (scipy's `bootstrap` draws for each call.) Another `stream` is another draw,
    for what must be drawn independently.
    """
    rng = np.random.default_rng((SEED, blocks, stream))
    drawn = rng.integers(blocks, size=(RESAMPLES, blocks)).astype(np.min_scalar_type(blocks))
    drawn.flags.writeable = False
    return drawn


def expanded_tail(freedom: float, blocks: int, level: float) -> float:
    """The share of resamples to leave out at each end, so that few blocks get their due width.

    A plain percentile interval of few blocks is too narrow: the variance of resamples is too small
    by (blocks - 1) / blocks, and their quantiles are not those of a t distribution. Leaving out
    Phi(-sqrt(k / (k - 1)) t(k - 1)) gives Student's interval where that is right: 0.9 % at ten
    blocks in place of 2.5 % (Hesterberg, "What teachers should know about the bootstrap", The
    American Statistician 69, 2015).
    """
    quantile = float(stats.t.ppf((1 + level) / 2, freedom))
    return float(stats.norm.cdf(-math.sqrt(blocks / (blocks - 1)) * quantile))
