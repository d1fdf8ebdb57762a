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

    def repetitions(self, rng: np.random.Generator, shape: Shape) -> Floats:
        """Repetitions of trials whose undisturbed time is 1; shape (REPETITIONS, *shape)."""
        noise = rng.standard_normal((REPETITIONS, *shape))
        for place in range(1, REPETITIONS):
            fresh = np.sqrt(1 - self.correlation**2) * noise[place]
            noise[place] = self.correlation * noise[place - 1] + fresh
        spikes = rng.exponential(self.spike_ratio, noise.shape)
        spikes *= rng.random(noise.shape) < self.spike_share
        return 1 + self.trial_effect(rng, shape) + self.repetition_ratio * noise + spikes

    def trial_medians(self, rng: np.random.Generator, shape: Shape) -> Floats:
        """Medians of such trials; any shape."""
        return np.asarray(np.median(self.repetitions(rng, shape), axis=0), dtype=np.float64)


def _exponential(size: float) -> Callable[[np.random.Generator, Shape], Floats]:
    return lambda rng, shape: rng.exponential(size, shape)


def _one_in_five(rng: np.random.Generator, shape: Shape) -> Floats:
    return np.where(rng.random(shape) < 0.2, 0.1, 0.0)


FAMILIES = {
    "quiet": Family(_exponential(0.01), 0.3, 0.01, 0.05, 0.04),
    "skewed": Family(_exponential(0.04), 0.6, 0.02, 0.08, 0.15),
    "bimodal": Family(_one_in_five, 0.6, 0.02, 0.08, 0.15),
}
