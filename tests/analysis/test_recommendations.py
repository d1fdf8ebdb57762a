"""Recommendations: how often chance rules out the best way, what is said of moving, q values."""

import math
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threads_or_processes.analysis.beyond_trials import kind_of
from threads_or_processes.analysis.decisions import Contest, contests
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.vocabulary import Family, Use

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, trials_of
from tests.analysis.simulated import FAMILIES
from tests.factories import MS, SILENCE, Noise, make_campaign, make_cell

BLOCKS = 10
DATA_SETS = 150
RULES = Rules(margin=0.05, confidence=0.95)
TWO = ("serial/1", "threads/2")
THREE = (*TWO, "processes-fork/2")
MANY = (*THREE, "threads/4", "processes-fork/4", "threads/8", "processes-fork/8")
#: What pairs of cells differ by beyond their trials, as measured (docs/statistics.md).
BEYOND_SD = {Family.SERIAL: 0.001, Family.THREADS: 0.0038, Family.PROCESSES: 0.0086}


@cache
def campaign_of(ways: tuple[str, ...], arms: tuple[str, ...]) -> tuple[Plan, pd.DataFrame]:
    places = [way.split("/") for way in ways]
    cells = [
        make_cell("json", model, int(workers), arm) for arm in arms for model, workers in places
    ]
    campaign = make_campaign(cells)
    return plan_of(campaign), trials_of(campaign)


def simulated(
    ways: tuple[str, ...],
    noise: str,
    truths: Mapping[Family, float] | None = None,
    arms: tuple[str, ...] = ("3.13",),
) -> Iterator[list[Contest]]:
    """Contests of data sets in which every cell takes 1, or what `truths` says of its family."""
    plan, trials = campaign_of(ways, arms)
    rng = np.random.default_rng(20261126)
    for _ in range(DATA_SETS):
        walls = {}
        for cell in plan.cells:
            family, _ = kind_of(cell)
            beyond = BEYOND_SD[family] / math.sqrt(2) * rng.standard_normal()
            medians = FAMILIES[noise].trial_medians(rng, (BLOCKS,)) * math.exp(beyond)
            time = (truths or {}).get(family, 1.0)
            walls[cell.id] = dict(enumerate((1e7 * time * medians).tolist(), start=1))
        times = Times(quiet=walls, typical=walls, peers={c.id: c.peers for c in plan.cells})
        yield contests(plan, trials, times, RULES)


def left_out(contest: Contest) -> set[Family]:
    kept = {contest.plan.family(cell) for cell in contest.contenders.cells}
    return {contest.plan.family(cell) for cell in contest.fastest_first} - kept


@pytest.mark.parametrize("noise", FAMILIES)
@pytest.mark.parametrize("ways", [TWO, THREE, MANY])
def test_where_all_are_alike_few_recommendations_leave_a_family_out(
    ways: tuple[str, ...], noise: str
) -> None:
    wrong = [bool(left_out(contest)) for (contest,) in simulated(ways, noise)]
    assert np.mean(wrong) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / DATA_SETS)


def test_over_all_noise_at_most_one_in_twenty_leaves_a_family_out() -> None:
    wrong = [
        bool(left_out(contest))
        for noise in FAMILIES
        for ways in (TWO, THREE)
        for (contest,) in simulated(ways, noise)
    ]
    assert np.mean(wrong) <= 0.05


@pytest.mark.parametrize(("noise", "share"), [("quiet", 0.95), ("skewed", 0.8), ("bimodal", 0.7)])
def test_a_family_that_is_a_tenth_slower_is_left_out(noise: str, share: float) -> None:
    truths = {Family.SERIAL: 1.12, Family.PROCESSES: 1.12}
    found = [left_out(contest) for (contest,) in simulated(THREE, noise, truths)]
    assert not any(Family.THREADS in families for families in found)
    assert np.mean([Family.SERIAL in families for families in found]) >= share


# --- what a page says


def tables(truths_ms: Mapping[str, float], **more: Any) -> dict[str, pd.DataFrame]:
    cells = []
    for cell in truths_ms:
        workload, model, workers, arm, timing = cell.split("/")
        cells.append(make_cell(workload, model, int(workers), arm, timing, blocks=8))
    noise = more.pop("noise", Noise(0.004, 0.002))
    return tables_of(
        make_campaign(cells, truth=lambda cell: truths_ms[cell.id] * MS, noise=noise, **more)
    )


