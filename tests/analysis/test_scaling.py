"""The tables of scaling and of the laws fitted to it, against hand counts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from threads_or_processes.analysis.frames import csv_text
from threads_or_processes.analysis.scaling import serial_fraction
from threads_or_processes.analysis.tables import all_tables
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.vocabulary import WorkerKind

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, trials_of, with_walls
from tests.factories import MS, SILENCE, Campaign, Noise, make_campaign, make_cell

SERIAL = "json/serial/1/3.13/warm"
THREADS = "json/threads/{}/3.13/warm"
COUNTS = (1, 2, 4, 8, 16)
LITTLE = Noise(0.01, 0.005)


def universal_ns(cell: Cell, contention: float, coherency: float) -> float:
    """A pool costs 10 % with any number of workers, which is no part of the law."""
    if cell.model == "serial":
        return 20.0 * MS
    n = float(cell.workers)
    return 22.0 * MS * (1 + contention * (n - 1) + coherency * n * (n - 1)) / n


def large_machine(
    contention: float = 0.05,
    coherency: float = 0.004,
    *,
    counts: Sequence[int] = COUNTS,
    beyond: Sequence[int] = (),
    blocks: int = 10,
    noise: Noise = LITTLE,
    failures: Mapping[tuple[str, int], str] | None = None,
) -> Campaign:
    """Serial and threads; counts in `beyond` share cores and take twice as long as the law says."""
    cells = [make_cell("json", "serial", 1, "3.13", blocks=blocks)]
    for count in (*counts, *beyond):
        cell = make_cell("json", "threads", count, "3.13", blocks=blocks)
        kind = WorkerKind.SMT if count in beyond else WorkerKind.WITHIN_CORES
        cells.append(replace(cell, worker_kind=kind))

    def truth(cell: Cell) -> float:
        return universal_ns(cell, contention, coherency) * (2 if cell.workers in beyond else 1)

    return make_campaign(cells, truth=truth, noise=noise, failures=failures)


def fit(campaign: Campaign) -> dict[str, Any]:
    (row,) = rows_of(tables_of(campaign)["fits"])
    return row


# --- speed-up, efficiency, serial fraction


def test_speedup_efficiency_and_serial_fraction_by_hand() -> None:
    walls = {SERIAL: [[800]] * 6, THREADS.format(4): [[250]] * 6, THREADS.format(1): [[1000]] * 6}
    one, four = rows_of(tables_of(with_walls(walls))["scaling"])
    assert (four["cell"], four["baseline_cell"], four["blocks"]) == (THREADS.format(4), SERIAL, 6)
    assert (four["workers"], four["worker_kind"]) == (4, "oversubscribed")
    assert (four["cell_ns"], four["baseline_ns"]) == pytest.approx((250, 800))
    assert four["speedup_ratio"] == pytest.approx(3.2)
    assert four["efficiency_ratio"] == pytest.approx(0.8)
    # (1 / 3.2 - 1 / 4) / (1 - 1 / 4)
    assert four["serial_fraction_ratio"] == pytest.approx(1 / 12)
    assert one["efficiency_ratio"] == pytest.approx(0.8)
    assert one["serial_fraction_ratio"] is one["serial_fraction_low_ratio"] is None


def test_the_ends_of_the_intervals_go_through_the_same_formulas() -> None:
    campaign = with_walls({SERIAL: [[800]] * 4, THREADS.format(2): [[400], [500], [450], [430]]})
    (row,) = rows_of(tables_of(campaign)["scaling"])
    low, high = row["speedup_low_ratio"], row["speedup_high_ratio"]
    assert low < row["speedup_ratio"] < high
    assert row["efficiency_low_ratio"] == pytest.approx(low / 2)
    assert row["efficiency_high_ratio"] == pytest.approx(high / 2)
    assert row["serial_fraction_low_ratio"] == pytest.approx((1 / high - 1 / 2) / (1 / 2))
    assert row["serial_fraction_high_ratio"] == pytest.approx((1 / low - 1 / 2) / (1 / 2))
    assert (row["ci_level"], row["basis"]) == (0.95, "typical")


@pytest.mark.parametrize("serial", [0.0, 0.01, 0.2, 1.0])
@pytest.mark.parametrize("workers", [2, 8, 64])
def test_under_amdahls_law_the_fraction_is_the_same_for_all_counts(
    serial: float, workers: int
) -> None:
    speedup = 1 / (serial + (1 - serial) / workers)
    assert serial_fraction(speedup, workers) == pytest.approx(serial, abs=1e-12)


def test_more_than_ideal_is_below_zero() -> None:
    assert serial_fraction(2.5, 2) == pytest.approx(-0.2)
    assert serial_fraction(1.0, 1) is None


def test_without_a_serial_cell_there_is_no_row_and_without_a_shared_block_no_number() -> None:
    cells = [
        make_cell("json", "serial", 1, "3.13", blocks=1),
        make_cell("json", "threads", 2, "3.13", blocks=1),
        make_cell("json", "threads", 2, "3.13", blocks=1, replicate=2),
        make_cell("json", "threads", 2, "3.13", "cold", blocks=1),
        make_cell("json", "threads", 2, "3.13t", blocks=1),
    ]
    campaign = make_campaign(cells, failures={(SERIAL, 1): "crashed"})
    (row,) = rows_of(tables_of(campaign)["scaling"])
    assert (row["cell"], row["blocks"]) == (THREADS.format(2), 0)
    assert row["speedup_ratio"] is row["efficiency_ratio"] is row["basis"] is None


# --- laws


def test_stated_parameters_and_their_peak_come_back() -> None:
    row = fit(large_machine())
    assert (row["state"], row["preferred"], row["counts"]) == ("identified", "usl", 5)
    assert (row["most_workers"], row["believed_to_workers"], row["blocks"]) == (16, 32, 10)
    assert row["usl_contention_low_ratio"] <= 0.05 <= row["usl_contention_high_ratio"]
    assert row["usl_coherency_low_ratio"] <= 0.004 <= row["usl_coherency_high_ratio"]
    assert row["peak_low_workers"] <= (0.95 / 0.004) ** 0.5 <= row["peak_high_workers"]
    # The pool's own price is in the time of one worker, not in what can't be shared.
    assert row["usl_one_worker_ns"] == pytest.approx(22 * MS, rel=0.03)
    assert row["usl_aicc"] < row["amdahl_aicc"]
    assert row["amdahl_misfit_ratio"] > row["usl_misfit_ratio"]


def test_amdahls_law_has_no_peak() -> None:
    row = fit(large_machine(0.1, 0.0))
    assert (row["state"], row["preferred"]) == ("weakly_identified", "amdahl")
    assert row["amdahl_contention_low_ratio"] <= 0.1 <= row["amdahl_contention_high_ratio"]
    assert row["usl_coherency_low_ratio"] == 0
    assert row["peak_workers"] is row["peak_low_workers"] is None


def test_a_peak_out_of_reach_is_not_named() -> None:
    row = fit(large_machine(0.02, 0.0006, noise=Noise(0.001, 0.001)))
    assert row["state"] == "peak_beyond"  # at 40 workers, measured up to 16
    assert row["usl_coherency_low_ratio"] > 0
    assert row["peak_workers"] is None


def test_workers_beyond_the_cores_are_no_part_of_the_curve() -> None:
    alone, beside = (
        fit(large_machine(noise=SILENCE)),
        fit(large_machine(noise=SILENCE, beyond=(32,))),
    )
    assert beside == alone
    assert alone["usl_coherency_ratio"] == pytest.approx(0.004, rel=1e-4)


def test_three_counts_or_five_blocks_have_no_parameters() -> None:
    three = fit(large_machine(counts=(1, 2, 4), beyond=(8,)))
    assert (three["state"], three["counts"]) == ("too_few_counts", 3)
    few = fit(large_machine(blocks=5))
    assert (few["state"], few["blocks"]) == ("too_few_blocks", 5)
    for row in (three, few):
        assert row["usl_contention_ratio"] is row["amdahl_aicc"] is row["preferred"] is None


def test_a_curve_that_no_law_describes_is_called_so() -> None:
    campaign = large_machine(noise=SILENCE)
    for record in campaign.records.values():
        if record["cell"]["workers"] == 4:
            for repetition in record["repetitions"]:
                repetition["wall_ns"] = repetition["wall_ns"] * 3 // 2
    row = fit(campaign)
    assert row["state"] == "poor_fit"
    assert row["usl_misfit_ratio"] > 0.05
    assert row["peak_workers"] is None


def test_a_count_that_always_failed_does_not_take_the_others_with_it() -> None:
    crashed = {(THREADS.format(16), block): "crashed" for block in range(1, 11)}
    row = fit(large_machine(failures=crashed))
    assert (row["counts"], row["most_workers"], row["blocks"]) == (4, 8, 10)


def test_a_count_that_failed_once_costs_a_block() -> None:
    row = fit(large_machine(failures={(THREADS.format(16), 3): "crashed"}))
    assert (row["counts"], row["blocks"]) == (5, 9)


def test_constant_times_claim_no_more_than_is_there() -> None:
    row = fit(large_machine(0.1, 0.0, noise=SILENCE))
    assert row["state"] == "weakly_identified"
    assert row["amdahl_contention_ratio"] == pytest.approx(0.1, abs=1e-6)


def test_the_order_of_rows_changes_no_byte() -> None:
    campaign = large_machine(blocks=6)
    plan, trials = plan_of(campaign), trials_of(campaign)
    before, after = (all_tables(plan, of) for of in (trials, trials.iloc[::-1]))
    for name in ("scaling", "fits"):
        assert csv_text(after[name]) == csv_text(before[name])
