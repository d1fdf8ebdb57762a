"""Best against best: coverage where both were chosen from the data that they are judged on."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from threads_or_processes.analysis.beyond_trials import Beyond
from threads_or_processes.analysis.ratio_estimates import (
    RatioEstimate,
    best_against_best,
    estimate_ratio,
)
from threads_or_processes.analysis.samples import Paired

from tests.analysis.simulated import FAMILIES, Floats

BLOCKS = 10
DATA_SETS = 250
NOTHING_BEYOND = Beyond()


def chosen(logs: Floats, baseline_logs: Floats, beyond: Beyond = NOTHING_BEYOND) -> RatioEstimate:
    """Of cells with these log times, shapes (cells, blocks)."""
    own, baseline = (of[of.mean(axis=1).argmin()] for of in (logs, baseline_logs))
    pair = estimate_ratio(Paired(baseline, own), confidence=0.95, beyond=beyond)
    return best_against_best(pair, by_block(logs), by_block(baseline_logs), confidence=0.95)


def by_block(logs: Floats) -> Sequence[Mapping[int, float]]:
    return [dict(enumerate(np.exp(cell).tolist())) for cell in logs]


def coverage(
    own: Sequence[float],
    baselines: Sequence[float],
    *,
    families: Sequence[str] = tuple(FAMILIES),
    beyond_sd: float = 0.0,
) -> float:
    """How often the interval holds the true ratio of the best, for log times of these means."""
    rng = np.random.default_rng(20261126)
    beyond = Beyond(variance=2 * beyond_sd**2, freedom=100)
    truth = math.exp(min(baselines) - min(own))
    holds = []
    for family in families:
        for _ in range(DATA_SETS):
            logs, baseline_logs = (
                np.log(FAMILIES[family].trial_medians(rng, (len(means), BLOCKS)))
                + np.array(means)[:, None]
                + beyond_sd * rng.standard_normal((len(means), 1))
                for means in (own, baselines)
            )
            interval = chosen(logs, baseline_logs, beyond).interval
            assert interval is not None
            holds.append(interval.low <= truth <= interval.high)
    return float(np.mean(holds))


@pytest.mark.parametrize(
    ("own", "baselines"),
    [
        ([0.0], [0.0]),
        ([0.0] * 2, [0.0] * 2),
        ([0.0] * 3, [0.0] * 3),
        ([0.0] * 6, [0.0]),
        ([0.0], [0.0] * 6),
        ([0.0, 0.01, 0.03], [0.0, 0.02, 0.02]),
        ([0.0, 0.3, 0.5], [0.4, 0.8]),
    ],
)
def test_the_interval_holds_the_true_ratio_of_the_best(
    own: Sequence[float], baselines: Sequence[float]
) -> None:
    """Quiet, skewed and bimodal noise together: 750 data sets, 0.8 % is one standard error."""
    assert 0.93 <= coverage(own, baselines) <= 0.985


def test_choosing_by_what_trials_do_not_show_is_allowed_for_too() -> None:
    found = coverage([0.0] * 6, [0.0], families=["quiet"] * 2, beyond_sd=0.006)
    assert 0.93 <= found <= 0.985


def test_a_single_candidate_on_both_sides_is_the_pair_itself() -> None:
    logs = np.random.default_rng(1).normal(0, 0.01, (2, BLOCKS))
    found = chosen(logs[:1], logs[1:])
    pair = estimate_ratio(Paired(logs[1], logs[0]), confidence=0.95, beyond=NOTHING_BEYOND)
    assert found.methods == pair.methods


def test_only_the_end_that_the_choice_flatters_moves() -> None:
    rng = np.random.default_rng(3)
    logs = rng.normal(0, 0.01, (7, BLOCKS))
    many, one = logs[:6], logs[6:]
    interval = chosen(many, one).interval
    turned = chosen(one, many).interval
    assert interval is not None
    assert turned is not None
    ratio = math.exp(one.mean() - many.mean(axis=1).min())
    assert math.log(ratio / interval.low) > 1.1 * math.log(interval.high / ratio)
    assert (turned.low, turned.high) == pytest.approx((1 / interval.high, 1 / interval.low), 1e-3)


def test_who_is_far_behind_changes_little() -> None:
    rng = np.random.default_rng(4)
    logs = rng.normal(0, 0.01, (3, BLOCKS))
    behind = np.concatenate([logs[:1], 1 + rng.normal(0, 0.01, (4, BLOCKS))])
    with_them = chosen(behind, logs[1:2]).interval
    alone = chosen(logs[:1], logs[1:2]).methods[0].interval
    assert with_them is not None
    assert (with_them.low, with_them.high) == pytest.approx((alone.low, alone.high), rel=1e-3)


def test_cells_may_lack_blocks() -> None:
    rng = np.random.default_rng(5)
    logs = rng.normal(0, 0.01, (3, BLOCKS))
    own = by_block(logs[:2])
    pair = estimate_ratio(Paired(logs[2], logs[0]), confidence=0.95, beyond=NOTHING_BEYOND)
    fewer = [own[0], {block: time for block, time in own[1].items() if block < 6}]
    interval = best_against_best(pair, fewer, by_block(logs[2:]), confidence=0.95).interval
    assert interval is not None
    assert interval.low < pair.ratio < interval.high
