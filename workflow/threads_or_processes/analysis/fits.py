"""Amdahl's law and the universal scalability law, fitted to the trials of one curve.

With n workers the same work takes T(n) = T(1) * (1 + s (n - 1) + k n (n - 1)) / n. Of the work, s
is done by one worker at a time (contention), and k is what each pair of workers costs by keeping
each other informed (coherency); with k > 0 there is a number of workers beyond which more of them
do harm (Gunther, "Guerrilla Capacity Planning", 2007). Amdahl's law is k = 0 (Amdahl, "Validity of
the single processor approach to achieving large scale computing capabilities", AFIPS 1967).
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from threads_or_processes.analysis.curves import Curve
from threads_or_processes.analysis.estimates import Floats, block_resamples, expanded_tail
from threads_or_processes.records.tables.experiments import Law as FittedLaw
from threads_or_processes.records.tables.groups import Bounded

BLOCK_BOOTSTRAP = "block bootstrap, expanded percentiles"

#: The most contention and coherency that a law allows.
UNIVERSAL, AMDAHL, NO_CONTENTION = (
    np.array(most) for most in ((1.0, math.inf), (1.0, 0.0), (0.0, math.inf))
)
#: Contention and coherency from which the search for a curve's own parameters sets out.
STARTS = np.array([(s, k) for s in (0.0, 0.05, 0.3, 0.9) for k in (0.0, 1e-4, 1e-2, 1.0)])
MOST_STEPS = 100
#: The search is over when the next step would change no time by more than this ratio.
TOLERANCE = 1e-10
#: What differs by less than a millionth is the clock's doing, no evidence for one law or the other.
LEAST_NOISE_RATIO = 1e-6


@dataclass(frozen=True, kw_only=True)
class Estimated(Bounded):
    """A parameter and its interval; a number of workers may be infinite."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Law(FittedLaw):
    """One law's curve through the trials.

    `aicc` is Akaike's criterion with its correction for few data: of two laws the one with less is
    preferred. `misfit_ratio` is how far the law misses the worst count's geometric mean (0.03 is
    3 %).
    """

    contention: Estimated
    coherency: Estimated


@dataclass(frozen=True, kw_only=True)
class Laws:
    """Both laws, and where the universal one has its least time."""

    amdahl: Law
    usl: Law
    peak_workers: Estimated

    @property
    def prefers_usl(self) -> bool:
        """Whether coherency explains more than one parameter more will explain of any noise."""
        return self.usl.aicc < self.amdahl.aicc


def fit_laws(curve: Curve, *, confidence: float) -> Laws:
    """Fit both laws to a curve of times in ns: at least two blocks and four worker counts.

    Least squares on log times, 0 <= s <= 1 and 0 <= k, T(1) free and each block's own, so that a
    block in which all was slower says nothing about scaling. Intervals are percentiles of the fits
    to resampled blocks, taken further out for few blocks (`expanded_tail`). Where coherency may be
    none, Amdahl's law may be true, and what it allows belongs to the universal law's contention;
    likewise what a law without contention allows to its coherency and peak.

    Simulated with skewed and two-valued noise on four to six counts, the intervals hold s, k and
    the peak 92 to 98 % of the time at ten blocks, 90 to 98 % at six. Where Amdahl's law is true,
    the interval of k excludes 0 and the universal law is preferred in 4 % of the curves at most.
    """
    log_times = np.log(curve.values)
    resampled = log_times[block_resamples(curve.blocks)].mean(axis=1)
    tail = expanded_tail(curve.blocks - 1, curve.blocks, confidence)

    def law(most: Floats) -> tuple[Law, Estimated]:
        found, draws = _law(log_times, resampled, curve.workers, tail, most)
        best = np.array([found.contention.value, found.coherency.value])
        return found, _estimated(peak_workers(best), peak_workers(draws), tail)

    amdahl, _ = law(AMDAHL)
    usl, peak = law(UNIVERSAL)
    if usl.coherency.low <= 0:
        usl = replace(usl, contention=_either(usl.contention, amdahl.contention))
    if usl.contention.low <= 0:
        without_contention, its_peak = law(NO_CONTENTION)
        usl = replace(usl, coherency=_either(usl.coherency, without_contention.coherency))
        peak = _either(peak, its_peak)
    return Laws(amdahl=amdahl, usl=usl, peak_workers=peak)


def peak_workers(parameters: Floats) -> Floats:
    """Workers at which T(n) is least, sqrt((1 - s) / k) but at least one; infinite without k.

    `parameters` are s and k along the last axis; shape (..., 2) to (...).
    """
    contention, coherency = parameters[..., 0], parameters[..., 1]
    squares = np.full(coherency.shape, np.inf)
    np.divide(1 - contention, coherency, out=squares, where=coherency > TOLERANCE)
    peaks: Floats = np.maximum(1.0, np.sqrt(squares))
    return peaks