PAGE = {
    # processes; 3.13t gains by threads
    "json/serial/1/3.13/warm": 20.0,
    "json/threads/2/3.13/warm": 21.0,
    "json/processes-fork/2/3.13/warm": 11.0,
    "json/serial/1/3.13t/warm": 22.0,
    "json/threads/2/3.13t/warm": 10.0,
    "json/processes-fork/2/3.13t/warm": 13.0,
    # nothing gains; 3.13t is slower
    "floats/serial/1/3.13/warm": 20.0,
    "floats/threads/2/3.13/warm": 20.0,
    "floats/serial/1/3.13t/warm": 30.0,
    "floats/threads/2/3.13t/warm": 30.0,
}


def test_use_names_parallel_families_or_serial() -> None:
    rows = {(row["workload"], row["arm"]): row for row in rows_of(tables(PAGE)["decisions"])}
    assert (rows["json", "3.13"]["use"], rows["json", "3.13"]["families"]) == (
        "parallel",
        "processes",
    )
    assert (rows["json", "3.13t"]["use"], rows["json", "3.13t"]["families"]) == (
        "parallel",
        "threads",
    )
    assert rows["floats", "3.13"]["use"] == rows["floats", "3.13t"]["use"] == "serial"


def test_every_recommendation_has_its_p_and_false_discovery_rate() -> None:
    decisions = tables(PAGE)["decisions"]
    assert decisions["p_value"].notna().all()
    assert (decisions["p_value"] <= decisions["q_value"]).all()
    assert len(decisions) * decisions["q_value"].max() < 1


def test_rows_without_a_recommendation_count_in_the_false_discovery_rate() -> None:
    one = {cell: ms for cell, ms in PAGE.items() if cell.startswith("json") and "3.13/" in cell}
    # Within noise: neither faster by the margin nor not.
    doubtful = {
        f"{workload}/{way}/3.13/warm": 20.0
        for workload in ("floats", "objects", "fib")
        for way in ("serial/1", "threads/2")
    }
    found = tables(one | doubtful, noise=Noise(0.3, 0.05))["decisions"].set_index("workload")
    assert set(found["use"]) == {"parallel", "inconclusive"}
    given = found[found["use"] == "parallel"]
    assert found.drop(given.index)["p_value"].isna().all()
    assert given["q_value"].iloc[0] == pytest.approx(4 * given["p_value"].iloc[0])


def test_what_failed_throughout_is_no_recommendation() -> None:
    failures = {(cell, block): "crashed" for cell in PAGE for block in range(1, 9)}
    found = tables(PAGE, failures=failures)["decisions"]
    assert set(found["use"]) == {Use.NO_DATA}
    assert found[["p_value", "q_value"]].isna().all(axis=None)


def test_a_move_compares_the_best_of_both_arms() -> None:
    moves = {row["workload"]: row for row in rows_of(tables(PAGE)["moves"])}
    json, floats = moves["json"], moves["floats"]
    assert (json["arm"], json["best_cell"], json["baseline_cell"]) == (
        "3.13t",
        "json/threads/2/3.13t/warm",
        "json/processes-fork/2/3.13/warm",
    )
    assert json["speedup_ratio"] == pytest.approx(1.1, rel=0.01)
    assert json["speedup_reading"] == "faster"
    assert json["speedup_low_ratio"] < json["speedup_ratio"] < json["speedup_high_ratio"]
    assert floats["speedup_ratio"] == pytest.approx(20 / 30, rel=0.01)
    assert floats["speedup_reading"] == "slower"


def test_there_is_no_move_to_or_from_what_failed() -> None:
    failed = [cell for cell in PAGE if cell.startswith("json") and "3.13t" in cell]
    failures = {(cell, block): "crashed" for cell in failed for block in range(1, 9)}
    assert list(tables(PAGE, failures=failures)["moves"]["workload"]) == ["floats"]


def test_serial_is_a_family_with_a_time_on_every_arm() -> None:
    rows = rows_of(tables(PAGE, noise=SILENCE)["families"])
    families = {(row["workload"], row["arm"], row["family"]): row for row in rows}
    serial = families["json", "3.13t", "serial"]
    assert serial["time_ns"] == pytest.approx(22 * MS)
    assert serial["speedup_ratio"] is None
    assert serial["reference_speedup_ratio"] == pytest.approx(20 / 22)
    assert families["json", "3.13", "serial"]["reference_speedup_ratio"] is None
    threads = families["json", "3.13t", "threads"]
    assert threads["speedup_ratio"] == pytest.approx(22 / 10)
    assert threads["reference_speedup_ratio"] == pytest.approx(20 / 10)
