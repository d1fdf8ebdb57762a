"""Signs that a cell's times are to be read with care: rules on arrays, one value a trial.

A sign is both there and large enough to matter: each rule asks for evidence and for a size beyond
the margin within which a ratio counts as "no difference". Below `FEWEST_BLOCKS` nothing is said.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from threads_or_processes.analysis.estimates import Floats, by_length
from threads_or_processes.records.tables.groups import Trend
from threads_or_processes.records.tables.measured import QualityRow
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, CellFlag

#: Variation between trials from which a cell is called variable, and unstable: half and all of the
#: standard deviation that pyperf warns about (10 % of the mean).
VARIABLE_CV_RATIO = 0.05
UNSTABLE_CV_RATIO = 0.10

#: How wide the gap between two groups of trials must be, in standard deviations within the groups:
#: at least 3, and of few trials 13.5 / sqrt(trials), as gaps inside one group are wider then.
LEAST_APART = 3.0
APART_BY_TRIALS = 13.5
#: One trial alone is an outlier, not a mode.
FEWEST_IN_MODE = 2

#: A first batch so many times as long as the others did something that they don't. In the built-in
#: sweeps the median trial had at most 1.7 (docs/example).
SLOW_START = 10.0

DRIFT_P_VALUE = 0.01
WARM_UP_P_VALUE = 0.05
#: A first repetition is held against at least two others.
FEWEST_REPETITIONS = 3


class WarmUp(NamedTuple):
    """How the first repetition that counts compares with the others of its trial."""

    first_ratio: float  # first / median of the others; median of the trials
    p_value: float  # one-sided, for "slower"


def signs(quality: QualityRow, *, cv_ratio: float | None, margin: float) -> Iterator[CellFlag]:
    """The flags that a cell's times earn.

    `cv_ratio` is the variation between trials, `margin` a ratio above 1 (0.05: 5 %).
    """
    if cv_ratio is not None and cv_ratio > UNSTABLE_CV_RATIO:
        yield CellFlag.UNSTABLE
    elif cv_ratio is not None and cv_ratio > VARIABLE_CV_RATIO:
        yield CellFlag.VARIABLE
    if quality.modes_ratio is not None:
        yield CellFlag.BIMODAL
    if is_drifting(quality.drift, margin=margin):
        yield CellFlag.DRIFTING
    if (
        quality.first_ratio is not None
        and quality.first_p_value is not None
        and is_warming_up(quality.first_ratio, quality.first_p_value, margin=margin)
    ):
        yield CellFlag.WARMING_UP


def two_modes(log_times: Floats, *, margin: float) -> float | None:
    """How many times slower the slower of two groups of trials is; None where they are no groups.

    Shape (trials,). There are groups when `widest_split` finds them further apart than
    `modes_apart`, and their means beyond the margin. Simulated, the first of these happens to one
    group in 5 % of samples of exponential noise (6 to 20 trials; fewer of 50); of ten trials, in
    3 % of samples in skewed and 1 % in normal noise. (A gap of four median absolute deviations, a
    usual rule of thumb, is found in 28, 20 and 6 %.) Of ten trials, half of them slower by a tenth,
    87 % of samples are found in quiet noise; by three tenths, 66 % in skewed noise. Where one trial
    in five is slower, half of the samples are found, for often no more than one of ten is, and
    that is an outlier.
    """
    if log_times.size < FEWEST_BLOCKS:
        return None
    separation, distance = (float(value) for value in widest_split(log_times))
    apart = separation > modes_apart(log_times.size) and distance > math.log1p(margin)
    return math.exp(distance) if apart else None


def modes_apart(trials: int) -> float:
    """The separation, in standard deviations, from which groups of so many trials are two."""
    return max(LEAST_APART, APART_BY_TRIALS / math.sqrt(trials))


def widest_split(log_times: Floats) -> tuple[Floats, Floats]:
    """The cut of the sorted values that parts them best; (..., k) to two of (...).

    First how far the groups are apart: the gap between them over the pooled standard deviation
    within them, at least `FEWEST_IN_MODE` on either side, the greatest over all cuts. Then the
    distance of the groups' means. A gap stands for emptiness between the groups, which a long tail
    does not have; measured in the spread within the groups it needs no shape (the idea of Ashman's
    D: Ashman, Bird and Zepf, "Detecting bimodality in astronomical datasets", Astron. J. 108,
    1994).
    """
    ordered = np.sort(log_times, axis=-1)
    trials = ordered.shape[-1]
    gaps = np.diff(ordered)
    within = np.sqrt(squares_within(ordered) / (trials - 2))
    apart = np.divide(gaps, within, out=np.where(gaps > 0, np.inf, 0.0), where=within > 0)
    apart[..., : FEWEST_IN_MODE - 1] = apart[..., trials - FEWEST_IN_MODE :] = 0.0
    widest = apart.argmax(axis=-1, keepdims=True)
    separation = np.take_along_axis(apart, widest, axis=-1)[..., 0]
    fast = widest + 1
    is_fast = np.arange(trials) < fast
    means = [
        np.sum(ordered, axis=-1, where=of_group) / np.sum(of_group, axis=-1)
        for of_group in (is_fast, ~is_fast)
    ]
    return separation, np.where(separation > 0, means[1] - means[0], 0.0)


def squares_within(ordered: Floats) -> Floats:
    """Squared distances to the mean of the own group, summed, for each cut of sorted values.

    Shape (..., k) to (..., k - 1): the first cut leaves one value in the lower group.
    """
    distances = ordered - np.median(ordered, axis=-1, keepdims=True)
    lower = np.arange(1, ordered.shape[-1])
    sums, squares = (np.cumsum(values, axis=-1) for values in (distances, distances**2))
    of_lower, of_upper = sums[..., :-1], sums[..., -1:] - sums[..., :-1]
    means = of_lower**2 / lower + of_upper**2 / lower[::-1]
    return np.maximum(squares[..., -1:] - means, 0.0)


def drift(log_times: Floats) -> Trend | None:
    """Trend of log times over the order of their trials; shape (trials,), None when constant.

    Kendall's tau ("A new measure of rank correlation", Biometrika 30, 1938) with its exact p, or
    the normal one where times are tied, and the median of all slopes (Sen, "Estimates of the
    regression coefficient based on Kendall's tau", J. Am. Stat. Assoc. 63, 1968). It knows only
    ranks, so independent noise of any shape raises a false alarm as often as it says. Trials that
    wander are taken for drifting more often: at p < 0.01, of ten that correlate with the next by
    0.3 in 4 % of samples, by 0.6 in 9 %.
    """
    trials = log_times.size
    if trials < FEWEST_BLOCKS or np.ptp(log_times) == 0:
        return None
    order = np.arange(trials)
    result = stats.kendalltau(order, log_times)
    slope = stats.theilslopes(log_times, order).slope
    return Trend(
        tau=float(result.statistic),
        p_value=float(result.pvalue),
        change_ratio=math.exp(float(slope) * (trials - 1)),
    )


def is_drifting(trend: Trend | None, *, margin: float) -> bool:
    """Whether a trend is beyond chance (p < 0.01) and from first to last beyond the margin.

    Simulated over ten trials, a steady rise by a fifth is found in all samples of quiet noise and
    in 82 % of skewed noise; over six trials in 94 % and 17 %.
    """
    return (
        trend is not None
        and trend.p_value < DRIFT_P_VALUE
        and abs(math.log(trend.change_ratio)) > math.log1p(margin)
    )


def warm_up(repetitions: Sequence[Floats]) -> WarmUp | None:
    """The first repetition of each trial against the median of its others, over the trials.

    The sign test (Dixon and Mood, "The statistical sign test", J. Am. Stat. Assoc. 41, 1946) over
    trials of at least three repetitions; None when too few trials have them. Trials where both are
    the same take no part in it.
    """
    enough = [times for times in repetitions if times.size >= FEWEST_REPETITIONS]
    ratios = np.empty(len(enough))
    for places, times in by_length(enough):
        ratios[places] = times[:, 0] / np.median(times[:, 1:], axis=-1)
    if ratios.size < FEWEST_BLOCKS:
        return None
    slower, faster = int(np.sum(ratios > 1)), int(np.sum(ratios < 1))
    return WarmUp(
        first_ratio=float(np.median(ratios)),
        p_value=float(stats.binom.sf(slower - 1, slower + faster, 0.5)),
    )


def is_warming_up(first_ratio: float, p_value: float, *, margin: float) -> bool:
    """Whether first repetitions (`WarmUp`) are slower beyond chance and beyond the margin.

    Simulated over 6 to 20 trials of ten repetitions, in quiet, skewed and two-valued noise: no
    false alarm in 300 samples each, and a first repetition slower by a tenth is always found.
    """
    return p_value <= WARM_UP_P_VALUE and first_ratio > 1 + margin


def is_slow_start(first_ratios: Floats) -> bool:
    """Whether the median trial's first batch took `SLOW_START` times as long as its others.

    Shape (trials,). It takes disturbances in half of the trials to raise a false alarm.
    """
    return first_ratios.size >= FEWEST_BLOCKS and float(np.median(first_ratios)) >= SLOW_START
