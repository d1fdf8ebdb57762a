"""The tables against hand counts, their invariances, and data that says little."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threads_or_processes.analysis.frames import csv_text, names
from threads_or_processes.analysis.tables import all_tables
from threads_or_processes.common.plan_file import plan_from
from threads_or_processes.records.tables import TABLES

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, trials_of, with_walls
from tests.factories import (
    MS,
    SILENCE,
    Noise,
    make_campaign,
    make_cell,
    make_cells,
    make_claim,
    plausible_truth,
)

SERIAL = "json/serial/1/3.13/warm"
THREADS = "json/threads/2/3.13/warm"
PROCESSES = "json/processes-fork/2/3.13/warm"
UNSIGNED = (
    *("cells", "ratios", "decisions", "families", "outcomes", "notebook", "startup", "memory"),
    *("updates", "control", "health", "distributions", "quality", "pairing", "order"),
)


def as_text(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    return {name: csv_text(table) for name, table in tables.items()}


# --- hand counts


def test_a_cell_is_the_median_of_its_trials_and_a_trial_of_its_measured_repetitions() -> None:
    campaign = with_walls({SERIAL: [[100, 400, 130], [90, 110, 100], [200, 160, 1]]})
    for record in campaign.records.values():
        record["repetitions"][0]["wall_ns"] = 10**9  # warm-up does not count
    (cell,) = rows_of(tables_of(campaign)["cells"])
    assert (cell["planned"], cell["ok"]) == (3, 3)
    assert cell["median_ns"] == 130  # of 130, 100, 160
    assert (cell["ci_low_ns"], cell["ci_high_ns"], cell["ci_level"]) == (100, 160, 0.75)
    assert cell["ci_method"] == "order statistics"
    assert (cell["min_ns"], cell["max_ns"]) == (100, 160)
    assert cell["geometric_mean_ns"] == pytest.approx((130 * 100 * 160) ** (1 / 3))
    assert cell["between_trial_cv_ratio"] == pytest.approx(30 / 130)
    # sd/mean of (100, 400, 130), (90, 110, 100) and (200, 160, 1): 0.787, 0.1 and 0.875.
    assert cell["within_trial_cv_ratio"] == pytest.approx(
        ((110**2 + 190**2 + 80**2) / 2) ** 0.5 / 210
    )
    assert (cell["setup_ns"], cell["teardown_ns"]) == (8 * MS, 2 * MS)
    assert cell["flags"] == "unstable"


def test_a_ratio_is_paired_by_block() -> None:
    # Block ratios of 2 throughout although both cells drift by a factor of nine: what is left is
    # the variance beyond trials of earlier campaigns.
    campaign = with_walls({SERIAL: [[200], [600], [1800]] * 2, THREADS: [[100], [300], [900]] * 2})
    ratios = tables_of(campaign)["ratios"]
    (row,) = rows_of(ratios[ratios["contrast"] == "speedup_own"])
    assert (row["cell"], row["baseline_cell"]) == (THREADS, SERIAL)
    assert (row["model"], row["workers"], row["arm"]) == ("threads", 2, "3.13")
    assert row["cell_ns"] == pytest.approx(300)
    assert row["baseline_ns"] == pytest.approx(600)
    assert row["ratio"] == pytest.approx(2)
    for end in ("low", "high"):
        beyond = abs(math.log(row[f"ci_{end}_ratio"] / 2)) / row["beyond_trials_sd"]
        assert 1.96 < beyond < 3  # a quantile of Student's t
        assert row[f"first_{end}_ratio"] == pytest.approx(row[f"second_{end}_ratio"])
    assert (row["ci_level"], row["ci_method"]) == (
        0.95,
        "Student t on log block ratios and block bootstrap",
    )
    assert (row["blocks"], row["reading"]) == (6, "faster")


def test_a_ratio_with_spread_counted_by_hand() -> None:
    # Block ratios 2 and 8; t(1) is 12.7062 at 95 % and 6.3138 at 90 %; half the distance is ln 2.
    campaign = with_walls({SERIAL: [[200], [800]], THREADS: [[100], [100]]})
    row = tables_of(campaign)["ratios"].iloc[0]
    assert row["ratio"] == pytest.approx(4)
    # The variance beyond trials adds a thousandth to the distance, and to the degrees of freedom.
    assert math.log(row["first_high_ratio"] / 4) == pytest.approx(12.7062 * math.log(2), rel=1e-3)
    assert row["ci_high_ratio"] == row["first_high_ratio"]
    low = math.log(4 / row["equivalence_low_ratio"])
    assert low == pytest.approx(6.31375 * math.log(2), rel=1e-3)
    assert row["reading"] == "inconclusive"


def test_only_blocks_where_both_trials_are_ok_are_paired() -> None:
    campaign = with_walls(
        {SERIAL: [[200], [200], [9999]], THREADS: [[100], [1], [100]]},
        failures={(SERIAL, 3): "timeout", (THREADS, 2): "crashed"},
    )
    row = tables_of(campaign)["ratios"].iloc[0]
    assert (row["blocks"], row["ratio"]) == (1, pytest.approx(2))
    assert row[["ci_low_ratio", "ci_high_ratio", "ci_level", "ci_method"]].isna().all()
    assert row["reading"] == "inconclusive"


def test_failed_trials_are_counted_and_left_out_of_times() -> None:
    campaign = with_walls(
        {SERIAL: [[100], [100], [100]], THREADS: [[50], [50], [50]]},
        failures={(THREADS, 1): "wrong_result", (THREADS, 3): "timeout"},
    )
    tables = tables_of(campaign)
    threads = tables["cells"].set_index("cell").loc[THREADS]
    assert (threads["planned"], threads["ok"], threads["median_ns"]) == (3, 1, 50)
    assert threads["flags"] == "failures"
    outcomes = tables["outcomes"].set_index("outcome")
    assert outcomes["trials"].to_dict() == {
        "planned": 6,
        "ok": 4,
        "timeout": 1,
        "crashed": 0,
        "raised": 0,
        "wrong_result": 1,
        "wrong_gil": 0,
        "worker_died": 0,
        "missing": 0,
    }
    failures = tables["failures"].set_index("outcome")
    assert failures["trials"].to_dict() == {"timeout": 1, "wrong_result": 1}
    assert failures.loc["timeout", "cell"] == THREADS
    assert failures.loc["timeout", "explanation"] == "the trial ended as timeout"


def test_a_failed_trial_counts_for_no_time_even_if_it_kept_its_repetitions() -> None:
    campaign = with_walls({SERIAL: [[100], [900]], THREADS: [[50], [50]]})
    campaign.records[f"trials/{SERIAL}/002.json"].update(outcome="wrong_gil", explanation="on")
    tables = tables_of(campaign)
    serial = tables["cells"].set_index("cell").loc[SERIAL]
    assert (serial["ok"], serial["median_ns"], serial["max_ns"]) == (1, 100, 100)
    assert set(tables["ratios"]["blocks"]) == {1}


def test_trials_that_the_data_set_lacks_are_missing_not_forgotten() -> None:
    campaign = make_campaign([make_cell("json", "serial", 1, "3.13", blocks=4)])
    trials = trials_of(campaign)
    tables = all_tables(plan_of(campaign), trials[trials["block"] != 3])
    outcomes = tables["outcomes"].set_index("outcome")
    assert outcomes.loc["missing", "trials"] == 1
    failures = tables["failures"][["cell", "outcome", "trials"]]
    assert failures.to_numpy().tolist() == [[SERIAL, "missing", 1]]
    assert outcomes["trials"].drop("planned").sum() == outcomes.loc["planned", "trials"] == 4


def test_a_failed_trial_needs_no_explanation() -> None:
    campaign = make_campaign([make_cell("json", "serial", 1, "3.13", blocks=2)])
    trials = trials_of(campaign)
    of_second = trials["block"] == 2
    trials.loc[of_second, "outcome"] = "raised"
    trials.loc[of_second, "explanation"] = None
    failures = all_tables(plan_of(campaign), trials)["failures"]
    assert failures["outcome"].tolist() == ["raised"]
    assert failures["explanation"].isna().all()


@pytest.mark.parametrize(
    ("spread_ns", "flags"), [(0, None), (40, None), (80, "variable"), (200, "unstable")]
)
def test_flags_follow_the_variation_between_trials(spread_ns: int, flags: str | None) -> None:
    campaign = with_walls({SERIAL: [[1000 - spread_ns], [1000], [1000 + spread_ns]]})
    (cell,) = rows_of(tables_of(campaign)["cells"])
    assert cell["flags"] == flags


# --- truths come back


def test_stated_truths_come_back_inside_their_intervals() -> None:
    cells = make_cells(workloads=["mandelbrot", "compress"], blocks=10, notebook=False)
    campaign = make_campaign(cells, noise=Noise(0.01, 0.005))
    truths = {cell.id: plausible_truth(cell) for cell in cells}
    ratios = tables_of(campaign)["ratios"]
    true_ratio = ratios["baseline_cell"].map(truths) / ratios["cell"].map(truths)
    held = (ratios["ci_low_ratio"] <= true_ratio) & (true_ratio <= ratios["ci_high_ratio"])
    # Own serial 2 x 3 x 4, reference 2 x (3 x 5 - 1), like for like 2 x 3 x 2, arms 2 x 3 x 5.
    assert len(ratios) == 24 + 28 + 12 + 30
    assert held.mean() >= 0.88  # 95 % nominal; rows share baselines and so their luck
    assert (ratios["ratio"] / true_ratio).between(0.97, 1.03).all()


def test_the_gil_shows_in_the_readings() -> None:
    campaign = make_campaign(make_cells(workloads=["mandelbrot"], blocks=8))
    ratios = tables_of(campaign)["ratios"]
    own = ratios[ratios["contrast"] == "speedup_own"].set_index("cell")["reading"]
    assert own["mandelbrot/threads/2/3.13/warm"] == "equal"
    assert own["mandelbrot/threads/2/3.13t-gil/warm"] == "equal"
    assert own["mandelbrot/threads/2/3.13t/warm"] == "faster"
    assert own["mandelbrot/processes-fork/2/3.13/warm"] == "faster"
    lock = ratios[ratios["contrast"] == "arm_lock"].set_index("cell")["reading"]
    assert lock["mandelbrot/threads/2/3.13t/warm"] == "faster"
    build = ratios[ratios["contrast"] == "arm_build"].set_index("cell")["reading"]
    assert build["mandelbrot/serial/1/3.13t-gil/warm"] == "slower"


# --- invariances

SMALL = make_campaign(
    make_cells(workloads=["json"], workers=[2], arms=["3.13", "3.13t"], blocks=7),
    failures={(THREADS, 2): "raised"},
    claims=[
        make_claim(THREADS, SERIAL, id="less"),
        make_claim(PROCESSES, SERIAL, id="equal", expects="equal"),
        make_claim(PROCESSES, THREADS, id="not-less", expects="not_less"),
    ],
)
PLAN, TRIALS = plan_of(SMALL), trials_of(SMALL)
TABLES_BEFORE = all_tables(PLAN, TRIALS)
TEXT = as_text(TABLES_BEFORE)


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_cells_and_trials_changes_no_byte(random: Any) -> None:
    order = list(range(len(TRIALS)))
    random.shuffle(order)
    shuffled = {**SMALL.plan}
    for key in ("cells", "trials"):
        shuffled[key] = random.sample(SMALL.plan[key], len(SMALL.plan[key]))
    assert as_text(all_tables(plan_from(shuffled), TRIALS.iloc[order])) == TEXT


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_shuffling_repetitions_inside_trials_changes_no_table(random: Any) -> None:
    times = ["wall_ns", "user_ns", "system_ns", "parent_user_ns", "parent_system_ns"]
    times += ["chunks_json", "spans_json"]
    trials = TRIALS.copy()
    for _, rows in TRIALS[TRIALS["phase"] == "measure"].groupby(["cell", "block"]):
        order = random.sample(list(rows.index), len(rows))
        trials.loc[rows.index, times] = TRIALS.loc[order, times].to_numpy()
    for name, table in all_tables(PLAN, trials).items():
        # Whether the first repetition is slower than the others is the one thing of their order.
        others = [column for column in table if not str(column).startswith("first_")]
        assert csv_text(table[others]) == csv_text(TABLES_BEFORE[name][others])


@pytest.mark.parametrize("copies", [2, 3, 10])
def test_duplicating_repetitions_inside_trials_changes_no_interval_and_no_decision(
    copies: int,
) -> None:
    trials = pd.concat(
        [TRIALS.assign(repetition=TRIALS["repetition"] + 100 * copy) for copy in range(copies)]
    )
    tables = all_tables(PLAN, trials)
    for name in ("ratios", "decisions", "claims", "outcomes", "notebook"):
        assert csv_text(tables[name]) == TEXT[name]
    of_repetitions = ["within_trial_cv_ratio", "repetitions"]  # they describe, and bound nothing
    before, after = (of["cells"].drop(columns=of_repetitions) for of in (TABLES_BEFORE, tables))
    assert csv_text(after) == csv_text(before)


def test_a_block_dropped_changes_only_cells_that_had_it() -> None:
    dropped = TRIALS[~((TRIALS["cell"] == PROCESSES) & (TRIALS["block"] == 1))]
    # A false discovery rate is one of all rows together.
    before, after = (
        of["ratios"].drop(columns="q_value") for of in (TABLES_BEFORE, all_tables(PLAN, dropped))
    )
    touched = (before["cell"] == PROCESSES) | (before["baseline_cell"] == PROCESSES)
    assert csv_text(after[~touched]) == csv_text(before[~touched])
    assert (after["blocks"] == before["blocks"] - 1)[touched].sum() >= 1


# --- degenerate, but legal

EDGES = {
    "one block": make_campaign(make_cells(blocks=1)),
    "two blocks": make_campaign(make_cells(blocks=2)),
    "one cell": make_campaign([make_cell("json", "serial", 1, "3.13")]),
    "one cell, one block": make_campaign([make_cell("json", "threads", 2, "3.13t", blocks=1)]),
    "the notebook alone": make_campaign(make_cells(workloads=[])),
    "no baseline": make_campaign(make_cells(models=["threads"])),
    "constant": make_campaign(noise=SILENCE),
    "all failed": make_campaign(
        failures={(cell.id, block): "wrong_gil" for cell in make_cells() for block in range(1, 7)}
    ),
    "no block shared": with_walls(
        {SERIAL: [[100], [100]], THREADS: [[50], [50]]},
        failures={(SERIAL, 1): "raised", (THREADS, 2): "raised"},
    ),
    "one nanosecond": with_walls({SERIAL: [[1], [1]], THREADS: [[1], [2**53]]}),
}


@pytest.mark.parametrize("name", EDGES)
def test_data_that_says_little_gives_tables_that_say_little(name: str) -> None:
    campaign = EDGES[name]
    tables = tables_of(campaign)
    for table, row in TABLES.items():
        assert list(tables[table].columns) == names(row)
    for table in UNSIGNED:
        numbers = tables[table].select_dtypes("Float64")
        assert (numbers.isna() | (numbers.abs() < float("inf"))).all(axis=None)
        signed = numbers.columns.str.endswith(("_tau", "_autocorrelation"))
        unsigned = numbers.loc[:, ~signed]
        assert (unsigned.isna() | (unsigned >= 0)).all(axis=None)
        text = csv_text(tables[table]).lower()
        assert not {"nan", "inf", "<na>", "none"} & set(
            text.replace("none,", "").replace("\n", ",").split(",")
        )
    assert len(tables["cells"]) == len(campaign.plan["cells"])
    outcomes = tables["outcomes"].set_index("outcome")["trials"]
    assert outcomes["planned"] == outcomes.drop("planned").sum()


def test_one_block_has_estimates_without_intervals() -> None:
    tables = tables_of(EDGES["one block"])
    assert tables["cells"]["median_ns"].notna().all()
    assert (
        tables["cells"][["ci_low_ns", "ci_level", "between_trial_cv_ratio"]].isna().all(axis=None)
    )
    assert tables["ratios"]["ratio"].notna().all()
    assert tables["ratios"][["ci_low_ratio", "equivalence_low_ratio"]].isna().all(axis=None)
    assert set(tables["ratios"]["reading"]) == {"inconclusive"}


def test_constant_times_leave_what_lies_beyond_trials() -> None:
    tables = tables_of(EDGES["constant"])
    cells, ratios = tables["cells"], tables["ratios"]
    assert (cells["ci_low_ns"] == cells["ci_high_ns"]).all()
    assert (cells["between_trial_cv_ratio"] == 0).all()
    known = ratios[ratios["blocks"] >= 2]
    assert (known["ci_low_ratio"] < known["ratio"]).all()
    assert (np.log(known["ci_high_ratio"] / known["ratio"]) < 3 * known["beyond_trials_sd"]).all()
    assert "inconclusive" not in set(ratios.loc[ratios["blocks"] >= 6, "reading"])


def test_when_all_failed_there_are_cells_and_decisions_without_numbers() -> None:
    tables = tables_of(EDGES["all failed"])
    assert tables["cells"].select_dtypes("Float64").isna().all(axis=None)
    assert set(tables["cells"]["ok"]) == {0}
    assert set(tables["cells"]["flags"]) == {"failures"}
    assert tables["ratios"].empty
    assert set(tables["decisions"]["use"]) == {"no_data"}
    assert tables["decisions"].drop(columns=["workload", "arm", "use"]).isna().all(axis=None)
    assert tables["families"].empty
    assert set(tables["notebook"]["trials"]) == {0}


def test_without_a_baseline_no_speedup_is_invented() -> None:
    tables = tables_of(EDGES["no baseline"])
    assert not tables["ratios"]["contrast"].str.startswith("speedup").any()
    speedups = ["speedup_ratio", "speedup_reading", "own_speedup_ratio"]
    assert tables["decisions"][speedups].isna().all(axis=None)
    assert tables["families"]["speedup_ratio"].isna().all()
    assert tables["decisions"]["best_cell"].notna().all()


def test_an_empty_data_set_is_a_campaign_with_everything_missing() -> None:
    tables = all_tables(PLAN, TRIALS.iloc[:0])
    outcomes = tables["outcomes"].set_index("outcome")["trials"]
    assert outcomes["missing"] == outcomes["planned"] == len(PLAN.trials)
    assert set(tables["cells"]["ok"]) == {0}
    assert tables["cells"]["flags"].isna().all()
    assert tables["ratios"].empty


def test_cells_that_share_no_block_have_no_ratio() -> None:
    assert tables_of(EDGES["no block shared"])["ratios"].empty
