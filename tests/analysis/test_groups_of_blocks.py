"""Campaigns of several sessions or compilations: their intervals cover these, too."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from threads_or_processes.analysis.beyond_trials import Beyond, BeyondTrials
from threads_or_processes.analysis.groups_of_blocks import Groups, between_groups, group_variance
from threads_or_processes.analysis.ratio_estimates import estimate_ratio, t_interval
from threads_or_processes.analysis.samples import Paired
from threads_or_processes.analysis.trial_values import Times

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, trials_of
from tests.factories import grid, make_campaign, make_plan

BLOCK_SD = 0.02


def test_the_variance_of_groups_is_estimated_without_bias() -> None:
    rng = np.random.default_rng(1)
    sizes = (8, 6, 4)
    found = [
        group_variance(
            [(rng.normal(0, 0.05) + rng.normal(0, 0.02, size)).tolist() for size in sizes]
        )
        for _ in range(4000)
    ]
    assert np.mean([one for one in found if one is not None]) == pytest.approx(0.05**2, rel=0.06)


def test_one_group_says_nothing_of_others() -> None:
    assert group_variance([[0.1, 0.2, 0.3]]) is None
    assert group_variance([[0.1], [0.2]]) is None


@dataclass(frozen=True)
class Coverage:
    """How often the report's intervals contain the truth, and those that know of no groups.

    `wider` is the median width of the former over that of the latter, on a logarithmic scale.
    """

    reported: float
    by_trials: float
    wider: float


def simulated(
    kinds_of_groups: Sequence[Groups],
    *,
    works: int,
    group_sd: float,
    correlation: float = 0.0,
    data_sets: int,
) -> Coverage:
    """Threads over serial, truly 1. Each kind of groups moves the ratios by `group_sd`.

    By `correlation` it moves those of all works alike.
    """
    rng = np.random.default_rng(7)
    names = [f"work{number}" for number in range(works)]
    plan = make_plan(grid(names, ["serial", "threads"], arms=["3.13"]))
    serial, threads = (
        [cell for cell in plan.cells if cell.model == model] for model in ("serial", "threads")
    )
    blocks = list(kinds_of_groups[0])
    found: list[tuple[bool, bool, float]] = []
    for _ in range(data_sets):
        logs = rng.normal(0, BLOCK_SD, (works, len(blocks)))
        for groups in kinds_of_groups:
            in_group = np.array([groups[block] for block in blocks]) - 1
            own = rng.normal(0, group_sd, (works, len(blocks)))
            alike = rng.normal(0, group_sd, len(blocks))
            moves = np.sqrt(1 - correlation) * own + np.sqrt(correlation) * alike
            logs += moves[:, in_group]
        of_threads = {
            cell.id: dict(zip(blocks, np.exp(of_cell), strict=True))
            for cell, of_cell in zip(threads, logs, strict=True)
        }
        times_by_block = of_threads | {cell.id: dict.fromkeys(blocks, 1.0) for cell in serial}
        times = Times(times_by_block, times_by_block)
        known = BeyondTrials(
            of_groups=[between_groups(plan, times, groups) for groups in kinds_of_groups]
        )
        for cell, baseline, of_cell in zip(threads, serial, logs, strict=True):
            pair = Paired(np.zeros(len(blocks)), of_cell)
            beyond = known.between(cell, baseline)
            reported = estimate_ratio(pair, confidence=plan.confidence, beyond=beyond).interval
            assert reported is not None
            by_trials = t_interval(pair, Beyond(), plan.confidence)
            widths = [np.log(one.high / one.low) for one in (reported, by_trials)]
            holds = [one.low <= 1 <= one.high for one in (reported, by_trials)]
            found.append((holds[0], holds[1], float(widths[0] / widths[1])))
    reported_holds, trials_hold, wider = map(np.array, zip(*found, strict=True))
    return Coverage(
        float(reported_holds.mean()), float(trials_hold.mean()), float(np.median(wider))
    )


def sessions(number: int) -> Groups:
    """Six blocks in each."""
    return {block: 1 + (block - 1) // 6 for block in range(1, 6 * number + 1)}


def compilations(number: int, blocks: int) -> Groups:
    """Blocks take turns."""
    return {block: 1 + (block - 1) % number for block in range(1, blocks + 1)}


@pytest.mark.parametrize("number", [2, 3])
def test_intervals_of_several_sessions_cover_what_holds_in_all_sessions(number: int) -> None:
    found = simulated([sessions(number)], works=12, group_sd=0.04, data_sets=60)
    assert 0.93 <= found.reported <= 0.99
    assert found.by_trials < 0.85


@pytest.mark.parametrize(
    ("works", "correlation", "least"), [(1, 0.0, 0.83), (4, 0.5, 0.91), (12, 0.0, 0.92)]
)
def test_intervals_of_two_compilations_cover_what_holds_in_all_compilations(
    works: int, correlation: float, least: float
) -> None:
    found = simulated(
        [compilations(2, blocks=8)],
        works=works,
        group_sd=0.03,
        correlation=correlation,
        data_sets=720 // works,
    )
    assert least <= found.reported <= 0.99
    assert found.by_trials < 0.85


def test_sessions_and_compilations_are_covered_together() -> None:
    kinds_of_groups = [sessions(2), compilations(2, blocks=12)]
    found = simulated(kinds_of_groups, works=12, group_sd=0.03, data_sets=60)
    assert 0.93 <= found.reported <= 0.99
    assert found.by_trials < 0.75


def test_where_compilations_are_alike_intervals_are_hardly_wider() -> None:
    found = simulated([compilations(2, blocks=8)], works=12, group_sd=0.0, data_sets=40)
    assert found.reported >= 0.93
    assert found.wider < 1.4  # both methods against one


def test_every_ratio_is_measured_on_all_compilations_and_its_interval_covers_them() -> None:
    """The second compilation runs all threads slower by a tenth."""
    cells = grid(["json", "fib", "regex"], ["serial", "threads"], arms=["3.13"], blocks=8)
    one, two = (make_campaign(cells, compilations=number) for number in (1, 2))
    for campaign in (one, two):
        for record in campaign.records.values():
            if record["block"] % 2 == 0 and record["cell"]["model"] == "threads":
                for repetition in record["repetitions"]:
                    repetition["wall_ns"] = round(1.1 * repetition["wall_ns"])
    assert trials_of(two).groupby("arm")["identity_sha256"].nunique().to_dict() == {"3.13": 2}
    ratios = [rows_of(tables_of(campaign)["ratios"]) for campaign in (one, two)]
    assert plan_of(two).compilations == 2
    for of_one, of_two in zip(*ratios, strict=True):
        assert of_one["ratio"] == of_two["ratio"]
        assert of_two["beyond_trials_sd"] > 5 * of_one["beyond_trials_sd"]
        assert of_two["ci_high_ratio"] > 1.05 * of_one["ci_high_ratio"]
