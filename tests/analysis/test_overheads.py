"""Amounts of work: stated overheads, rates and break-evens come back, and how often."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from threads_or_processes.analysis.break_even import Differences
from threads_or_processes.analysis.frames import csv_text
from threads_or_processes.analysis.medians import of_trials
from threads_or_processes.analysis.overheads import check_amount, line_state, line_through
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.tables import all_tables
from threads_or_processes.records.plan import Cell

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, trials_of
from tests.analysis.simulated import FAMILIES, Floats, slow_mode
from tests.factories import MS, SILENCE, Campaign, Noise, grid, make_campaign, watch

AMOUNTS = (1, 3, 8)
SERIAL, PROCESSES = "json/serial/1/3.13/warm", "json/processes-fork/2/3.13/warm"
SIMULATIONS = 4000


def cells_of(amounts: tuple[int, ...] = AMOUNTS, blocks: int = 8) -> list[Cell]:
    cells = grid(["json"], ["serial", "processes-fork"], arms=("3.13", "3.13t"), blocks=blocks)
    return [replace(cell, amounts=amounts, repetitions=3) for cell in cells]


def batch_ns(cell: Cell) -> float:
    """Free-threaded serial takes a tenth more; two workers halve the work."""
    return MS * (20.0 if cell.arm == "3.13" else 22.0) / cell.workers


def overhead_ns(cell: Cell) -> float:
    return 0.0 if cell.model == "serial" else 2.0 * MS


def measured(cells: list[Cell] | None = None, **options: Any) -> Campaign:
    known: dict[str, Any] = {"truth": batch_ns, "overhead": overhead_ns, "noise": SILENCE}
    return make_campaign(cells or cells_of(), **known | options)


def tables(campaign: Campaign) -> tuple[dict[Any, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The rows of both tables: by cell and amount, by cell."""
    made = tables_of(campaign)
    return (
        {(row["cell"], row["amount"]): row for row in rows_of(made["amounts"])},
        {row["cell"]: row for row in rows_of(made["overheads"])},
    )


def with_bend(campaign: Campaign, ratio: float, cell: str = PROCESSES) -> Campaign:
    """The same, the time at the amount between of a cell times the ratio."""
    for record in campaign.records.values():
        for repetition in record["repetitions"]:
            if record["cell"]["id"] == cell and repetition.get("amount") == AMOUNTS[1]:
                repetition["wall_ns"] = round(repetition["wall_ns"] * ratio)
    return campaign


# --- truths come back


def test_each_amount_has_its_time_and_what_it_gains_there() -> None:
    amounts, _ = tables(measured())
    assert [amount for cell, amount in amounts if cell == PROCESSES] == list(AMOUNTS)
    for amount in AMOUNTS:
        row = amounts[PROCESSES, amount]
        assert row["time_ns"] == pytest.approx((2 + 10 * amount) * MS)
        assert row["work_ns"] == pytest.approx(20 * amount * MS)
        assert row["speedup_ratio"] == pytest.approx(20 * amount / (2 + 10 * amount))
        assert (row["trials"], row["basis"], row["speedup_reading"]) == (8, "typical", "faster")
        assert amounts[SERIAL, amount]["speedup_ratio"] is None


def test_overhead_rate_and_break_even_come_back() -> None:
    _, overheads = tables(measured())
    row = overheads[PROCESSES]
    assert (row["state"], row["trials"], row["baseline_cell"]) == ("holds", 8, SERIAL)
    assert (row["least_amount"], row["check_amount"], row["largest_amount"]) == AMOUNTS
    assert row["overhead_ns"] == pytest.approx(2 * MS, abs=2)
    assert row["batch_ns"] == pytest.approx(10 * MS, abs=2)
    assert row["rate_ratio"] == pytest.approx(2.0)
    assert row["miss_ratio"] == pytest.approx(0, abs=1e-6)
    assert row["pays"] == "from"
    # 2 + 10 w = 20 w / 1.05, and a batch is 20 ms of work.
    expected = 2 / (20 / 1.05 - 10) * 20 * MS
    for end in ("break_even_ns", "break_even_low_ns", "break_even_high_ns"):
        assert row[end] == pytest.approx(expected, rel=1e-5)
    assert overheads[SERIAL]["overhead_ns"] == pytest.approx(0, abs=2)
    assert overheads[SERIAL]["pays"] is overheads[SERIAL]["rate_ratio"] is None


