"""From which amount of work on a way is faster: all amounts at which a test leaves that open.

Of each trial, or pair of trials, the difference D(w) between the time of a way and the time that it
must beat is a straight line over the amount w. An amount is in the set when a test of "the median
of D(w) is 0" doesn't reject it there. So the set may be bounded, reach to an end of the amounts
that are looked at, or be empty, as Fieller's set for the ratio of two means may ("Some problems in
interval estimation", J. R. Stat. Soc. B 16, 1954). His is made with Student's t, which does not
hold its level here (`medians`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from threads_or_processes.analysis.estimates import Floats
from threads_or_processes.analysis.medians import Ranks
from threads_or_processes.records.tables.groups import NO_NUMBER, Bounded
from threads_or_processes.records.vocabulary import Pays

#: What a test says of an amount.
FASTER, OPEN, SLOWER = -1, 0, 1

Places = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """From which amount on a way is faster; an end of the set that lies outside is missing."""

    state: Pays
    amount: Bounded


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Lines of differences over the amount of work, shapes (lines,), and how to test them."""

    at_zero: Floats
    per_amount: Floats
    ranks: Ranks

    def median(self, amount: float) -> float:
        """The median difference."""
        return float(np.median(self.at(amount)))

    def low(self, amount: float) -> float:
        """Lower end of its interval."""
        return float(self.ranks.bounds(self.at(amount))[0])

    def high(self, amount: float) -> float:
        """Upper end of its interval."""
        return float(self.ranks.bounds(self.at(amount))[1])

    def at(self, amount: float) -> Floats:
        """Every line's difference."""
        differences: Floats = self.at_zero + self.per_amount * amount
        return differences

    def says(self, amount: float) -> int:
        """What the test says of an amount."""
        low, high = self.ranks.bounds(self.at(amount))
        return FASTER if high < 0 else SLOWER if low > 0 else OPEN

    def places(self, most: float) -> Floats:
        """Amounts from 0 to `most` between which no line changes its sign, and their middles."""
        with np.errstate(all="ignore"):  # lines without a slope
            zeros = -self.at_zero / self.per_amount
        inside = zeros[(zeros > 0) & (zeros < most)]  # not NaN either
        edges = np.unique(np.concatenate([[0.0, most], inside]))
        return np.sort(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))


def break_even(differences: Differences, *, most: float) -> BreakEven:
    """From which amount on the differences are below 0, among amounts from 0 to `most`."""
    places = differences.places(most)
    said = np.array([differences.says(place) for place in places])
    state = _state(said)
    if state not in (Pays.FROM, Pays.UNSETTLED):
        return BreakEven(state=state, amount=NO_NUMBER)
    medians = np.array([differences.median(place) for place in places])
    behind = np.flatnonzero(medians >= 0)
    return BreakEven(
        state=state,
        amount=Bounded(
            value=_after(differences.median, places, behind),
            low=_before(differences.low, places, np.flatnonzero(said != SLOWER)),
            high=_after(differences.high, places, np.flatnonzero(said != FASTER)),
        ),
    )


def _state(said: NDArray[np.int64]) -> Pays:
    if (said == FASTER).all():
        return Pays.ALWAYS
    if said[-1] == FASTER:
        return Pays.FROM
    if said[-1] == OPEN:
        return Pays.UNSETTLED
    return Pays.BELOW if (said == FASTER).any() else Pays.NEVER


def _after(end: Callable[[float], float], places: Floats, behind: Places) -> float | None:
    """Where an end passes 0 for the last time, after the last place `behind`."""
    if not behind.size or behind[-1] == places.size - 1:
        return None
    return float(optimize.brentq(end, places[behind[-1]], places[behind[-1] + 1]))


def _before(end: Callable[[float], float], places: Floats, reached: Places) -> float | None:
    """Where an end passes 0 for the first time, before the first place `reached`."""
    if not reached.size or reached[0] == 0:
        return None
    return float(optimize.brentq(end, places[reached[0] - 1], places[reached[0]]))
