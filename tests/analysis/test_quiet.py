"""Quiet and typical: judged by the sentinel alone, one basis for each comparison."""

import msgspec
import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace
from threads_or_processes.analysis.quiet import Watched, floors, with_disturbance
from threads_or_processes.analysis.ratios import samples_of
from threads_or_processes.analysis.samples import Paired, TwoSamples
from threads_or_processes.analysis.trial_values import Times, trial_values
from threads_or_processes.records.quiet import ProbeMode
from threads_or_processes.records.vocabulary import Basis, Timing

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, trials_of
from tests.factories import MS, Noise, make_campaign, make_cell

CELLS = [
    make_cell("mandelbrot", model, workers, arm, blocks=8)
    for arm in ("3.13", "3.13t")
    for model, workers in (("serial", 1), ("threads", 2))
]
LITTLE = Noise(0.001, 0.001)


def sentinel_frame(*watched: Watched | None, workers: int = 1) -> pd.DataFrame:
    texts = [one if one is None else msgspec.json.encode(one).decode() for one in watched]
    return pd.DataFrame(
        {
            "sentinel_json": pd.array(texts, dtype="string"),
            "workers": pd.array([workers] * len(texts), dtype="Int64"),
            "chunks_json": pd.array([None] * len(texts), dtype="string"),
        }
    )


def test_disturbance_is_the_worst_reading_over_the_floor_of_its_cpu() -> None:
    floor = Watched([0, 1], [0], [100, 1000], [100, 1000])
    frame = with_disturbance(
        sentinel_frame(
            *[floor] * 40,
            Watched([0, 1], [0, 1], [110, 1300], [120, 1000]),
            Watched([0, 1], [0], [110, 9999], [120, 9999]),
            Watched([0, 1], [], [100, 1500], [100, 1000]),
            Watched([0, 1], [0, 7], [100, 1700], [100, 1000]),
            None,
        )
    )
    *_, both, one, unknown, elsewhere, unwatched = frame["disturbance_ratio"]
    assert (both, one, unknown, elsewhere) == pytest.approx((1.3, 1.2, 1.5, 1.7))
    assert unwatched is pd.NA


def test_workers_that_share_a_cpu_are_disturbed_where_a_program_took_another() -> None:
    floor = Watched([0, 1], [0, 1], [100, 100], [100, 100])
    shared, slow = (Watched([0, 1], [0], [110, 100], [100, other]) for other in (700, 180))
    for workers, expected in ((1, [1.1, 1.1]), (2, [7.0, 1.1]), (4, [7.0, 1.1])):
        frame = with_disturbance(sentinel_frame(*[floor] * 40, shared, slow, workers=workers))
        assert list(frame["disturbance_ratio"][-2:]) == pytest.approx(expected)


def test_a_floor_comes_from_readings_before_and_after() -> None:
    readings = [Watched([0], [0], [100 + n], [400 + n]) for n in range(150)]
    assert floors(iter(readings)) == {ProbeMode.SIMULTANEOUS: {0: 102.0}}


def test_readings_taken_in_turn_have_a_floor_of_their_own() -> None:
    at_once = Watched([0, 1], [0], [150, 150], [150, 150])
    in_turn = Watched([0, 1], [0], [100, 100], [100, 120], "in_turn")
    last = [replace(at_once, after_ns=[165, 150]), replace(in_turn, before_ns=[120, 100])]
    frame = with_disturbance(sentinel_frame(*[at_once, in_turn] * 40, *last))
    assert list(frame["disturbance_ratio"][-2:]) == pytest.approx([1.1, 1.2])


def test_quiet_times_come_back_to_the_truth_where_typical_ones_do_not() -> None:
    campaign = make_campaign(
        CELLS, noise=LITTLE, disturbed_ratio=0.3, truth=lambda cell: 10.0 * MS / cell.workers
    )
    tables = tables_of(campaign)
    for row in rows_of(tables["cells"]):
        assert row["basis"] == "quiet"
        assert row["median_ns"] == pytest.approx(10 * MS / row["workers"], rel=0.01)
        assert row["typical_ns"] >= row["median_ns"]
        assert 0.5 < row["quiet_share_ratio"] < 0.9
    speedups = [r for r in rows_of(tables["ratios"]) if r["contrast"] == "speedup_own"]
    assert [row["basis"] for row in speedups] == ["quiet", "quiet"]
    assert [row["ratio"] for row in speedups] == pytest.approx([2, 2], rel=0.01)
    # Blocks without enough quiet repetitions in both cells are left out, not filled in.
    assert all(4 <= row["blocks"] <= 8 for row in speedups)


def test_too_little_quiet_time_falls_back_on_typical_and_says_so() -> None:
    tables = tables_of(make_campaign(CELLS, noise=LITTLE, disturbed_ratio=0.93))
    cells = rows_of(tables["cells"])
    assert {row["basis"] for row in cells} == {"typical"}
    assert all("disturbed" in row["flags"].split() for row in cells)
    assert {row["basis"] for row in rows_of(tables["ratios"])} == {"typical"}
    assert {row["blocks"] for row in rows_of(tables["ratios"])} == {8}


def test_without_a_sentinel_times_are_typical_and_nothing_is_called_disturbed() -> None:
    for row in rows_of(tables_of(make_campaign(CELLS))["cells"]):
        assert (row["basis"], row["quiet_share_ratio"]) == ("typical", None)
        assert "disturbed" not in (row["flags"] or "")


