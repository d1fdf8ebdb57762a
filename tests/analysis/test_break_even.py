"""From which amount of work on: the set that a test leaves, in every shape that it can have."""

import numpy as np
import pytest
from threads_or_processes.analysis.break_even import (
    FASTER,
    OPEN,
    BreakEven,
    Differences,
    break_even,
)
from threads_or_processes.analysis.medians import of_pairs, of_trials
from threads_or_processes.records.vocabulary import Pays

#: Six trials: the ends of their medians' intervals are near the least and the greatest.
SPREAD = np.array([-1.0, -0.6, -0.2, 0.2, 0.6, 1.0])


def found(at_zero: float, per_amount: float, spread: float = 0.1, most: float = 10) -> BreakEven:
    """Of six parallel lines."""
    lines = Differences(
        at_zero=at_zero + spread * SPREAD,
        per_amount=np.full(6, per_amount),
        ranks=of_trials(6, 0.95),
    )
    return break_even(lines, most=most)


def test_a_way_with_overhead_and_a_rate_pays_from_an_amount_on() -> None:
    one = found(2.0, -1.0)
    assert one.state is Pays.FROM
    assert one.amount.value == pytest.approx(2.0)
    low, high = one.amount.low, one.amount.high
    assert low is not None
    assert high is not None
    assert 1.9 <= low < 1.95
    assert low + high == pytest.approx(4.0)


def test_lines_that_are_all_alike_have_a_set_of_one_amount() -> None:
    one = found(3.0, -1.5, spread=0.0)
    assert one.state is Pays.FROM
    assert (one.amount.value, one.amount.low, one.amount.high) == pytest.approx((2, 2, 2))


def test_little_overhead_leaves_the_lower_end_open() -> None:
    one = found(0.05, -1.0)
    assert one.state is Pays.FROM
    assert one.amount.low is None
    assert one.amount.value == pytest.approx(0.05)
    assert one.amount.high == pytest.approx(0.15, abs=0.02)


def test_an_amount_beyond_the_largest_is_not_named() -> None:
    one = found(9.95, -1.0)
    assert one.state is Pays.UNSETTLED
    assert one.amount.low == pytest.approx(9.85, abs=0.02)
    assert one.amount.value == pytest.approx(9.95)
    assert one.amount.high is None
    beyond = found(10.05, -1.0)
    assert (beyond.state, beyond.amount.value) == (Pays.UNSETTLED, None)


@pytest.mark.parametrize(
    ("at_zero", "per_amount", "state"),
    [
        (-1.0, -1.0, Pays.ALWAYS),
        (1.0, 1.0, Pays.NEVER),
        (50.0, -1.0, Pays.NEVER),
        (0.0, 1.0, Pays.NEVER),
        (-2.0, 1.0, Pays.BELOW),
        (0.0, 0.0, Pays.UNSETTLED),
    ],
)
def test_sets_without_ends(at_zero: float, per_amount: float, state: Pays) -> None:
    one = found(at_zero, per_amount)
    assert one.state is state
    assert one.amount.low is one.amount.high is None


@pytest.mark.parametrize("of_samples", [True, False])
def test_what_lies_outside_the_set_is_rejected_and_the_value_lies_inside(
    *, of_samples: bool
) -> None:
    rng = np.random.default_rng(20261126)
    seen = set()
    for _ in range(150):
        number = 36 if of_samples else 8
        overhead, gain = rng.normal(2, 4), rng.normal(0.5, 1)
        differences = Differences(
            at_zero=rng.normal(overhead, 1, number),
            per_amount=rng.normal(-gain, 0.3, number),
            ranks=of_pairs(6, 6, 0.95) if of_samples else of_trials(8, 0.95),
        )
        one = break_even(differences, most=10)
        seen.add(one.state)
        said = {amount: differences.says(amount) for amount in np.linspace(0, 10, 50)}
        if one.state is Pays.ALWAYS:
            assert set(said.values()) == {FASTER}
        elif one.state is Pays.NEVER:
            assert FASTER not in said.values()
        elif one.state in (Pays.FROM, Pays.UNSETTLED):
            low, high = one.amount.low or 0.0, one.amount.high or 10.0
            outside = [at for at in said if not low - 1e-9 <= at <= high + 1e-9]
            assert OPEN not in [said[at] for at in outside]
            assert one.amount.value is None or low <= one.amount.value <= high
    assert {Pays.FROM, Pays.NEVER, Pays.UNSETTLED, Pays.ALWAYS} <= seen
