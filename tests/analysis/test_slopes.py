"""Fixed cost and cost per worker: stated lines come back, and how often."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from threads_or_processes.analysis.curves import Curve
from threads_or_processes.analysis.estimates import median_bounds, median_rank
from threads_or_processes.analysis.frames import csv_text
from threads_or_processes.analysis.slopes import lines_of_blocks
from threads_or_processes.analysis.tables import all_tables
from threads_or_processes.records.plan import Cell

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, trials_of
from tests.analysis.simulated import FAMILIES, Floats
from tests.factories import MIB, MS, SILENCE, Campaign, Noise, make_campaign, make_cell


def cells_of(
    counts: Sequence[int], timing: str = "cold", model: str = "processes-fork", blocks: int = 6
) -> list[Cell]:
    return [make_cell("empty", model, n, "3.13", timing, blocks=blocks) for n in counts]


def line_ns(cell: Cell) -> float:
    return 10.0 * MS + 4.0 * MS * float(cell.workers)


def slopes(campaign: Campaign) -> dict[str, dict[str, Any]]:
    """The rows by quantity."""
    return {row["quantity"]: row for row in rows_of(tables_of(campaign)["slopes"])}


# --- truths come back


def test_a_line_without_noise_comes_back_for_each_part_of_a_life() -> None:
    found = slopes(make_campaign(cells_of((1, 2, 4)), truth=line_ns, noise=SILENCE))
    # The synthetic first result comes after half a life, the tear-down takes a quarter.
    for quantity, share in (("first_result_ns", 1 / 2), ("teardown_ns", 1 / 4), ("life_ns", 1)):
        row = found[quantity]
        assert (row["state"], row["counts"], row["blocks"]) == ("fitted", 3, 6)
        assert (row["least_workers"], row["most_workers"], row["basis"]) == (1, 4, "typical")
        assert row["fixed"] == pytest.approx(10 * MS * share)
        assert row["per_worker"] == pytest.approx(4 * MS * share)
        assert row["per_worker_low"] == pytest.approx(4 * MS * share)
        assert row["per_worker_high"] == pytest.approx(4 * MS * share)
        assert row["misfit_ratio"] == pytest.approx(0, abs=1e-9)
    assert list(found) == ["first_result_ns", "teardown_ns", "life_ns"]


def test_the_line_is_the_median_of_the_blocks_lines() -> None:
    # Three blocks: 1 + 2 n, 9 + 3 n, 3 + 7 n.
    values = np.array([[3.0, 7.0], [12.0, 18.0], [10.0, 24.0]])
    lines = lines_of_blocks(Curve(np.array([1.0, 3.0]), values))
    assert lines == pytest.approx(np.array([[1, 9, 3], [2, 3, 7]]))
    cells = cells_of((1, 3), blocks=3)
    campaign = make_campaign(cells)
    for record in campaign.records.values():
        place = int(record["cell"]["workers"] == 3)
        record["repetitions"][0]["wall_ns"] = int(values[record["block"] - 1, place])
    row = slopes(campaign)["life_ns"]
    assert (row["fixed"], row["fixed_low"], row["fixed_high"]) == pytest.approx((3, 1, 9))
    assert (row["per_worker"], row["per_worker_low"]) == pytest.approx((3, 2))
    assert (row["per_worker_high"], row["ci_level"]) == pytest.approx((7, 0.75))
    assert row["ci_method"] == "order statistics"


def test_a_process_weighs_what_it_weighs_and_a_thread_nothing() -> None:
    cells = cells_of((1, 2, 8), "memory") + cells_of((1, 2, 8), "memory", "threads")
    rows = rows_of(tables_of(make_campaign(cells))["slopes"])
    processes, threads = rows
    assert processes["quantity"] == threads["quantity"] == "idle_bytes"
    assert processes["per_worker"] == pytest.approx(5 * MIB, rel=1e-3)
    assert processes["fixed"] == pytest.approx(12 * MIB, rel=1e-3)
    assert processes["basis"] is None
    assert threads["per_worker_low"] <= 0 <= threads["per_worker_high"]


def test_a_bend_shows_as_a_misfit() -> None:
    def bent_ns(cell: Cell) -> float:
        return MS * float(cell.workers) ** 2

    row = slopes(make_campaign(cells_of((1, 2, 3)), truth=bent_ns, noise=SILENCE))["life_ns"]
    # Through 1, 4 and 9 goes -10/3 + 4 n; at 2 it misses by 2/3, at 1 and 3 by 1/3.
    assert (row["fixed"], row["per_worker"]) == pytest.approx((-10 / 3 * MS, 4 * MS))
    assert row["misfit_ratio"] == pytest.approx(2 / 3 / 9)


def test_disturbed_start_ups_do_not_count_where_there_is_quiet_time() -> None:
    campaign = make_campaign(
        cells_of((1, 2, 4), blocks=20),
        truth=line_ns,
        noise=Noise(0.001, 0.001),
        disturbed_ratio=0.1,
    )
    row = slopes(campaign)["life_ns"]
    assert row["basis"] == "quiet"
    assert row["per_worker"] == pytest.approx(4 * MS, rel=0.01)
    assert 10 <= row["blocks"] < 20


# --- how often


@pytest.mark.parametrize("blocks", [6, 10])
@pytest.mark.parametrize("family", FAMILIES)
def test_intervals_hold_the_line(family: str, blocks: int) -> None:
    rng = np.random.default_rng(20261123)
    noise = FAMILIES[family]
    workers, curves = np.array([1.0, 2.0, 4.0, 8.0]), 2000
    shares = 5.0 + workers  # the most of a block is what is fixed

    def lines(curves: int) -> Floats:
        values = shares * noise.trial_medians(rng, (curves, blocks, workers.size))
        found = lines_of_blocks(Curve(workers, values.reshape(-1, workers.size)))
        return found.reshape(2, curves, blocks)

    # Noise is never below the truth: what comes back is the line of the median block.
    expected = np.median(lines(10_000).reshape(2, -1), axis=1)[:, None]
    low, high = median_bounds(lines(curves), 0.95)
    coverage = ((low <= expected) & (expected <= high)).mean(axis=1)
    _, level = median_rank(blocks, 0.95)
    assert coverage == pytest.approx([level, level], abs=0.02)


# --- degenerate, but legal


def test_one_count_makes_no_line() -> None:
    for row in slopes(make_campaign(cells_of((2,)))).values():
        assert (row["state"], row["counts"], row["most_workers"]) == ("too_few_counts", 1, 2)
        assert row["fixed"] is row["per_worker"] is row["ci_level"] is None


def test_one_block_has_a_line_without_interval() -> None:
    row = slopes(make_campaign(cells_of((1, 2), blocks=1), truth=line_ns, noise=SILENCE))["life_ns"]
    assert (row["state"], row["blocks"]) == ("too_few_blocks", 1)
    assert row["per_worker"] == pytest.approx(4 * MS)
    assert row["per_worker_low"] is row["ci_method"] is row["misfit_ratio"] is None


def test_counts_that_share_no_block_have_no_line() -> None:
    cells = cells_of((1, 2), blocks=2)
    failures = {(cells[0].id, 1): "timeout", (cells[1].id, 2): "timeout"}
    row = slopes(make_campaign(cells, failures=failures))["life_ns"]
    assert (row["state"], row["blocks"], row["fixed"]) == ("too_few_blocks", 0, None)


def test_when_all_failed_there_are_rows_without_numbers() -> None:
    cells = cells_of((1, 2), "memory", blocks=1) + cells_of((1, 2), blocks=1)
    failures = {(cell.id, 1): "crashed" for cell in cells}
    rows = rows_of(tables_of(make_campaign(cells, failures=failures))["slopes"])
    assert [row["state"] for row in rows] == ["too_few_counts"] * 4
    assert {row["counts"] for row in rows} == {0}


def test_serial_and_the_replay_and_warm_cells_have_no_slopes() -> None:
    cells = [
        make_cell("empty", "serial", 1, "3.13", "memory"),
        make_cell("notebook", "raw_threads", 2, "3.13", "cold"),
        make_cell("json", "threads", 2, "3.13"),
    ]
    assert tables_of(make_campaign(cells))["slopes"].empty


def test_the_order_of_rows_changes_no_byte() -> None:
    campaign = make_campaign(cells_of((1, 2, 4)) + cells_of((1, 2, 4), "memory"))
    plan, trials = plan_of(campaign), trials_of(campaign)
    before, after = (all_tables(plan, of)["slopes"] for of in (trials, trials.iloc[::-1]))
    assert csv_text(after) == csv_text(before)
