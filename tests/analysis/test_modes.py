"""Slow trials beside the fast mode, and repetitions whose workers shared a CPU."""

from typing import Any

import numpy as np
import pytest
from threads_or_processes.analysis.modes import share, slow_trials
from threads_or_processes.analysis.placement import is_co_placed
from threads_or_processes.analysis.quiet import Chunks
from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS

from tests.analysis.shortcuts import rows_of, tables_of
from tests.analysis.simulated import FAMILIES, Floats
from tests.factories import MS, SILENCE, Campaign, make_campaign, make_cell, tell_cpus

TWO = "json/processes-fork/2/3.13/warm"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261126)


def noise(family: str, rng: np.random.Generator, *shape: int) -> Floats:
    return np.asarray(np.log(FAMILIES[family].trial_medians(rng, shape)))


# --- which trials are slow


@pytest.mark.parametrize("trials", [6, 8, 10])
@pytest.mark.parametrize(("family", "most"), [("quiet", 0.001), ("skewed", 0.055)])
def test_one_mode_rarely_has_slow_trials(
    family: str, most: float, trials: int, rng: np.random.Generator
) -> None:
    slow = np.array([slow_trials(of_cell) for of_cell in noise(family, rng, 2000, trials)])
    assert np.mean(slow.any(axis=1)) <= most
    assert np.mean(slow) <= 0.01


@pytest.mark.parametrize("trials", [6, 8, 10])
@pytest.mark.parametrize(("family", "least"), [("quiet", 0.98), ("skewed", 0.70)])
def test_trials_of_a_slow_mode_are_found(
    family: str, least: float, trials: int, rng: np.random.Generator
) -> None:
    # As in bursts of processes: one trial in five takes a quarter longer.
    are_slow = rng.random((2000, trials)) < 0.2
    log_times = noise(family, rng, 2000, trials) + np.log(1.25) * are_slow
    found = np.array([slow_trials(of_cell) for of_cell in log_times])
    usual = are_slow.sum(axis=1) <= trials // 2  # else the slow mode is the usual one
    assert np.mean(found[usual][are_slow[usual]]) >= least
    assert np.mean(found[usual][~are_slow[usual]]) <= 0.01


@pytest.mark.parametrize(("family", "least", "most"), [("quiet", 0.93, 1), ("skewed", 0.8, 0.95)])
def test_a_family_s_share_of_slow_trials_has_an_interval_that_holds_it_or_is_low(
    family: str, least: float, most: float, rng: np.random.Generator
) -> None:
    # Ten cells of eight trials. In skewed noise one slow trial in four is not seen.
    shape = (400, 10, 8)
    are_slow = rng.random(shape) < 0.2
    log_times = noise(family, rng, *shape) + np.log(1.25) * are_slow
    found = [int(sum(slow_trials(of_cell).sum() for of_cell in cells)) for cells in log_times]
    shares = [share(slow, 80, 0.95) for slow in found]
    assert least <= np.mean([_holds(one, 0.2) for one in shares]) <= most
    assert np.mean([(one.low or 0) > 0.2 for one in shares]) <= 0.03


def _holds(bounded: Bounded, truth: float) -> bool:
    assert bounded.low is not None
    assert bounded.high is not None
    return bounded.low <= truth <= bounded.high


def test_the_interval_of_a_share_is_clopper_and_pearson_s() -> None:
    none = share(0, 8, 0.95)
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 8))


@pytest.mark.parametrize(
    ("times", "slow"),
    [
        ([10, 10, 10, 10, 10, 11.1], 0),  # the gap is too small
        ([10, 10, 10, 10, 10, 11.3], 1),
        ([10, 10, 10, 15, 15.1, 15.2], 3),  # half of them
        ([10, 10, 15, 15, 15, 15], 0),  # more than half: then that is the usual mode
        ([10, 11.5, 13, 15, 17, 20], 0),  # wide, and no gap is wider than the rest
        ([10, 10, 10, 10, 14, 30], 1),  # the widest gap counts
        ([20] * FEWEST_BLOCKS, 0),
        ([10, 10, 10, 10, 20], 0),  # too few trials
    ],
)
def test_slow_trials_lie_beyond_a_gap(times: list[float], slow: int) -> None:
    found = slow_trials(np.log(times))
    assert found.sum() == slow
    assert set(np.flatnonzero(found)) == set(range(len(times) - slow, len(times)))


# --- co-placed repetitions


def chunks(*places: list[int], worker: list[int] | None = None, **ends: list[int]) -> Chunks:
    """Two chunks side by side, if nothing else is said."""
    nothing = [0] * len(places)
    return Chunks(
        worker=worker or list(range(len(places))),
        cpus=list(places),
        start_ns=ends.get("start_ns", nothing),
        end_ns=ends.get("end_ns", [10] * len(places)),
        user_ns=nothing,
        system_ns=nothing,
        run_queue_ns=list(nothing),
        voluntary_switches=nothing,
        involuntary_switches=nothing,
    )


