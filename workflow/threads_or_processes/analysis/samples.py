"""Two cells' trials as samples of log times, and what statistics ask of them.

Typical times of one block share its luck, so they are paired. Quiet times share none, and a busy
machine gives the two cells quiet trials in different blocks: these are two samples.
"""

import itertools
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from threads_or_processes.analysis.beyond_trials import joint_freedom
from threads_or_processes.analysis.estimates import Floats, block_resamples, centre

#: Up to so many patterns (of signs, of labels) all are tried, beyond it a fixed draw of so many.
#: The draws are made once for all ratios: scipy's `permutation_test` takes 10 to 100 times longer.
MOST_PATTERNS = 2**15


@dataclass(frozen=True)
class Samples(ABC):
    """Log times of a baseline and of a cell, shapes (trials,).

    What needs a standard error needs two blocks at least.
    """

    baseline: Floats
    cell: Floats

    #: Names of the two methods.
    t_method: ClassVar[str]
    bootstrap_method: ClassVar[str]

    @property
    def blocks(self) -> int:
        """Trials of the cell that has fewer."""
        return min(self.baseline.size, self.cell.size)

    @property
    @abstractmethod
    def log_mean(self) -> float:
        """Mean log ratio, baseline / cell: that of the two geometric means."""

    @property
    @abstractmethod
    def spread(self) -> float:
        """The standard error times the root of the number of blocks."""

    @property
    @abstractmethod
    def standard_error(self) -> float:
        """Of the mean log ratio."""

    @property
    @abstractmethod
    def freedom(self) -> float:
        """Degrees of freedom of the standard error."""

    @abstractmethod
    def resampled(self) -> Floats:
        """Mean log ratio of each bootstrap resample; shape (resamples,)."""

    @abstractmethod
    def exact_p(self, bound: float) -> float:
        """Two-sided p by permutation, for a log ratio of `bound`."""


@dataclass(frozen=True)
class Paired(Samples):
    """Both cells in the same blocks, in that order; shapes (blocks,)."""

    t_method = "Student t on log block ratios"
    bootstrap_method = "block bootstrap"

    @property
    def log_ratios(self) -> Floats:
        """Block by block; shape (blocks,)."""
        return self.baseline - self.cell

    @property
    def log_mean(self) -> float:
        """Mean of the log block ratios."""
        return float(centre(self.log_ratios))

    @property
    def spread(self) -> float:
        """Standard deviation of the log block ratios."""
        return _deviation(self.log_ratios)

    @property
    def standard_error(self) -> float:
        """Student's (Biometrika 6, 1908)."""
        return self.spread / math.sqrt(self.blocks)

    @property
    def freedom(self) -> float:
        """One less than the blocks."""
        return self.blocks - 1

    def resampled(self) -> Floats:
        """Whole blocks are drawn, so that what the cells of a block share stays shared.

        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
        """
        return _resampled_means(self.log_ratios)

    def exact_p(self, bound: float) -> float:
        """By flipping the signs of the blocks (Fisher, "The Design of Experiments", 1935).

        Exact for symmetric noise, whatever its shape; never below 2 / 2^blocks.
        """
        distances = self.log_ratios - bound
        total = float(distances.sum())
        flipped = np.abs(total - 2 * _sums(_signs(self.blocks), distances))
        return _share_as_far(flipped, abs(total))


