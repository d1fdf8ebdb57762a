import numpy as np
import pytest
from threads_or_processes.analysis.estimates import Interval
from threads_or_processes.analysis.ratio_estimates import MethodIntervals, RatioEstimate
from threads_or_processes.analysis.readings import Rules, read_ratio
from threads_or_processes.analysis.samples import Paired

Ends = tuple[float, float]
RULES = Rules(margin=0.05, confidence=0.95)


def key(wide: Ends, narrow: Ends) -> MethodIntervals:
    intervals = [
        Interval(low=low, high=high, level=0.95, method="stated") for low, high in (wide, narrow)
    ]
    return MethodIntervals(interval=intervals[0], equivalence=intervals[1])


def estimate(*keys: MethodIntervals, blocks: int = 10) -> RatioEstimate:
    low, high = keys[0].interval.low, keys[0].interval.high
    samples = Paired(np.zeros(blocks), np.zeros(blocks))
    return RatioEstimate(ratio=(low * high) ** 0.5, samples=samples, methods=keys)


@pytest.mark.parametrize(
    ("wide", "narrow", "reading"),
    [
        ((1.06, 1.30), (1.08, 1.28), "faster"),
        ((1.04, 1.30), (1.06, 1.28), "unresolved"),  # some of it within the margin
        ((1.05, 1.30), (1.06, 1.28), "unresolved"),  # beyond means beyond
        ((0.50, 0.95), (0.55, 0.94), "slower"),
        ((0.50, 0.96), (0.55, 0.94), "unresolved"),
        ((0.94, 1.06), (0.96, 1.04), "equal"),  # only the narrower one has to fit
        ((0.99, 1.08), (1.00, 1.06), "unresolved"),
        ((0.93, 1.01), (0.94, 1.00), "unresolved"),
        ((1.01, 1.04), (1.02, 1.03), "equal"),  # a difference, but none that matters
        ((1.00, 1.00), (1.00, 1.00), "equal"),
    ],
)
def test_reading_follows_the_stated_rules(wide: Ends, narrow: Ends, reading: str) -> None:
    twice = key(wide, narrow), key(wide, narrow)
    assert read_ratio(estimate(*twice), RULES, noise_floor=1.0) == reading


FASTER = key((1.06, 1.30), (1.08, 1.28))
EQUAL = key((0.99, 1.01), (0.99, 1.01))


@pytest.mark.parametrize(("one", "other"), [(FASTER, EQUAL), (EQUAL, FASTER)])
def test_two_methods_that_disagree_leave_it_unresolved(
    one: MethodIntervals, other: MethodIntervals
) -> None:
    assert read_ratio(estimate(one, other), RULES, noise_floor=1.0) == "unresolved"


@pytest.mark.parametrize(("sure", "reading"), [(FASTER, "faster"), (EQUAL, "equal")])
def test_six_blocks_are_the_fewest_for_a_reading(sure: MethodIntervals, reading: str) -> None:
    found = [
        read_ratio(estimate(sure, sure, blocks=blocks), RULES, noise_floor=1.0) for blocks in (5, 6)
    ]
    assert found == ["unresolved", reading]


@pytest.mark.parametrize(
    ("sure", "noise_floor", "reading"),
    [
        (FASTER, 1.10, "faster"),  # 1.174 / 1.05 is 1.118
        (FASTER, 1.13, "unresolved"),
        (EQUAL, 1.04, "equal"),
        (EQUAL, 1.06, "unresolved"),  # nobody can tell 5 % where twins differ by 6 %
        (key((0.5, 0.9), (0.5, 0.9)), 1.40, "slower"),  # 0.671 * 1.05 is 0.704, 1 / 1.42
        (key((0.5, 0.9), (0.5, 0.9)), 1.45, "unresolved"),
    ],
)
def test_a_ratio_as_near_to_the_margin_as_twins_are_is_unresolved(
    sure: MethodIntervals, noise_floor: float, reading: str
) -> None:
    assert read_ratio(estimate(sure, sure), RULES, noise_floor=noise_floor) == reading