def test_what_is_quiet_does_not_depend_on_the_measured_times() -> None:
    campaign = make_campaign(CELLS, disturbed_ratio=0.4)
    trials = trials_of(campaign)
    threshold = plan_of(campaign).quiet_threshold
    shuffled = trials.assign(wall_ns=trials["wall_ns"].sample(frac=1, random_state=1).to_numpy())
    as_measured, otherwise = (
        trial_values(frame, quiet_threshold=threshold)[["cell", "block", "quiet"]]
        for frame in (trials, shuffled)
    )
    pd.testing.assert_frame_equal(as_measured, otherwise)


def test_a_median_over_several_amounts_of_work_is_refused() -> None:
    campaign = make_campaign(CELLS)
    trials = trials_of(campaign)
    second = trials.groupby(["cell", "block"]).cumcount() % 2 == 1
    mixed = trials.assign(amount=trials["amount"].where(~second, 8 * trials["amount"]))
    with pytest.raises(ValueError, match="several amounts"):
        trial_values(mixed, quiet_threshold=plan_of(campaign).quiet_threshold)


def test_a_comparison_never_mixes_quiet_and_typical() -> None:
    def first(blocks: int) -> dict[int, float]:
        return dict.fromkeys(range(1, blocks + 1), 1.0)

    times = Times(
        quiet={"all": first(12), "half": first(6), "less": first(5), "few": first(4)},
        typical={name: first(12) for name in ("all", "half", "less")} | {"few": first(4)},
    )
    assert [times.basis(name) for name in ("all", "half", "less", "few")] == [
        Basis.QUIET,
        Basis.QUIET,
        Basis.TYPICAL,
        Basis.QUIET,
    ]
    assert times.basis("all", "half") is Basis.QUIET
    assert times.basis("all", "less") is Basis.TYPICAL
    assert times.basis_of_shared("all", "less") is Basis.TYPICAL


def test_peers_are_all_on_one_basis() -> None:
    twelve, five = dict.fromkeys(range(12), 1.0), dict.fromkeys(range(5), 1.0)
    cells = ("calm", "busy", "elsewhere")
    times = Times(
        quiet={"calm": twelve, "busy": five, "elsewhere": twelve},
        typical=dict.fromkeys(cells, twelve),
        peers={
            "calm": ("json", Timing.WARM),
            "busy": ("json", Timing.WARM),
            "elsewhere": ("json", Timing.COLD),
        },
    )
    assert [times.basis(cell) for cell in cells] == [Basis.TYPICAL, Basis.TYPICAL, Basis.QUIET]
    # A cell that failed throughout says nothing about the others.
    without = Times(quiet={"calm": twelve}, typical={"calm": twelve}, peers=times.peers)
    assert without.basis("calm") is Basis.QUIET


def test_five_of_eight_quiet_trials_are_too_few_for_a_verdict_and_so_for_a_basis() -> None:
    eight = dict.fromkeys(range(8), 1.0)
    times = Times(quiet={"a": dict.fromkeys(range(5), 1.0)}, typical={"a": eight})
    assert times.basis("a") is Basis.TYPICAL


def test_two_cells_may_be_quiet_in_different_blocks() -> None:
    early, late = dict.fromkeys(range(6), 1.0), dict.fromkeys(range(6, 12), 1.0)
    every = dict.fromkeys(range(12), 1.0)
    times = Times(quiet={"a": early, "b": late}, typical={"a": every, "b": every})
    assert times.basis("a", "b") is Basis.QUIET
    assert times.basis_of_shared("a", "b") is Basis.TYPICAL
    samples = samples_of(times, Basis.QUIET, cell="a", baseline="b")
    assert isinstance(samples, TwoSamples)
    assert samples.blocks == 6
    assert isinstance(samples_of(times, Basis.TYPICAL, cell="a", baseline="b"), Paired)


@pytest.mark.parametrize("basis", Basis)
def test_a_cell_of_which_no_trial_counts_is_compared_with_nothing(basis: Basis) -> None:
    one = {"b": {1: 1.0}}
    times = Times(quiet=one, typical=one)
    assert samples_of(times, basis, cell="a", baseline="b") is None
    assert samples_of(times, basis, cell="b", baseline="a") is None


def test_one_repetition_alone_is_enough_when_it_is_all_there_is() -> None:
    cell = make_cell("notebook", "raw_threads", 2, "3.13", "cold", blocks=3)
    (row,) = rows_of(tables_of(make_campaign([cell], disturbed_ratio=0.0))["cells"])
    assert (row["basis"], row["quiet_trials"]) == ("quiet", 3)


def test_the_table_of_values_holds_every_trial() -> None:
    values = tables_of(make_campaign(CELLS, disturbed_ratio=0.5))["values"]
    assert len(values) == len(CELLS) * 8
    assert np.all(values["quiet"] <= values["measured"])
    known = values[values["quiet_ns"].notna()]
    assert np.all(known["quiet_ns"] <= known["typical_ns"])
    assert np.all(values["watched"] == 5)
    # Of five repetitions three must be quiet; with fewer a trial has no quiet value.
    assert set(values["quiet"]) >= {2, 3}
    assert list(values["quiet_ns"].notna()) == list(values["quiet"] >= 3)