@pytest.mark.parametrize(
    ("ran", "cpus", "is_so"),
    [
        (chunks([0, 0], [0, 0]), 2, True),
        (chunks([0, 0], [1, 1]), 2, False),
        (chunks([0, 0], [0, 1]), 2, True),  # they began there, and one of them moved
        (chunks([0, 0], [1, 0]), 2, True),  # they ended there
        (chunks([0, 1], [1, 0]), 2, False),  # they changed places
        (chunks([0, 0], [0, 0]), 1, False),  # there is no other CPU
        (chunks([0, 0], [1, 1], [1, 1]), 4, True),
        (chunks([0, 0], [1, 1], [1, 1]), 2, False),  # more workers than CPUs
        (chunks([0, 0], [0, 0], worker=[0, 0]), 2, False),  # one worker ran both
        (chunks([0, 0], [0, 0], start_ns=[0, 10], end_ns=[10, 20]), 2, False),  # in turn
        (chunks([0, 0], [0, 0], start_ns=[0, 6], end_ns=[10, 20]), 2, False),  # hardly at once
        (chunks([0, 0], [0, 0], start_ns=[0, 5], end_ns=[10, 15]), 2, True),
    ],
)
def test_workers_are_co_placed_when_they_share_a_cpu_and_another_has_none(
    ran: Chunks, cpus: int, is_so: bool
) -> None:
    assert is_co_placed(ran, cpus=cpus) is is_so


# --- in the table


def modes(campaign: Campaign) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["cell"], row["amount"]): row for row in rows_of(tables_of(campaign)["modes"])}


def test_the_fast_mode_stands_beside_the_slow_trials_and_the_shared_cpus() -> None:
    cells = [make_cell(*("json", "processes-fork", 2, "3.13"), blocks=8)]
    campaign = make_campaign(cells, noise=SILENCE, truth=lambda _: 10 * MS)
    for record in campaign.records.values():
        tell_cpus(record, shared=record["block"] in (2, 5))
    row = modes(campaign)[TWO, 1]
    assert (row["trials"], row["slow_trials"]) == (8, 2)
    assert row["fast_ns"] == row["fast_low_ns"] == row["fast_high_ns"] == 10 * MS
    assert (row["slow_share_ratio"], row["slow_times_ratio"]) == (0.25, 2)
    assert row["slow_share_low_ratio"] == pytest.approx(0.0319, abs=1e-3)
    assert row["slow_share_high_ratio"] == pytest.approx(0.6509, abs=1e-3)
    repetitions = cells[0].repetitions
    assert (row["placed"], row["co_placed"]) == (8 * repetitions, 2 * repetitions)
    assert row["co_placed_times_ratio"] == 2


def test_each_amount_has_its_own_modes() -> None:
    cells = [make_cell("json", "processes-fork", 2, "3.13", blocks=8)]
    campaign = make_campaign(cells, noise=SILENCE, truth=lambda _: 10 * MS)
    for record in campaign.records.values():
        for repetition in record["repetitions"][::2]:
            repetition["amount"] = 8
            repetition["wall_ns"] *= 8
        for repetition in record["repetitions"][1::2]:
            repetition["wall_ns"] *= 2 if record["block"] == 3 else 1
    found = modes(campaign)
    assert (found[TWO, 1]["slow_trials"], found[TWO, 8]["slow_trials"]) == (1, 0)
    assert (found[TWO, 1]["fast_ns"], found[TWO, 8]["fast_ns"]) == (10 * MS, 80 * MS)


def test_what_is_not_known_is_missing() -> None:
    cells = [
        make_cell("json", "serial", 1, "3.13", blocks=8),
        make_cell("json", "processes-fork", 2, "3.13", blocks=3),
    ]
    campaign = make_campaign(cells, noise=SILENCE)
    for record in campaign.records.values():
        for chunk in (chunk for r in record["repetitions"] for chunk in r["workers"]):
            del chunk["user_ns"]
    found = modes(campaign)
    assert found["json/serial/1/3.13/warm", 1]["placed"] is None
    few = found[TWO, 1]
    assert (few["trials"], few["slow_trials"], few["slow_share_ratio"]) == (3, None, None)
    assert few["placed"] is None  # records of an earlier version tell nothing of chunks


def test_a_family_s_cells_tell_together_what_each_has_too_few_trials_to_tell() -> None:
    models = ("serial", "processes-fork", "processes-spawn", "processes_pinned-fork", "threads")
    cells = [make_cell("json", model, 1 if model == "serial" else 2, "3.13") for model in models]
    campaign = make_campaign(cells, noise=SILENCE)
    for record in campaign.records.values():
        is_free = record["cell"]["model"] in ("processes-fork", "processes-spawn")
        tell_cpus(record, shared=is_free and record["block"] == 2)
    rows = {row["family"]: row for row in rows_of(tables_of(campaign)["slow_modes"])}
    assert list(rows) == ["serial", "threads", "processes"]
    blocks, repetitions = cells[0].blocks, cells[0].repetitions
    processes = rows["processes"]
    assert (processes["cells"], processes["trials"]) == (2, 2 * blocks)
    assert (processes["slow_trials"], processes["co_placed"]) == (2, 2 * repetitions)
    assert processes["slow_share_ratio"] == pytest.approx(1 / blocks)
    assert rows["threads"]["slow_trials"] == rows["threads"]["co_placed"] == 0
    assert (rows["serial"]["placed"], rows["threads"]["placed"]) == (0, blocks * repetitions)
