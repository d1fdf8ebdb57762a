"""Distributions of repetitions: counted by hand, and deaf to how often a trial repeated."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threads_or_processes.analysis.cells import SHARES, quantiles

from tests.analysis.shortcuts import rows_of, tables_of, with_walls
from tests.factories import MS, Noise, make_campaign, make_cell, watch

SERIAL = "json/serial/1/3.13/warm"

trials_ns = st.lists(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=30), min_size=1, max_size=12
)


def arrays(trials: list[list[int]]) -> list[np.ndarray]:
    return [np.array(times, dtype=np.float64) for times in trials]


def test_every_trial_weighs_the_same() -> None:
    # The four share one half, the one has the other: 1/8, 2/8, 3/8, 4/8, 8/8.
    found = quantiles(
        arrays([[40, 10, 30, 20], [100]]), np.array([0, 0.125, 0.2, 0.5, 0.51, 0.95, 1])
    )
    assert list(found) == [10, 10, 20, 40, 100, 100, 100]


def test_ten_times_a_tenth_of_a_trial_is_a_tenth() -> None:
    # In binary the ten add up to a little less than one.
    assert quantiles(arrays([[1] + [2] * 9] * 10), np.array([0.1])) == [1]


def test_tails_of_a_cell_by_hand() -> None:
    # 20 repetitions of four trials: the 18th reaches 90 %, the 19th 95 %.
    walls_ns = [[1 + place + 5 * block for place in range(5)] for block in range(4)]
    (cell,) = rows_of(tables_of(with_walls({SERIAL: walls_ns}))["cells"])
    assert cell["repetitions"] == 20
    assert (cell["p90_ns"], cell["p95_ns"], cell["max_repetition_ns"]) == (18, 19, 20)
    assert cell["max_ns"] == 18  # the slowest trial is the median of 16 to 20


@settings(max_examples=50)
@given(trials_ns, st.integers(2, 4), st.randoms(use_true_random=False))
def test_repetitions_shuffled_or_all_doubled_change_no_bit(
    trials: list[list[int]], copies: int, random: Any
) -> None:
    otherwise = [random.sample(times * copies, len(times) * copies) for times in trials]
    assert list(quantiles(arrays(otherwise), SHARES)) == list(quantiles(arrays(trials), SHARES))


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=60))
def test_one_trial_has_its_order_statistics(times: list[int]) -> None:
    ordered = sorted(times)
    places = [-(-Fraction(step * len(times), 20) // 1) for step in range(21)]
    expected = [ordered[max(0, place - 1)] for place in places]
    assert list(quantiles(arrays([times]), SHARES)) == expected


def test_quiet_times_are_the_fast_end_of_typical_ones() -> None:
    cell = make_cell("json", "serial", 1, "3.13", blocks=8)
    campaign = make_campaign([cell], noise=Noise(0.001, 0.001), disturbed_ratio=0.3)
    table = tables_of(campaign)["distributions"]
    assert list(table["share_ratio"]) == list(SHARES)
    assert table[["typical_ns", "quiet_ns"]].apply(lambda of: of.is_monotonic_increasing).all()
    quiet, typical = table["quiet_ns"].iloc[-1], table["typical_ns"].iloc[-1]
    assert typical / quiet == pytest.approx(1.6, rel=0.02)  # as a neighbour slows it


def test_too_few_quiet_repetitions_are_not_in_the_quiet_distribution() -> None:
    cell = make_cell("json", "serial", 1, "3.13", blocks=2)
    campaign = make_campaign([cell], noise=Noise(0, 0), disturbed_ratio=0.0)
    for record in campaign.records.values():
        if record["block"] == 1:
            watch(record, [place > 3 for place in range(7)])  # of five that count, two are quiet
            record["repetitions"][2]["wall_ns"] = 1
    rows = rows_of(tables_of(campaign)["distributions"])
    assert (rows[0]["typical_ns"], rows[0]["quiet_ns"]) == (1, 20 * MS)


def test_without_a_sentinel_nothing_is_quiet_and_without_a_trial_there_is_no_row() -> None:
    failed = make_cell("json", "threads", 2, "3.13", blocks=1)
    campaign = with_walls({SERIAL: [[7]], failed.id: [[9]]}, failures={(failed.id, 1): "crashed"})
    rows = rows_of(tables_of(campaign)["distributions"])
    assert {row["cell"] for row in rows} == {SERIAL}
    assert {(row["typical_ns"], row["quiet_ns"]) for row in rows} == {(7, None)}
    assert len(rows) == len(SHARES)
