"""Noise of shared machines, in bulk: trial medians with known families of disturbance.

Three families, as seen on real machines: `quiet` (1 % skewed trial effects), `skewed` (4 %
exponential trial effects, autocorrelated repetitions, spikes) and `bimodal` (one trial in five is
10 % slower, as beside a busy neighbour).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shape = tuple[int, ...]
REPETITIONS = 10


@dataclass(frozen=True)
class Family:
    """One family of noise: an effect for each trial, correlated repetitions, rare spikes."""

    trial_effect: Callable[[np.random.Generator, Shape], Floats]
    correlation: float
    repetition_ratio: float
    spike_share: float
    spike_ratio: float

    def repetitions(
        self,
        rng: np.random.Generator,
        shape: Shape,
        *,
        number: int = REPETITIONS,
        effect: Floats | None = None,
    ) -> Floats:
        """Repetitions of trials whose undisturbed time is 1; shape (number, *shape).

        Without the trials' `effect` they have one of their own.
        """
        noise = rng.standard_normal((number, *shape))
        for place in range(1, number):
            fresh = np.sqrt(1 - self.correlation**2) * noise[place]
            noise[place] = self.correlation * noise[place - 1] + fresh
        spikes = rng.exponential(self.spike_ratio, noise.shape)
        spikes *= rng.random(noise.shape) < self.spike_share
        effect = self.trial_effect(rng, shape) if effect is None else effect
        return 1 + effect + self.repetition_ratio * noise + spikes

    def at_amounts(self, rng: np.random.Generator, shape: Shape, times: Floats) -> Floats:
        """Medians of the same trials at several amounts; their times in silence to shape (a, ...).

        The least amount has seven repetitions, the larger ones three each, as trials have.
        """
        effect = self.trial_effect(rng, shape)
        numbers = [7] + [3] * (len(times) - 1)
        return np.stack(
            [
                time * np.median(self.repetitions(rng, shape, number=n, effect=effect), axis=0)
                for time, n in zip(times, numbers, strict=True)
            ]
        )

    def trial_medians(self, rng: np.random.Generator, shape: Shape) -> Floats:
        """Medians of such trials; any shape."""
        return np.asarray(np.median(self.repetitions(rng, shape), axis=0), dtype=np.float64)


def slow_mode(rng: np.random.Generator, shape: Shape) -> Floats:
    """What batches of processes take longer in one trial of five: 15 to 60 % of a short batch."""
    return rng.uniform(0.15, 0.6, shape) * (rng.random(shape) < 0.2)


def _exponential(size: float) -> Callable[[np.random.Generator, Shape], Floats]:
    return lambda rng, shape: rng.exponential(size, shape)


def _one_in_five(rng: np.random.Generator, shape: Shape) -> Floats:
    return np.where(rng.random(shape) < 0.2, 0.1, 0.0)


FAMILIES = {
    "quiet": Family(_exponential(0.01), 0.3, 0.01, 0.05, 0.04),
    "skewed": Family(_exponential(0.04), 0.6, 0.02, 0.08, 0.15),
    "bimodal": Family(_one_in_five, 0.6, 0.02, 0.08, 0.15),
}
