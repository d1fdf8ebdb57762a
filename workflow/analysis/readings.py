"""A ratio in one word, by rules stated before the measurement."""

from enum import StrEnum

from workflow.analysis.estimates import RatioEstimate


class Reading(StrEnum):
    """What the intervals of a ratio allow to be said."""

    FASTER = "faster"
    SLOWER = "slower"
    EQUAL = "equal"
    UNRESOLVED = "unresolved"


def read_ratio(estimate: RatioEstimate, *, margin: float) -> Reading:
    """Judge a ratio against a margin (0.05: between 1/1.05 and 1.05 counts as equal).

    Faster or slower needs the whole interval beyond the margin, equal the whole equivalence
    interval within it. Everything else, and anything from a single block, is unresolved.
    """
    if estimate.interval is None or estimate.equivalence is None:
        return Reading.UNRESOLVED
    upper, lower = 1 + margin, 1 / (1 + margin)
    if estimate.interval.low > upper:
        return Reading.FASTER
    if estimate.interval.high < lower:
        return Reading.SLOWER
    if lower <= estimate.equivalence.low and estimate.equivalence.high <= upper:
        return Reading.EQUAL
    return Reading.UNRESOLVED
