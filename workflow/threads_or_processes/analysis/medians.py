"""Intervals of a median at the level asked for, of trials and of pairs of trials.

A test of a median counts how many values lie on one side, so it needs no distribution. Batches of
processes have a slow mode that some trials meet and others don't; where one trial in five does,
Student's interval of a mean over eight blocks holds it 74 to 81 % of the time, these 94 to 96 %.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from threads_or_processes.analysis.estimates import Floats, median_levels


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """Which of the ordered values are the ends of a median's interval.

    The lower end is the value of the `rank`-th least, or `share` of the way from it to the next;
    the upper end likewise from the greatest. `level` is what the interval attains.
    """

    rank: int
    share: float
    level: float
    method: str

    def bounds(self, values: Floats) -> tuple[Floats, Floats]:
        """Both ends, along the last axis; shape (..., k) to two of (...)."""
        ordered = np.sort(values, axis=-1)
        return self._end(ordered), self._end(ordered[..., ::-1])

    def _end(self, ordered: Floats) -> Floats:
        at: Floats = ordered[..., self.rank - 1]
        return at + self.share * (ordered[..., self.rank] - at) if self.share else at


@cache
def of_trials(trials: int, level: float) -> Ranks:
    """Two trials or more, each with a value.

    Between the two pairs of order statistics whose levels enclose the one asked for (Hettmansperger
    and Sheather, "Confidence intervals based on interpolated order statistics", Statistics and
    Probability Letters 4, 1986). What it attains lies between those two for any distribution, 93.0
    and 99.2 % for eight trials. Fewer than six have no pair that reaches 95 %; theirs are the
    outermost.
    """
    levels = median_levels(trials)
    rank = max(sum(one >= level for one in levels), 1)
    method = "interpolated order statistics"
    if levels[0] < level or rank == len(levels):
        return Ranks(rank=rank, share=0.0, level=levels[rank - 1], method=method)
    way = (levels[rank - 1] - level) / (levels[rank - 1] - levels[rank])
    share = (trials - rank) * way / (rank + (trials - 2 * rank) * way)
    return Ranks(rank=rank, share=share, level=level, method=method)


@cache
def of_pairs(first: int, second: int, level: float) -> Ranks:
    """Every trial of one sample with every one of another, a value for each such pair.

    The count of pairs on one side is Mann and Whitney's statistic ("On a test of whether one of two
    random variables is stochastically larger than the other", Ann. Math. Statist. 18, 1947); its
    distribution is exact where the two differ in nothing but their place.
    """
    below = np.cumsum(_orders(first, second)) / math.comb(first + second, first)
    rank = max(int(np.searchsorted(below, (1 - level) / 2, side="right")), 1)
    return Ranks(
        rank=rank,
        share=0.0,
        level=float(1 - 2 * below[rank - 1]),
        method="order statistics of pairs (Mann and Whitney)",
    )


def _orders(first: int, second: int) -> Floats:
    """In how many orders of two samples 0, 1, ... pairs lie on one side; first * second + 1.

    By the greatest of all values: of the first sample, it exceeds the whole second one.
    """
    ways = [[np.ones(1) for _ in range(second + 1)]]
    for n in range(1, first + 1):
        ways.append([np.ones(1)])
        for m in range(1, second + 1):
            counts = np.zeros(n * m + 1)
            counts[m:] += ways[n - 1][m]
            counts[: n * (m - 1) + 1] += ways[n][m - 1]
            ways[n].append(counts)
    return ways[first][second]
