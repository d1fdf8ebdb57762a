"""From which size on parallel pays: readings to brackets, stated crossovers, how often."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.analysis.crossovers import crossing, find_bracket, sizes_of
from threads_or_processes.analysis.estimates import t_bounds
from threads_or_processes.analysis.frames import csv_text
from threads_or_processes.analysis.tables import all_tables
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.vocabulary import ComparisonResult, CrossoverState

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, trials_of
from tests.analysis.simulated import FAMILIES, Floats
from tests.factories import MS, SILENCE, Campaign, Noise, grid, make_campaign, params_of

SIZES_US = (10, 100, 1000, 10_000)
MARGIN = 0.05
READINGS = {
    "F": ComparisonResult.FASTER,
    "S": ComparisonResult.SLOWER,
    "E": ComparisonResult.EQUAL,
    "f": ComparisonResult.FASTER_SOMEWHAT,
    "n": ComparisonResult.NO_SPEEDUP,
    "u": ComparisonResult.INCONCLUSIVE,
}


def grains(sizes: Sequence[int] = SIZES_US, blocks: int = 10, **more: Any) -> list[Cell]:
    labels = [f"grain,task_us={size}" for size in sizes]
    return grid(labels, ["serial", "threads"], arms=["3.13t"], blocks=blocks, **more)


def sending(overhead_us: float, per_task: float = 0.5) -> Callable[[Cell], float]:
    """Two workers share the tasks, each of which costs some time to send."""

    def truth(cell: Cell) -> float:
        if cell.model == "serial":
            return 20.0 * MS
        (size,) = params_of(cell.workload).values()
        return 20.0 * MS * (per_task + overhead_us / float(size))

    return truth


def crossover(campaign: Campaign) -> dict[str, Any]:
    (row,) = rows_of(tables_of(campaign)["crossovers"])
    return row


# --- readings to brackets


@pytest.mark.parametrize(
    ("readings", "state", "baseline_to", "faster_from"),
    [
        ("SSFF", "bracketed", 1, 2),
        ("EEuF", "bracketed", 1, 3),
        ("SuFuF", "bracketed", 0, 4),
        ("SFEF", "bracketed", 2, 3),
        ("FFF", "always_faster", None, 0),
        ("F", "always_faster", None, 0),
        ("SEE", "not_reached", 2, None),
        ("uuS", "not_reached", 2, None),
        ("nnFF", "bracketed", 1, 2),
        ("SfFF", "bracketed", 0, 2),  # perhaps by less than the margin
        ("SSn", "not_reached", 2, None),
        ("FFS", "faster_below", 2, None),
        ("EFE", "faster_below", 2, None),
        ("uFF", "unresolved", None, 1),
        ("SSu", "unresolved", 1, None),
        ("Fu", "unresolved", None, None),
        ("uuu", "unresolved", None, None),
    ],
)
def test_readings_by_hand(
    readings: str, state: str, baseline_to: int | None, faster_from: int | None
) -> None:
    bracket = find_bracket([READINGS[one] for one in readings])
    assert (bracket.state, bracket.baseline_to, bracket.faster_from) == (
        state,
        baseline_to,
        faster_from,
    )


@given(st.text("FSEfnu", min_size=1, max_size=8))
def test_a_bracket_says_what_the_readings_say(readings: str) -> None:
    bracket = find_bracket([READINGS[one] for one in readings])
    if bracket.faster_from is not None:
        assert set(readings[bracket.faster_from :]) == {"F"}
    if bracket.baseline_to is not None:
        assert readings[bracket.baseline_to] in "SEn"
    if bracket.state is CrossoverState.BRACKETED:
        assert bracket.baseline_to is not None
        assert bracket.faster_from is not None
        assert bracket.baseline_to < bracket.faster_from


@pytest.mark.parametrize(
    ("label", "sizes"),
    [
        ("grain,task_us=10", [("grain", "task_us", 10)]),
        ("hash,buffer_bytes=2.5", [("hash", "buffer_bytes", 2.5)]),
        ("matmul,inner_threads=0", []),
        ("allocation,collect=True", []),
        ("x,a=1,b=two", [("x,b=two", "a", 1)]),
        ("x,a=1,b=2", [("x,b=2", "a", 1), ("x,a=1", "b", 2)]),
        ("x,a=inf,b=nan,c=-1,d", []),
        ("json", []),
    ],
)
def test_sizes_are_positive_numbers(label: str, sizes: list[tuple[str, str, float]]) -> None:
    assert list(sizes_of(label)) == sizes


# --- truths come back


def test_a_stated_crossover_is_bracketed_and_found() -> None:
    # 0.5 + o / size is 1 / 1.05 at 300 microseconds.
    overhead_us = 300 * (1 / 1.05 - 0.5)
    row = crossover(make_campaign(grains(), truth=sending(overhead_us), noise=Noise(0.01, 0.005)))
    assert (row["workload"], row["parameter"], row["model"]) == ("grain", "task_us", "threads")
    assert (row["workers"], row["arm"], row["timing"]) == (2, "3.13t", "warm")
    assert (row["sizes"], row["measured_sizes"]) == (4, 4)
    assert (row["least_size"], row["largest_size"]) == (10, 10_000)
    assert row["state"] == "bracketed"
    assert (row["baseline_to_size"], row["faster_from_size"]) == (100, 1000)
    assert row["crossover_low_size"] <= 300 <= row["crossover_high_size"]
    assert row["crossover_size"] == pytest.approx(300, rel=0.1)


def test_without_noise_the_crossover_is_exact() -> None:
    overhead_us = 300 * (1 / 1.05 - 0.5)
    row = crossover(make_campaign(grains(), truth=sending(overhead_us), noise=SILENCE))
    assert row["crossover_size"] == pytest.approx(300, rel=1e-4)
    # What lies beyond trials is left.
    assert 280 < row["crossover_low_size"] < 300 < row["crossover_high_size"] < 320


@pytest.mark.parametrize(
    ("truth", "state", "baseline_to", "faster_from"),
    [
        (sending(0.1), "always_faster", None, 10),
        (sending(1e5), "not_reached", 10_000, None),
        (sending(1.0, per_task=1.0), "not_reached", 10_000, None),
    ],
)
def test_a_crossover_may_lie_outside_the_sizes(
    truth: Callable[[Cell], float],
    state: str,
    baseline_to: int | None,
    faster_from: int | None,
) -> None:
    row = crossover(make_campaign(grains(), truth=truth, noise=SILENCE))
    assert (row["state"], row["baseline_to_size"], row["faster_from_size"]) == (
        state,
        baseline_to,
        faster_from,
    )
    assert row["crossover_size"] is row["ci_method"] is None


def test_what_pays_for_small_sizes_only_is_called_so() -> None:
    def truth(cell: Cell) -> float:
        (size,) = params_of(cell.workload).values()
        return 20.0 * MS * (1 if cell.model == "serial" else 0.6 + size / 1000)

    cells = grid(
        [f"send_array,kib={kib}" for kib in (1, 64, 4096)], ["serial", "threads"], arms=["3.13"]
    )
    row = crossover(make_campaign(cells, truth=truth, noise=SILENCE))
    assert (row["parameter"], row["state"]) == ("kib", "faster_below")


def test_each_way_has_its_own_ladder() -> None:
    labels = [f"grain,task_us={size}" for size in SIZES_US]
    cells = grid(labels, ["serial", "threads", "processes-fork"], workers=(2, 4), arms=["3.13"])
    rows = rows_of(tables_of(make_campaign(cells))["crossovers"])
    assert [(row["model"], row["workers"], row["baseline_model"]) for row in rows] == [
        ("processes-fork", 2, "serial"),
        ("processes-fork", 2, "threads"),
        ("processes-fork", 4, "serial"),
        ("processes-fork", 4, "threads"),
        ("threads", 2, "serial"),
        ("threads", 4, "serial"),
    ]


def test_processes_that_overtake_threads_are_bracketed() -> None:
    def truth(cell: Cell) -> float:
        (size,) = params_of(cell.workload).values()
        times = 10 + float(size) if cell.model == "processes-fork" else 2 * float(size)
        return MS * times

    cells = grid(
        [f"send_array,kib={kib}" for kib in (1, 4, 64)],
        ["threads", "processes-fork"],
        arms=["3.13"],
    )
    row = crossover(make_campaign(cells, truth=truth, noise=SILENCE))
    assert (row["model"], row["baseline_model"]) == ("processes-fork", "threads")
    assert (row["baseline_to_size"], row["faster_from_size"]) == (4, 64)
    # Nothing says how threads' time grows with the size, so no size between is named.
    assert row["crossover_size"] is row["ci_method"] is None


# --- how often


@pytest.mark.parametrize("blocks", [6, 10])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_interval_holds_the_crossover(family: str, blocks: int) -> None:
    rng = np.random.default_rng(20261123)
    sizes = np.array(SIZES_US, dtype=np.float64)
    held = [_holds(truth, sizes, family, blocks, rng) for truth in np.geomspace(15, 5000, 400)]
    assert 0.93 <= np.mean(held) <= 0.995


def _holds(truth: float, sizes: Floats, family: str, blocks: int, rng: np.random.Generator) -> bool:
    shares = 0.5 + truth * (1 / (1 + MARGIN) - 0.5) / sizes
    serial, parallel = FAMILIES[family].trial_medians(rng, (2, sizes.size, blocks))
    log_ratios = np.log(serial) - np.log(shares[:, None] * parallel)
    low, high = np.exp(t_bounds(log_ratios, 0.95))
    ratios = np.exp(log_ratios.mean(axis=1))
    _, low_size, high_size = crossing(sizes, ratios, low, high, margin=MARGIN)
    return (low_size or 0) <= truth <= (high_size or math.inf)


# --- degenerate, but legal


def test_one_size_is_no_ladder() -> None:
    assert tables_of(make_campaign(grains(SIZES_US[:1])))["crossovers"].empty


def test_without_a_baseline_there_is_no_ladder() -> None:
    cells = [cell for cell in grains() if cell.model != "serial"]
    assert tables_of(make_campaign(cells))["crossovers"].empty


def test_two_blocks_leave_it_open() -> None:
    row = crossover(make_campaign(grains(blocks=2), truth=sending(100)))
    assert (row["state"], row["measured_sizes"]) == ("unresolved", 4)
    assert row["baseline_to_size"] is row["faster_from_size"] is row["crossover_size"] is None


def test_sizes_that_failed_leave_it_open() -> None:
    cells = grains()
    failed = {
        (cell.id, block): "crashed"
        for cell in cells
        if cell.model == "threads" and "10000" in cell.workload
        for block in range(1, 11)
    }
    row = crossover(make_campaign(cells, truth=sending(100), noise=SILENCE, failures=failed))
    assert (row["state"], row["measured_sizes"]) == ("unresolved", 3)


def test_the_order_of_rows_changes_no_byte() -> None:
    campaign = make_campaign(grains(blocks=6), truth=sending(100))
    plan, trials = plan_of(campaign), trials_of(campaign)
    before, after = (all_tables(plan, of)["crossovers"] for of in (trials, trials.iloc[::-1]))
    assert csv_text(after) == csv_text(before)