def test_work_is_counted_in_serial_time_of_the_reference_on_every_arm() -> None:
    amounts, overheads = tables(measured())
    other = PROCESSES.replace("3.13", "3.13t")
    assert amounts[other, 8]["work_ns"] == overheads[other]["work_ns"] == pytest.approx(160 * MS)
    expected = 2 / (22 / 1.05 - 11) * 20 * MS
    assert overheads[other]["break_even_ns"] == pytest.approx(expected, rel=1e-5)


def test_the_other_tables_speak_of_the_largest_amount() -> None:
    made = tables_of(measured())
    row = {row["cell"]: row for row in rows_of(made["cells"])}[PROCESSES]
    assert row["median_ns"] == pytest.approx(82 * MS)
    best = rows_of(made["decisions"])[0]
    assert best["own_speedup_ratio"] == pytest.approx(160 / 82)
    assert best["work_ns"] == pytest.approx(160 * MS)


def test_a_way_that_gains_nothing_never_pays() -> None:
    _, overheads = tables(measured(truth=lambda cell: 20.0 * MS))
    row = overheads[PROCESSES]
    assert (row["pays"], row["break_even_ns"]) == ("never", None)
    assert row["rate_ratio"] == pytest.approx(1.0)


def test_what_the_speedup_at_the_largest_amount_leaves_open_the_lines_do_too() -> None:
    """No block shows a gain, so ranks are sure; one slow trial makes the ratio vague."""
    campaign = measured(truth=lambda cell: 20.0 * MS, overhead=lambda cell: 0.0)
    for record in campaign.records.values():
        if (record["cell"]["id"], record["block"]) == (PROCESSES, 1):
            for repetition in record["repetitions"]:
                repetition["wall_ns"] *= 4
    amounts, overheads = tables(campaign)
    assert amounts[PROCESSES, 8]["speedup_reading"] == "inconclusive"
    assert overheads[PROCESSES]["pays"] == "unsettled"


@pytest.mark.parametrize("ratio", [0.9, 1.15])
def test_a_line_that_bends_has_no_overhead_and_no_break_even(ratio: float) -> None:
    _, overheads = tables(with_bend(measured(), ratio))
    row = overheads[PROCESSES]
    assert row["state"] == "bends"
    assert row["miss_ratio"] == pytest.approx(1 - 1 / ratio)
    assert row["overhead_ns"] is row["rate_ratio"] is row["pays"] is row["break_even_ns"] is None


def test_where_serial_bends_a_way_has_its_overhead_and_nothing_against_serial() -> None:
    _, overheads = tables(with_bend(measured(), 1.15, SERIAL))
    row = overheads[PROCESSES]
    assert row["state"] == "holds"
    assert row["overhead_ns"] == pytest.approx(2 * MS, abs=2)
    assert row["rate_ratio"] is row["pays"] is None


def test_a_bend_within_the_margin_does_no_harm() -> None:
    _, overheads = tables(with_bend(measured(), 1.03))
    assert overheads[PROCESSES]["state"] == "holds"


@pytest.mark.parametrize(
    ("amounts", "state"), [((1,), "one_amount"), ((1, 8), "unchecked"), (AMOUNTS, "holds")]
)
def test_the_state_says_how_far_the_line_was_checked(amounts: tuple[int, ...], state: str) -> None:
    _, overheads = tables(measured(cells=cells_of(amounts)))
    row = overheads[PROCESSES]
    assert row["state"] == state
    assert (row["overhead_ns"] is None) == (state == "one_amount")


