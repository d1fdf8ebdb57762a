import pytest

from workflow.analysis.estimates import Interval, RatioEstimate
from workflow.analysis.readings import read_ratio


def estimate(wide: tuple[float, float] | None, narrow: tuple[float, float]) -> RatioEstimate:
    def interval(ends: tuple[float, float]) -> Interval:
        return Interval(low=ends[0], high=ends[1], level=0.95, method="stated")

    return RatioEstimate(
        ratio=1.0,
        blocks=1 if wide is None else 10,
        interval=None if wide is None else interval(wide),
        equivalence=None if wide is None else interval(narrow),
    )


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
        (None, (1.0, 1.0), "unresolved"),  # one block
    ],
)
def test_reading_follows_the_stated_rules(
    wide: tuple[float, float] | None, narrow: tuple[float, float], reading: str
) -> None:
    assert read_ratio(estimate(wide, narrow), margin=0.05) == reading
