"""Campaigns that were continued on another day: their intervals cover sessions, too."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from threads_or_processes.analysis.beyond_trials import Beyond
from threads_or_processes.analysis.estimates import Interval
from threads_or_processes.analysis.ratio_estimates import t_interval
from threads_or_processes.analysis.samples import Paired
from threads_or_processes.analysis.sessions import (
    SESSION_GAP_NS,
    between_sessions,
    session_variance,
    sessions_of,
)
from threads_or_processes.analysis.trial_values import Times

from tests.analysis.shortcuts import plan_of, rows_of, tables_of
from tests.factories import Campaign, grid, make_campaign, make_plan

DAY_NS = 24 * SESSION_GAP_NS


def values_of(starts_ns: Mapping[int, list[int]]) -> pd.DataFrame:
    """As many trials as starts, by block."""
    rows = [(block, start) for block, starts in starts_ns.items() for start in starts]
    return pd.DataFrame(rows, columns=["block", "started_unix_ns"])


def test_a_session_ends_with_a_pause_of_an_hour() -> None:
    second = DAY_NS
    near = SESSION_GAP_NS // 2
    values = values_of({1: [0, near], 2: [2 * near, 3 * near], 3: [second, second + near]})
    assert sessions_of(values) == {1: 1, 2: 1, 3: 2}


def test_a_block_belongs_to_the_session_of_most_of_its_trials() -> None:
    values = values_of({1: [0, 1, DAY_NS], 2: [2, DAY_NS + 1, DAY_NS + 2]})
    assert sessions_of(values) == {1: 1, 2: 2}


def test_the_variance_of_sessions_is_estimated_without_bias() -> None:
    rng = np.random.default_rng(1)
    sizes = (8, 6, 4)
    found = [
        session_variance(
            [(rng.normal(0, 0.05) + rng.normal(0, 0.02, size)).tolist() for size in sizes]
        )
        for _ in range(4000)
    ]
    assert np.mean([one for one in found if one is not None]) == pytest.approx(0.05**2, rel=0.06)


def test_one_session_says_nothing_of_others() -> None:
    assert session_variance([[0.1, 0.2, 0.3]]) is None
    assert session_variance([[0.1], [0.2]]) is None


@pytest.mark.parametrize("sessions", [2, 3])
def test_intervals_of_several_sessions_cover_what_holds_in_all_sessions(sessions: int) -> None:
    """Twelve workloads; the truth is 0, sessions move ratios by 4 %, blocks by 2 %."""
    rng = np.random.default_rng(7)
    works = [f"work{number}" for number in range(12)]
    plan = make_plan(grid(works, ["serial", "threads"], arms=["3.13"]))
    threads = [cell for cell in plan.cells if cell.model == "threads"]
    session_of = {block: 1 + (block - 1) // 6 for block in range(1, 6 * sessions + 1)}
    in_session = np.array(list(session_of.values())) - 1
    covered: list[bool] = []
    covered_by_trials: list[bool] = []
    for _ in range(150):
        logs = {
            cell.id: rng.normal(0, 0.04, sessions)[in_session]
            + rng.normal(0, 0.02, in_session.size)
            for cell in threads
        }
        times = {
            cell.id: dict(zip(session_of, np.exp(logs.get(cell.id, 0 * in_session)), strict=True))
            for cell in plan.cells
        }
        ((_, beyond),) = between_sessions(plan, Times(times, times), session_of).items()
        for of_cell in logs.values():
            pair = Paired(np.zeros(in_session.size), of_cell)
            covered.append(holds_one(t_interval(pair, beyond, 0.95)))
            covered_by_trials.append(holds_one(t_interval(pair, Beyond(), 0.95)))
    assert 0.93 <= np.mean(covered) <= 0.99
    assert np.mean(covered_by_trials) < 0.85


def holds_one(interval: Interval) -> bool:
    return interval.low <= 1 <= interval.high


def continued(campaign: Campaign, *, after_block: int) -> Campaign:
    """The same campaign, its later blocks measured a day later."""
    for record in campaign.records.values():
        if record["block"] > after_block:
            record["started_unix_ns"] += DAY_NS
    return campaign


def test_the_tables_know_sessions() -> None:
    cells = grid(["json", "fib"], ["serial", "threads"], blocks=12)
    one, two = (make_campaign(cells), continued(make_campaign(cells), after_block=6))
    rows = [rows_of(tables_of(campaign)["sessions"]) for campaign in (one, two)]
    assert [[row["blocks"] for row in of_one] for of_one in rows] == [[12], [6, 6]]
    assert plan_of(one) == plan_of(two)