def least_squares(log_times: Floats, workers: Floats, start: Floats, most: Floats) -> Floats:
    """Contention and coherency for each row of log times; (rows, counts) to (rows, 2).

    Neither is below 0 or above `most`, shape (2,).
    Gauss-Newton steps with Marquardt's damping, for all rows at once, each step the best within the
    bounds (Marquardt, "An algorithm for least-squares estimation of nonlinear parameters", J. SIAM
    11, 1963). `start` is broadcast over the rows. (scipy's `least_squares` takes one row at a time,
    seconds for the resamples of one curve; its `nnls` would weigh the times in another way.)
    """
    growth = (workers - 1, workers * (workers - 1))
    found = np.array(np.broadcast_to(start, (len(log_times), 2)))
    damping = np.full(len(log_times), 1e-3)
    residuals = _residuals(log_times, workers, found)
    cost = (residuals**2).sum(axis=-1)
    for _ in range(MOST_STEPS):
        scale = _scale(workers, found)
        first, second = (_centred(one / scale) for one in growth)
        step = _step(found, first, second, residuals, damping, most)
        tried = found + step
        tried_residuals = _residuals(log_times, workers, tried)
        tried_cost = (tried_residuals**2).sum(axis=-1)
        is_better = tried_cost <= cost
        found = np.where(is_better[:, None], tried, found)
        residuals = np.where(is_better[:, None], tried_residuals, residuals)
        cost = np.where(is_better, tried_cost, cost)
        damping = np.where(is_better, np.maximum(damping / 10, TOLERANCE), damping * 10)
        if np.abs(first * step[:, :1] + second * step[:, 1:]).max() < TOLERANCE:
            break
    return found


def _step(
    found: Floats,
    first: Floats,
    second: Floats,
    residuals: Floats,
    damping: Floats,
    most: Floats,
) -> Floats:
    """The damped step of both parameters; where one meets its bound, the other's best beside it."""
    own_first, own_second = ((one**2).sum(axis=-1) * (1 + damping) for one in (first, second))
    both = (first * second).sum(axis=-1)
    pull_first, pull_second = ((one * residuals).sum(axis=-1) for one in (first, second))

    def within(place: int, step: Floats) -> Floats:
        value = found[:, place]
        return np.asarray(np.clip(value + step, 0.0, most[place]) - value)

    determinant = own_first * own_second - both**2
    free_first = (own_second * pull_first - both * pull_second) / determinant
    free_second = (own_first * pull_second - both * pull_first) / determinant
    step_first = within(0, free_first)
    beside = (pull_second - both * step_first) / own_second
    wanted = np.where(step_first == free_first, free_second, beside)
    step_second = within(1, wanted)
    beside = within(0, (pull_first - both * step_second) / own_first)
    step_first = np.where(step_second == wanted, step_first, beside)
    return np.stack([step_first, step_second], axis=-1)


def _law(
    log_times: Floats, resampled: Floats, workers: Floats, tail: float, most: Floats
) -> tuple[Law, Floats]:
    """The law with its intervals, and s and k of each resample, shape (resamples, 2)."""
    means = log_times.mean(axis=0)
    starts = STARTS[(most >= STARTS).all(axis=1)]
    candidates = least_squares(np.tile(means, (len(starts), 1)), workers, starts, most)
    missed = _residuals(means, workers, candidates)
    nearest = int(np.argmin((missed**2).sum(axis=-1)))
    best = candidates[nearest]
    draws = least_squares(resampled, workers, best, most)
    contention, coherency = (
        _estimated(best[place], draws[:, place], tail) for place in range(best.size)
    )
    law = Law(
        one_worker_ns=float(np.exp((means - np.log(_scale(workers, best) / workers)).mean())),
        contention=contention,
        coherency=coherency,
        aicc=_aicc(_residuals(log_times, workers, best), parameters=int(np.count_nonzero(most))),
        misfit_ratio=float(np.expm1(np.abs(missed[nearest]).max())),
    )
    return law, draws


def _aicc(residuals: Floats, *, parameters: int) -> float:
    """Akaike's criterion, corrected, of log times around their block's curve; (blocks, counts).

    n log(RSS / n) + 2 K + 2 K (K + 1) / (n - K - 1), where K counts each block's T(1), the law's
    `parameters` and the variance (Hurvich and Tsai, "Regression and time series model selection in
    small samples", Biometrika 76, 1989).
    """
    trials, known = residuals.size, len(residuals) + parameters + 1
    variance = max(float((residuals**2).mean()), LEAST_NOISE_RATIO**2)
    return trials * math.log(variance) + 2 * known + 2 * known * (known + 1) / (trials - known - 1)


def _estimated(value: Floats | float, draws: Floats, tail: float) -> Estimated:
    ordered = np.sort(draws)
    left_out = math.floor(tail * ordered.size)
    return Estimated(
        value=float(value), low=float(ordered[left_out]), high=float(ordered[-1 - left_out])
    )


def _either(first: Estimated, second: Estimated) -> Estimated:
    """The first estimate, with an interval that both fit into."""
    return replace(first, low=min(first.low, second.low), high=max(first.high, second.high))


def _residuals(log_times: Floats, workers: Floats, parameters: Floats) -> Floats:
    """What the curve misses, T(1) being the best for each row; broadcast over the rows."""
    return _centred(log_times - np.log(_scale(workers, parameters) / workers))


def _scale(workers: Floats, parameters: Floats) -> Floats:
    """1 + s (n - 1) + k n (n - 1); (..., 2) to (..., counts)."""
    contention, coherency = parameters[..., :1], parameters[..., 1:]
    scale: Floats = 1 + (contention + coherency * workers) * (workers - 1)
    return scale


def _centred(values: Floats) -> Floats:
    centred: Floats = values - values.mean(axis=-1, keepdims=True)
    return centred