@dataclass(frozen=True)
class TwoSamples(Samples):
    """Each cell's trials, whatever their blocks; shapes (trials,) of its own each."""

    t_method = "Welch t on log times"
    bootstrap_method = "bootstrap of each sample"

    @property
    def log_mean(self) -> float:
        """Difference of the mean log times."""
        return float(centre(self.baseline) - centre(self.cell))

    @property
    def spread(self) -> float:
        """As if both cells had as many trials as the one with fewer."""
        return self.standard_error * math.sqrt(self.blocks)

    @property
    def standard_error(self) -> float:
        """Welch's (Biometrika 34, 1947): neither spread nor number need be alike."""
        return math.sqrt(sum(self._variances))

    @property
    def freedom(self) -> float:
        """Welch and Satterthwaite's, between the lesser sample's and both together."""
        of_means = zip(self._variances, (self.baseline.size, self.cell.size), strict=True)
        return joint_freedom([(variance, float(size - 1)) for variance, size in of_means])

    @property
    def _variances(self) -> tuple[float, float]:
        """Squared standard errors of the two means."""
        one, other = (
            _deviation(sample) ** 2 / sample.size for sample in (self.baseline, self.cell)
        )
        return one, other

    def resampled(self) -> Floats:
        """Each sample is drawn by itself (Efron and Tibshirani 1993, chapter 8)."""
        return _resampled_means(self.baseline) - _resampled_means(self.cell, stream=1)

    def exact_p(self, bound: float) -> float:
        """By exchanging the labels of trials (Pitman, J. R. Stat. Soc. Suppl. 4, 1937)."""
        pooled = np.concatenate([self.baseline - bound, self.cell])
        pooled -= pooled.mean()
        first = _sums(_labels(self.baseline.size, self.cell.size), pooled)
        differences = first / self.baseline.size - (pooled.sum() - first) / self.cell.size
        return _share_as_far(np.abs(differences), abs(self.log_mean - bound))


def _resampled_means(values: Floats, *, stream: int = 0) -> Floats:
    """The mean of each bootstrap resample, shape (resamples,); exact for constants."""
    drawn = (values - values[0])[block_resamples(values.size, stream=stream)]
    means: Floats = values[0] + drawn.mean(axis=-1)
    return means


def _deviation(values: Floats) -> float:
    """Sample standard deviation, exactly zero for constants."""
    return float((values - values[0]).std(ddof=1))


def _share_as_far(permuted: Floats, seen: float) -> float:
    """The share of patterns that are as far out as what was seen, rounding aside."""
    return float(np.mean(permuted >= seen * (1 - 1e-9)))


#: Which values each pattern has, a bit for each: shape (values / 8, patterns).
Patterns = NDArray[np.uint8]
#: The bits of every byte, shape (256, 8).
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
#: A draw of many patterns is made in so many, to save memory.
_PIECES = 10


def _packed(patterns: NDArray[np.bool_]) -> Patterns:
    return np.ascontiguousarray(np.packbits(patterns, axis=1, bitorder="little").T)


def _sums(patterns: Patterns, values: Floats) -> Floats:
    """The sum of the values of each pattern: looked up for eight at a time, added by eights."""
    padded = np.zeros(8 * len(patterns))
    padded[: values.size] = values
    of_bytes = padded.reshape(-1, 8) @ _BITS.T.astype(np.float64)
    sums = np.zeros(patterns.shape[1])
    for of_byte, bits in zip(of_bytes, patterns, strict=True):
        sums += of_byte[bits]
    return sums


@cache
def _signs(blocks: int) -> Patterns:
    """Which blocks change their sign: all ways, or none and a fixed draw."""
    if 2**blocks <= MOST_PATTERNS:
        ways: NDArray[np.int64] = np.arange(2**blocks)[:, None] >> np.arange(blocks)
        return _packed((ways & 1).astype(bool))
    rng = np.random.default_rng(blocks)
    drawn = np.zeros((MOST_PATTERNS, blocks), dtype=bool)
    for some in np.array_split(drawn, _PIECES):  # the draws are integers of eight bytes
        some[:] = rng.integers(0, 2, size=some.shape)
    drawn[0] = False
    return _packed(drawn)


@cache
def _labels(first: int, second: int) -> Patterns:
    """Which trials are the baseline's: all ways, or a fixed draw."""
    trials = first + second
    if math.comb(trials, first) <= MOST_PATTERNS:
        labels = np.zeros((math.comb(trials, first), trials), dtype=bool)
        for row, chosen in enumerate(itertools.combinations(range(trials), first)):
            labels[row, list(chosen)] = True
        return _packed(labels)
    seen = np.repeat([True, False], [first, second])
    drawn = np.random.default_rng((first, second)).permuted(
        np.tile(seen, (MOST_PATTERNS, 1)), axis=1
    )
    drawn[0] = seen
    return _packed(drawn)
