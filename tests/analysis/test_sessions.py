"""Campaigns that were continued on another day."""

from collections.abc import Mapping

import pandas as pd
from threads_or_processes.analysis.sessions import SESSION_GAP_NS, sessions_of

from tests.analysis.shortcuts import plan_of, rows_of, tables_of
from tests.factories import Campaign, grid, make_campaign

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
