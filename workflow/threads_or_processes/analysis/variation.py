"""Where the variation of times comes from: trials, repetitions, blocks, order. Arrays in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from threads_or_processes.analysis.estimates import Floats, by_length, centre

#: Tukey's fences, in interquartile ranges beyond the quartiles.
MILD_RANGES = 1.5
SEVERE_RANGES = 3.0


@dataclass(frozen=True, kw_only=True)
class Nesting:
    """Repetitions within trials: whose the variation of log times is.

    `icc_ratio` is the intraclass correlation, the share of the variance that lies between trials;
    `effective_repetitions` how many independent ones all of them are worth.
    """

    repetitions: int
    icc_ratio: float
    effective_repetitions: float


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Log times of cells (rows) in blocks (columns), taken apart.

    `block_effects`, of shape (blocks,), is what a block adds to every cell, `residuals`, of shape
    (cells, blocks), what is left. `block_share_ratio` is the blocks' share of the variance within
    cells: as much of the variance of a ratio is taken away by pairing. `residual_sd` is the
    standard deviation of what is left, about a ratio.
    """

    block_effects: Floats
    residuals: Floats
    block_share_ratio: float
    residual_sd: float


def nesting(repetitions: Sequence[Floats]) -> Nesting | None:
    """Variance between and within trials, from each trial's times; None where there is none.

    One-way analysis of variance of log times with unequal sizes (Searle, Casella and McCulloch,
    "Variance Components", 1992, section 3.6; the between part not below 0), as Kalibera and Jones
    do it for levels of repetition ("Rigorous benchmarking in reasonable time", ISMM 2013). The
    worth of n correlated repetitions is n / (1 + (per trial - 1) * icc) (Kish, "Survey Sampling",
    1965, section 5.4). None also for one trial, or where each has a single repetition.
    """
    sizes = np.array([times.size for times in repetitions])
    trials, total = len(repetitions), int(sizes.sum())
    if trials < 2 or total == trials:
        return None
    first = min(float(times.min()) for times in repetitions)
    means, squares = np.empty(trials), np.empty(trials)
    for places, times in by_length(repetitions):
        logs = np.log(np.sort(times, axis=-1)) - np.log(first)
        means[places] = centre(logs)
        squares[places] = np.sum((logs - means[places, None]) ** 2, axis=-1)
    within = sum(squares.tolist()) / (total - trials)
    grand = float(np.sum(sizes * means)) / total
    per_trial = (total - float(np.sum(sizes**2)) / total) / (trials - 1)
    between = (float(np.sum(sizes * (means - grand) ** 2)) / (trials - 1) - within) / per_trial
    between = max(0.0, between)
    if between + within == 0:
        return None
    icc = between / (between + within)
    return Nesting(
        repetitions=total,
        icc_ratio=icc,
        effective_repetitions=total / (1 + (per_trial - 1) * icc),
    )


def layout(log_times: Floats) -> Layout | None:
    """Two-way layout of log times, shape (cells, blocks), at least two of each; None if constant.

    Additive effects of cells and blocks by least squares; the variance of blocks by equating mean
    squares with what they are expected to be, and not below 0 (Searle, Casella and McCulloch, 1992,
    section 4.3). Under that model two cells' times in one block correlate by the blocks' share, so
    that var(log a - log b) is that share less than for unpaired trials.
    """
    cells, blocks = log_times.shape
    within = log_times - log_times[:, :1]
    within = within - within.mean(axis=1, keepdims=True)
    effects: Floats = within.mean(axis=0)
    residuals: Floats = within - effects
    left = float(np.sum(residuals**2)) / ((cells - 1) * (blocks - 1))
    of_blocks = max(0.0, float(np.sum(effects**2)) / (blocks - 1) - left / cells)
    if of_blocks + left == 0:
        return None
    return Layout(
        block_effects=effects,
        residuals=residuals,
        block_share_ratio=of_blocks / (of_blocks + left),
        residual_sd=float(np.sqrt(left)),
    )


def lag1_autocorrelation(series: Floats) -> float | None:
    """Correlation of each value with the next along the last axis, pooled over all series.

    Shape (..., k), each series with its mean taken away. 1 / k is added, so that independent values
    give 0 on average (Marriott and Pope, "Bias in the estimation of autocorrelations", Biometrika
    41, 1954). None when constant.
    """
    around = series - series[..., :1]
    around = around - around.mean(axis=-1, keepdims=True)
    power = float(np.sum(around**2))
    if power == 0:
        return None
    shared = float(np.sum(around[..., 1:] * around[..., :-1]))
    return shared / power + 1 / int(series.shape[-1])


def outliers(values: Floats) -> tuple[int, int]:
    """How many values, shape (k,), are mild and severe outliers: counted, never dropped.

    Mild beyond 1.5, severe beyond 3 interquartile ranges from the quartiles (Tukey, "Exploratory
    Data Analysis", 1977). Undisturbed samples have some, too: of ten normal trials one in 25 is
    outside, of ten skewed ones (`docs/statistics.md`) one in 17.
    """
    low, high = np.quantile(values, [0.25, 0.75])
    beyond = np.maximum(low - values, values - high)
    is_severe = beyond > SEVERE_RANGES * (high - low)
    is_mild = (beyond > MILD_RANGES * (high - low)) & ~is_severe
    return int(is_mild.sum()), int(is_severe.sum())
