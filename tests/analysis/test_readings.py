import numpy as np
import pytest
from threads_or_processes.analysis.beyond_trials import Beyond
from threads_or_processes.analysis.estimates import Interval
from threads_or_processes.analysis.ratio_estimates import MethodIntervals, RatioEstimate
from threads_or_processes.analysis.readings import FASTER, NO_FASTER, Rules, read_ratio
from threads_or_processes.analysis.samples import Paired
from threads_or_processes.records.vocabulary import ComparisonResult

Ends = tuple[float, float]
RULES = Rules(margin=0.05, confidence=0.95)


def by_method(wide: Ends, narrow: Ends) -> MethodIntervals:
    intervals = [
        Interval(low=low, high=high, level=0.95, method="stated") for low, high in (wide, narrow)
    ]
    return MethodIntervals(interval=intervals[0], equivalence=intervals[1])


def estimate(*methods: MethodIntervals, blocks: int = 10) -> RatioEstimate:
    low, high = methods[0].interval.low, methods[0].interval.high
    samples = Paired(np.zeros(blocks), np.zeros(blocks))
    return RatioEstimate(
        ratio=(low * high) ** 0.5, samples=samples, beyond=Beyond(), methods=methods
    )


@pytest.mark.parametrize(
    ("wide", "narrow", "reading"),
    [
        ((1.06, 1.30), (1.08, 1.28), "faster"),
        ((1.04, 1.30), (1.06, 1.28), "faster_somewhat"),  # some of it within the margin
        ((1.05, 1.30), (1.06, 1.28), "faster_somewhat"),  # beyond means beyond
        ((0.50, 0.95), (0.55, 0.94), "slower"),
        ((0.50, 0.96), (0.55, 0.94), "slower_somewhat"),
        ((0.94, 1.06), (0.96, 1.04), "equal"),  # only the narrower one has to fit
        ((0.99, 1.08), (1.00, 1.06), "no_slowdown"),
        ((0.93, 1.01), (0.94, 1.00), "no_speedup"),
        ((0.80, 1.06), (0.82, 1.05), "no_speedup"),
        ((0.80, 1.06), (0.82, 1.051), "inconclusive"),
        ((0.90, 1.12), (0.92, 1.10), "inconclusive"),
        ((1.01, 1.04), (1.02, 1.03), "equal"),  # a difference, but none that matters
        ((1.00, 1.00), (1.00, 1.00), "equal"),
    ],
)
def test_a_result_follows_the_stated_rules(wide: Ends, narrow: Ends, reading: str) -> None:
    twice = by_method(wide, narrow), by_method(wide, narrow)
    assert read_ratio(estimate(*twice), RULES) == reading
    turned = by_method((1 / wide[1], 1 / wide[0]), (1 / narrow[1], 1 / narrow[0]))
    assert read_ratio(estimate(turned, turned), RULES) == ComparisonResult(reading).inverted


CLEAR = by_method((1.06, 1.30), (1.08, 1.28))
EQUAL = by_method((0.99, 1.01), (0.99, 1.01))


@pytest.mark.parametrize("methods", [(CLEAR, EQUAL), (EQUAL, CLEAR)])
def test_a_result_rests_on_the_interval_that_encloses_those_of_both_methods(
    methods: tuple[MethodIntervals, MethodIntervals],
) -> None:
    assert read_ratio(estimate(*methods), RULES) == "no_slowdown"  # 0.99 to 1.30


@pytest.mark.parametrize(("sure", "reading"), [(CLEAR, "faster"), (EQUAL, "equal")])
def test_six_blocks_are_the_fewest_for_a_result(sure: MethodIntervals, reading: str) -> None:
    found = [read_ratio(estimate(sure, sure, blocks=blocks), RULES) for blocks in (5, 6)]
    assert found == ["inconclusive", reading]


def test_what_is_faster_and_what_is_not_exclude_each_other() -> None:
    assert not FASTER & NO_FASTER
    inverted = {one.inverted for one in FASTER}
    assert inverted <= NO_FASTER  # slower, by whatever amount