def test_fewer_than_six_blocks_settle_neither_line_nor_break_even() -> None:
    _, overheads = tables(measured(cells=cells_of(blocks=5)))
    row = overheads[PROCESSES]
    assert (row["state"], row["pays"], row["rate_ratio"]) == ("unsettled", None, None)
    assert row["ci_level"] == pytest.approx(0.9375)
    assert row["overhead_ns"] == pytest.approx(2 * MS, abs=2)


def test_trials_that_all_failed_leave_rows_without_numbers() -> None:
    cells = cells_of(blocks=2)
    failures = {(cell.id, block): "crashed" for cell in cells for block in (1, 2)}
    amounts, overheads = tables(make_campaign(cells, failures=failures))
    assert amounts[PROCESSES, 8]["time_ns"] is overheads[PROCESSES]["overhead_ns"] is None
    assert (overheads[PROCESSES]["state"], overheads[PROCESSES]["trials"]) == ("unchecked", 0)


def test_quiet_repetitions_count_where_there_are_enough_at_each_amount() -> None:
    cells = [replace(cell, repetitions=9) for cell in cells_of(blocks=12)]
    _, overheads = tables(measured(cells=cells, noise=Noise(0.001, 0.001), disturbed_ratio=0.15))
    row = overheads[PROCESSES]
    assert row["basis"] == "quiet"
    assert row["overhead_ns"] == pytest.approx(2 * MS, rel=0.05)


def test_lines_that_are_quiet_in_other_blocks_are_two_samples() -> None:
    campaign = measured(cells=cells_of(blocks=12), noise=Noise(0.001, 0.001))
    for record in campaign.records.values():
        is_serial = record["cell"]["model"] == "serial"
        is_quiet = record["block"] >= 6 if is_serial else record["block"] <= 7
        watch(record, [not is_quiet] * len(record["repetitions"]))
    _, overheads = tables(campaign)
    row = overheads[PROCESSES]
    assert (row["basis"], row["trials"], row["pays"]) == ("quiet", 7, "from")
    assert "pairs" in row["compared_ci_method"]
    assert "pairs" not in row["ci_method"]
    assert row["rate_ratio"] == pytest.approx(2, rel=0.01)
    low, high = row["break_even_low_ns"], row["break_even_high_ns"]
    assert low < 2 / (20 / 1.05 - 10) * 20 * MS < high


def test_the_order_of_rows_changes_no_byte() -> None:
    campaign = measured(noise=Noise())
    plan, trials = plan_of(campaign), trials_of(campaign)
    for name in ("amounts", "overheads"):
        before, after = (all_tables(plan, of)[name] for of in (trials, trials.iloc[::-1]))
        assert csv_text(after) == csv_text(before)


@pytest.mark.parametrize(
    ("amounts", "middle"), [((1,), None), ((1, 8), None), ((1, 3, 8), 3), ((1, 2, 4, 10, 30), 4)]
)
def test_the_amount_in_the_middle_is_the_check(amounts: tuple[int, ...], middle: int) -> None:
    assert check_amount(amounts) == middle


# --- how often

OVERHEAD, RATE, MARGIN = 2.0, 2.0, 0.05
SERIAL_LINE = np.array([[20.0 * amount] for amount in AMOUNTS])
CELL_LINE = np.array([[OVERHEAD + 20.0 / RATE * amount] for amount in AMOUNTS])

#: What a trial's times at all amounts become, given its slow mode.
Slowed = Callable[[Floats, Floats], Floats]

SLOW: dict[str, Slowed] = {
    "none": lambda times, slow: times,
    # By as much at each amount, as workers that begin on one CPU are.
    "each batch": lambda times, slow: times + slow * (OVERHEAD + 10.0),
    # Short batches only.
    "bursts": lambda times, slow: times + slow * np.array([[[OVERHEAD + 10.0]], [[0.0]], [[0.0]]]),
}


