"""Undisturbed times of many workers beside neighbours, by simulation and through records."""

from dataclasses import replace

import numpy as np
import pytest

from tests.analysis.neighbours import (
    Setting,
    Summary,
    summaries,
    together,
    trial_with_lock,
    value_ns,
)
from tests.analysis.shortcuts import rows_of, tables_of
from tests.factories import MS, SILENCE, beside_neighbours, make_campaign, make_cell

WITHIN = 0.01


@pytest.mark.parametrize("workers", [1, 2, 4, 8, 16, 32, 64, 128])
@pytest.mark.parametrize(
    ("quiet_share", "chunk_s", "least_known"),
    [(0.5, 0.01, 0.6), (0.8, 0.08, 0.7), (0.95, 0.02, 0.85)],
)
def test_times_by_chunks_are_unbiased(
    workers: int, quiet_share: float, chunk_s: float, least_known: float
) -> None:
    """Within 1 % on average, where all repetitions are 3 to 60 % too slow."""
    rng = np.random.default_rng(workers)
    setting = Setting(workers=workers, quiet_share=quiet_share, chunk_s=chunk_s)
    by_chunks, at_once, typical = summaries(rng, setting, 24)
    assert abs(by_chunks.bias) < WITHIN
    assert len(by_chunks.ratios) >= least_known * by_chunks.trials
    assert np.std(by_chunks.ratios) < 0.015
    if workers >= 32:
        assert typical > 0.2
        # There is hardly a moment at which all CPUs are quiet.
        assert len(at_once.ratios) <= by_chunks.trials // 2


def test_with_few_workers_the_rule_for_all_cpus_varies_no_more() -> None:
    """So it stays up to four workers: where its times are known they are the better ones."""
    rng = np.random.default_rng(1)
    for workers in (2, 4):
        by_chunks, at_once, _ = summaries(rng, Setting(workers=workers, quiet_share=0.8), 40)
        assert len(at_once.ratios) > 20
        assert abs(at_once.bias) < WITHIN / 2
        assert np.std(at_once.ratios) <= 1.1 * np.std(by_chunks.ratios)


@pytest.mark.parametrize("stays", [False, True])
def test_chunks_that_are_not_alike_are_no_donors_for_each_other(stays: bool) -> None:
    """Chunks that take 0.7 to 1.3 times the mean; one that stays on a disturbed CPU has no twin."""
    rng = np.random.default_rng(3)
    setting = Setting(workers=8, quiet_share=0.5, unequal=0.3, stays=stays)
    by_chunks, *_ = summaries(rng, setting, 60)
    assert len(by_chunks.ratios) > 5
    assert abs(by_chunks.bias) < WITHIN


@pytest.mark.parametrize(
    ("workers", "locked_share", "may_impute"),
    [(8, 0.0, True), (16, 0.02, True), (64, 0.005, True), (16, 0.1, False), (64, 0.03, False)],
)
def test_a_lock_that_workers_wait_for_leaves_only_repetitions_that_are_quiet(
    workers: int,
    locked_share: float,
    may_impute: bool,
) -> None:
    """A disturbed worker holds the lock for longer, and so the others' chunks are slowed too."""
    rng = np.random.default_rng(workers)
    setting = Setting(workers=workers, quiet_share=0.6)
    quiet = replace(setting, quiet_share=1.0)
    truth_ns = np.median(
        [
            r.wall_ns
            for _ in range(8)
            for r in trial_with_lock(rng, quiet, locked_share=locked_share)
        ]
    )
    found = Summary(float(truth_ns))
    for _ in range(12):
        found.add(trial_with_lock(rng, setting, locked_share=locked_share))
    assert len(found.ratios) == (found.trials if may_impute else 0)
    if may_impute:
        assert abs(found.bias) < WITHIN


def test_where_all_is_quiet_both_rules_say_the_same() -> None:
    rng = np.random.default_rng(2)
    repetitions = trial_with_lock(rng, Setting(workers=8, quiet_share=1.0), locked_share=0.0)
    assert value_ns(repetitions) == value_ns(together(repetitions))


WORKERS = 64
CELLS = [
    make_cell("mandelbrot", model, workers, "3.13t", blocks=6)
    for model, workers in (("serial", 1), ("threads", WORKERS))
]


def truth(workers: int) -> float:
    return 640.0 * MS / workers


@pytest.mark.parametrize("waits", [False, True])
def test_a_known_speedup_comes_back_from_records_of_64_workers(waits: bool) -> None:
    disturbed = [place % 5 == 1 for place in range(WORKERS)]
    campaign = make_campaign(CELLS, noise=SILENCE, truth=lambda cell: truth(cell.workers))
    tables = tables_of(beside_neighbours(campaign, disturbed, waits=waits))
    serial, parallel = rows_of(tables["cells"])
    assert serial["basis"] == parallel["basis"]
    assert (serial["undisturbed_chunks_ratio"], serial["imputed"]) == (None, 0)
    assert parallel["typical_ns"] == pytest.approx(1.6 * truth(WORKERS), rel=0.01)
    assert parallel["undisturbed_chunks_ratio"] == pytest.approx(1 - sum(disturbed) / WORKERS)
    values = rows_of(tables["values"])[-1]
    assert values["undisturbed_chunks_ratio"] == parallel["undisturbed_chunks_ratio"]
    (parts,) = rows_of(tables["parts"])
    assert parts["basis"] == parallel["basis"]
    (speedup,) = (row for row in rows_of(tables["ratios"]) if row["contrast"] == "speedup_own")
    if waits:
        assert (parallel["basis"], parallel["imputed"], values["quiet"]) == ("typical", 0, 0)
    else:
        assert (parallel["basis"], parallel["imputed"]) == ("quiet", 6 * 5)
        assert (values["quiet"], values["imputed"]) == (5, 5)
        assert parallel["median_ns"] == pytest.approx(truth(WORKERS), rel=0.001)
        assert speedup["ratio"] == pytest.approx(WORKERS, rel=0.001)
        # The chunks that stand for disturbed ones are taken apart, and add up to the same time.
        assert parts["worker_time_ns"] == pytest.approx(WORKERS * parallel["median_ns"], rel=0.001)
        assert parts["useful_ratio"] == pytest.approx(1, abs=0.01)
