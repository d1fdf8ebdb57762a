"""Disturbed chunks, and what stands for them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.records.imputation import (
    Chunk,
    JudgedRepetition,
    judged,
    undisturbed_walls_ns,
    usable,
)
from threads_or_processes.records.quiet import LEAST_SHARE, MOST_TOGETHER, QuietRule, chunk_ratios
from threads_or_processes.records.trial import Repetition

from tests.factories import least

TAIL_NS = 50


def repetition(
    durations_ns: Sequence[int], disturbed: Sequence[int] = (), *, waited_ns: int = 0
) -> JudgedRepetition:
    """Chunks that start a nanosecond apart; those at `disturbed` places were."""
    chunks = [
        Chunk(
            start_ns=place,
            end_ns=place + duration_ns,
            runnable_ns=duration_ns - waited_ns,
            is_undisturbed=place not in disturbed,
        )
        for place, duration_ns in enumerate(durations_ns)
    ]
    last_ns = max(chunk.end_ns for chunk in chunks)
    return JudgedRepetition(wall_ns=last_ns + TAIL_NS, is_quiet=not disturbed, chunks=chunks)


@given(data=st.data())
def test_an_imputed_time_is_that_of_undisturbed_chunks(data: st.DataObject) -> None:
    """Whatever disturbed chunks took, it doesn't matter: only others' durations are in the time."""
    workers = data.draw(st.integers(2, 9))
    durations = st.lists(st.integers(1000, 1100), min_size=workers, max_size=workers)
    places = st.lists(st.integers(0, workers - 1), unique=True, max_size=workers)
    drawn = data.draw(st.lists(st.tuples(durations, places), min_size=1, max_size=6))
    trial = [repetition(*one) for one in drawn]
    slowed = [
        repetition(
            [9 * ns if place in disturbed else ns for place, ns in enumerate(durations_ns)],
            disturbed,
        )
        for durations_ns, disturbed in drawn
    ]
    walls_ns = undisturbed_walls_ns(trial)
    assert walls_ns == undisturbed_walls_ns(slowed)
    assert [wall_ns is not None for wall_ns in walls_ns] == usable(trial)
    undisturbed = [c.duration_ns for one in trial for c in one.undisturbed]
    for one, wall_ns in zip(trial, walls_ns, strict=True):
        if one.is_quiet:
            assert wall_ns == one.wall_ns
        if wall_ns is not None:
            assert one.undisturbed_share >= LEAST_SHARE
            assert min(undisturbed) <= wall_ns - TAIL_NS <= max(undisturbed) + workers


def test_a_donor_is_the_same_chunk_in_the_nearest_repetition() -> None:
    trial = [
        repetition([1000, 1300]),
        repetition([1000, 9000], [1]),
        repetition([1000, 1400]),
        repetition([1000, 1500]),
    ]
    assert undisturbed_walls_ns(trial)[1] == 1 + 1300 + TAIL_NS
    # Of two that are as near the earlier one, else the nearer one.
    assert undisturbed_walls_ns([trial[0], *trial[1:2] * 2, trial[3]])[1:3] == [
        1 + 1300 + TAIL_NS,
        1 + 1500 + TAIL_NS,
    ]


def test_another_chunk_is_a_donor_only_where_chunks_are_alike() -> None:
    alike = [repetition([1000, 1010, 9000], [2])] * 3
    assert undisturbed_walls_ns(alike) == [2 + 1010 + TAIL_NS] * 3
    unlike = [repetition([1000, 1200, 9000], [2])] * 3
    assert undisturbed_walls_ns(unlike) == [None] * 3
    # One with the same tasks is there.
    covered = [*unlike, repetition([9000, 1200, 1400], [0])]
    assert undisturbed_walls_ns(covered) == [2 + 1400 + TAIL_NS] * 4


def test_chunks_that_wait_for_each_other_have_no_donors() -> None:
    waiting = [repetition([1000, 9000], [1], waited_ns=30), repetition([1000, 1000], waited_ns=30)]
    assert usable(waiting) == [False, True]
    free = [repetition([1000, 9000], [1], waited_ns=20), repetition([1000, 1000], waited_ns=20)]
    assert usable(free) == [True, True]


def test_a_repetition_of_which_little_was_seen_is_not_usable() -> None:
    full = repetition([1000] * 8)
    few, enough = (repetition([1000] * 8, range(8 - kept)) for kept in (1, 2))
    assert usable([few, enough, full]) == [False, True, True]
    # The little is not lost: it may stand for others.
    assert usable([enough]) == [False]
    assert usable([enough, few]) == [True, False]


RATIOS = dict.fromkeys(range(8), 1.0) | {3: 1.6, 4: 1.05}
WORKERS = MOST_TOGETHER + 1
ON_CPUS = [[cpu, cpu] for cpu in range(WORKERS)]


@pytest.mark.parametrize(
    ("chunks", "dispatch", "workers", "expected"),
    [
        pytest.param(ON_CPUS, [7], WORKERS, [1, 1, 1, 1.6, 1.05], id="each by its own CPU"),
        pytest.param(ON_CPUS, [4], WORKERS, [1.05, 1.05, 1.05, 1.6, 1.05], id="and the parent's"),
        pytest.param([[0, 3], [4, 0]], [7], WORKERS, [1.6, 1.05], id="where it began and ended"),
        pytest.param(ON_CPUS, [7], MOST_TOGETHER, [], id="few workers: all together"),
        pytest.param(ON_CPUS, [7], 9, [], id="more workers than CPUs"),
        pytest.param(ON_CPUS, [], WORKERS, [], id="the parent's CPU is not known"),
        pytest.param([[0], []], [7], WORKERS, [], id="a chunk's CPU is not known"),
        pytest.param([[0], [9]], [7], WORKERS, [], id="a chunk's CPU is not watched"),
        pytest.param([], [7], WORKERS, [], id="tasks one by one"),
    ],
)
def test_chunks_are_judged_by_their_own_cpus(
    chunks: list[list[int]], dispatch: list[int], workers: int, expected: list[float]
) -> None:
    assert chunk_ratios(RATIOS, chunks, dispatch, workers=workers) == expected


def test_workers_that_had_to_share_a_cpu_are_not_judged_one_by_one() -> None:
    taken = RATIOS | dict.fromkeys((5, 6, 7), 9.0)
    assert chunk_ratios(taken, ON_CPUS, [0], workers=5) == [1, 1, 1, 1.6, 1.05]
    assert chunk_ratios(taken | {4: 9.0}, ON_CPUS, [0], workers=5) == []


def test_a_record_of_before_chunks_had_cpus_is_judged_as_a_whole() -> None:
    rule = QuietRule(cpus=range(6), floor_ns=[100] * 6, threshold=0.12)
    span: Any = {"pid": 1, "thread_id": 1, "tasks": 1, "start_ns": 5, "end_ns": 25}
    told: Any = {**span, "user_ns": 15, "system_ns": 4, "run_queue_ns": 1, "cpus": [2, 2]}
    record: Repetition = {
        **least(Repetition),  # type: ignore[typeddict-item]
        "wall_ns": 30,
        "cpus": list(range(6)),
        "sentinel_before_ns": [100] * 6,
        "sentinel_after_ns": [100, 100, 100, 100, 100, 160],
        "workers": [span] * 6,
    }
    assert judged(record, rule, workers=6) == JudgedRepetition(wall_ns=30, is_quiet=False)
    record["workers"], record["dispatch_cpus"] = [told] * 6, [0]
    chunk = Chunk(start_ns=5, end_ns=25, runnable_ns=20, is_undisturbed=True)
    expected = JudgedRepetition(wall_ns=30, is_quiet=False, chunks=(chunk,) * 6)
    assert judged(record, rule, workers=6) == expected
    assert judged(record, None, workers=6) == JudgedRepetition(wall_ns=30, is_quiet=True)
    slow = replace(rule, floor_ns=[100, 100, 80, 100, 100, 100])
    assert judged(record, slow, workers=6).undisturbed_share == 0


@pytest.mark.parametrize(
    ("workers", "quiet", "expected"),
    [
        pytest.param(1, 2, True, id="a CPU for the worker and one for its parent"),
        pytest.param(1, 1, False, id="one for both"),
        pytest.param(4, 5, True, id="few workers: all of theirs"),
        pytest.param(4, 4, False, id="few workers: one short"),
        pytest.param(64, 16, True, id="many: what a repetition needs of them"),
        pytest.param(64, 15, False, id="many: fewer"),
    ],
)
def test_a_trial_begins_when_there_is_quiet_enough_for_its_workers(
    workers: int, quiet: int, expected: bool
) -> None:
    rule = QuietRule(cpus=range(64), floor_ns=[100] * 64, threshold=0.12)
    reading_ns = [112] * quiet + [160] * (64 - quiet)
    assert rule.is_quiet_moment(reading_ns, workers=workers) is expected
    assert rule.is_quiet_moment([100] * 64, workers=workers)
    two = QuietRule(cpus=[0, 1], floor_ns=[100, 100], threshold=0.12)
    assert not two.is_quiet_moment([100, 113], workers=workers)