def drawn(
    rng: np.random.Generator, families: tuple[str, str], slowed: Slowed, *shape: int
) -> tuple[Floats, Floats]:
    """Times of the cell and of serial at each amount; shapes (amounts, *shape)."""
    cell, serial = (
        FAMILIES[family].at_amounts(rng, shape, line[:, 0])
        for family, line in zip(families, (CELL_LINE, SERIAL_LINE), strict=True)
    )
    return slowed(cell.reshape(3, -1, shape[-1]), slow_mode(rng, (1, *shape[:-1], shape[-1]))), (
        serial.reshape(3, -1, shape[-1])
    )


UNLIKE = [("skewed", "quiet"), ("quiet", "skewed"), ("bimodal", "quiet"), ("quiet", "bimodal")]


@pytest.mark.parametrize("slow", SLOW)
@pytest.mark.parametrize("families", [*((one, one) for one in FAMILIES), *UNLIKE])
@pytest.mark.parametrize("blocks", [6, 8])
def test_overhead_rate_break_even_and_miss_are_held_nineteen_times_in_twenty(
    blocks: int, families: tuple[str, str], slow: str
) -> None:
    rng = np.random.default_rng(20261126)

    def lines(*shape: int) -> dict[str, Any]:
        cell, serial = drawn(rng, families, SLOW[slow], *shape)
        own = line_through(cell[0], cell[2], least=1, most=8)
        other = line_through(serial[0], serial[2], least=1, most=8)
        return {
            "overhead": own.overhead,
            "rate": other.batch / own.batch,
            "miss": own.miss(cell[1], 3),
            "at_zero": own.overhead - other.overhead / (1 + MARGIN),
            "per_amount": own.batch - other.batch / (1 + MARGIN),
        }

    truth, found = lines(1, 40_000), lines(SIMULATIONS, blocks)
    ranks = of_trials(blocks, 0.95)
    low, high = 0.0, 8.0
    for _ in range(40):  # where the median of all differences passes 0
        middle = (low + high) / 2
        is_slower = np.median(truth["at_zero"] + middle * truth["per_amount"]) > 0
        low, high = (middle, high) if is_slower else (low, middle)
    differences = Differences(
        at_zero=found["at_zero"], per_amount=found["per_amount"], ranks=ranks
    ).at(low)
    values = {
        "overhead": (found["overhead"], np.median(truth["overhead"])),
        "rate": (found["rate"], np.median(truth["rate"])),
        "miss": (found["miss"], np.median(truth["miss"])),
        "break-even": (differences, 0.0),
    }
    for name, (of_trials_, expected) in values.items():
        least, most = ranks.bounds(of_trials_)
        coverage = np.mean((least <= expected) & (expected <= most))
        assert 0.93 <= coverage <= 0.97, (name, coverage)


@pytest.mark.parametrize("slow", SLOW)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_bend_is_noticed_and_a_straight_line_is_not_taken_for_one(family: str, slow: str) -> None:
    rng = np.random.default_rng(20261126)

    def states(bend: float) -> Counter[str]:
        cell, _ = drawn(rng, (family, family), SLOW[slow], 1000, 8)
        line = line_through(cell[0], cell[2], least=1, most=8)
        rules = Rules(margin=MARGIN, confidence=0.95)
        return Counter(line_state(one, rules) for one in line.miss(cell[1] * bend, 3))

    straight, at_margin, beyond, below = map(states, (1, 1 / (1 - MARGIN), 1.15, 0.9))
    assert straight["bends"] <= 5
    assert straight["holds"] >= (550 if slow == "bursts" else 970)
    assert at_margin["bends"] <= 45  # 2.5 %, and four standard errors
    assert beyond["bends"] >= (700 if slow == "bursts" else 985)
    assert beyond["holds"] <= 5
    assert below["bends"] >= 980
