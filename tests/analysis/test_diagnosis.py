"""Likely causes: each known picture has its name, and no more is said than the parts support."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.analysis.diagnosis import STANDS_OUT, Circumstances, causes
from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.records.vocabulary import Cause, Family, Part

THREADS = Circumstances(family=Family.THREADS, has_gil=False)
GIL = replace(THREADS, has_gil=True)
PROCESSES = Circumstances(family=Family.PROCESSES, has_gil=True)


def share(value: float, half: float = 0.02) -> Bounded:
    return Bounded(value=value, low=value - half, high=value + half)


def parts(**lost: float | Bounded) -> dict[Part, Bounded]:
    """Shares of which those that are not named are nothing, and the useful one is the rest."""
    given = {
        Part(name): one if isinstance(one, Bounded) else share(one) for name, one in lost.items()
    }
    rest = 1 - sum(one.value or 0 for one in given.values())
    return {**dict.fromkeys(Part, share(0.0)), Part.USEFUL: share(rest), **given}


@pytest.mark.parametrize(
    ("lost", "around", "expected"),
    [
        ({}, THREADS, ()),
        # waiting
        ({"waiting": 0.5}, GIL, (Cause.GIL,)),
        ({"waiting": 0.5}, replace(GIL, waiting_without_gil=share(0.0)), (Cause.GIL,)),
        (
            {"waiting": 0.5},
            replace(GIL, waiting_without_gil=share(0.4), wait_ns=50_000),
            (Cause.LOCK,),
        ),
        # it waits about as long as the GIL's switch interval: a lock beside it can't be told
        (
            {"waiting": 0.5},
            replace(GIL, waiting_without_gil=share(0.4), wait_ns=1_700_000),
            (Cause.GIL,),
        ),
        ({"waiting": 0.5}, replace(THREADS, wait_ns=50_000), (Cause.LOCK,)),
        ({"waiting": 0.5}, replace(THREADS, wait_ns=20_000_000), (Cause.TAKING_TURNS,)),
        ({"waiting": 0.5}, THREADS, (Cause.TAKING_TURNS,)),
        ({"waiting": 0.5}, PROCESSES, (Cause.TAKING_TURNS,)),
        # what the work waits by itself is taken off the waiting, and named
        ({}, replace(THREADS, own_waiting=0.9), (Cause.OWN_WAITING,)),
        # inflated
        ({"inflated": 0.7}, THREADS, (Cause.SHARED_MEMORY,)),
        (
            {"inflated": 0.7},
            replace(THREADS, inflated_in_processes=share(0.0)),
            (Cause.SHARED_MEMORY,),
        ),
        (
            {"inflated": 0.3},
            replace(THREADS, inflated_in_processes=share(0.28)),
            (Cause.SHARED_HARDWARE,),
        ),
        (
            {"inflated": 0.7},
            replace(THREADS, inflated_in_processes=share(0.15)),
            (Cause.SHARED_MEMORY,),
        ),
        (
            {"inflated": 0.3},
            replace(THREADS, inflated_in_processes=share(0.25, half=0.2)),
            (Cause.SHARED_HARDWARE,),
        ),
        (
            {"inflated": 0.3},
            replace(THREADS, inflated_in_processes=share(0.1, half=0.2)),
            (Cause.COSTLIER,),
        ),
        (
            {"inflated": 0.3},
            replace(THREADS, inflated_in_processes=share(0.12, half=0.04)),
            (Cause.COSTLIER,),
        ),
        (
            {"inflated": 0.3},
            replace(THREADS, inflated_in_processes=share(0.2, half=0.25)),
            (Cause.COSTLIER,),
        ),
        ({"inflated": 0.7}, replace(THREADS, inflated_system=0.5), (Cause.KERNEL,)),
        (
            {"inflated": 0.5},
            replace(THREADS, inflated_system=0.6, handover_ns=1_000_000),
            (Cause.LOCK_HANDOVER,),
        ),
        (
            {"inflated": 0.5},
            replace(GIL, inflated_system=0.6, handover_ns=1_000_000),
            (Cause.LOCK_HANDOVER,),
        ),
        (
            {"inflated": 0.5},
            replace(THREADS, inflated_system=0.6, handover_ns=100_000_000),
            (Cause.KERNEL,),
        ),
        (
            {"inflated": 0.5},
            replace(THREADS, inflated_system=0.9, handover_ns=300_000, serial_system=0.9),
            (Cause.KERNEL,),
        ),
        (
            {"inflated": 0.5},
            replace(PROCESSES, inflated_system=0.6, handover_ns=1_000_000),
            (Cause.KERNEL,),
        ),
        ({"inflated": 0.7}, replace(THREADS, inflated_system=0.16), (Cause.SHARED_MEMORY,)),
        ({"inflated": 0.3}, GIL, (Cause.COSTLIER,)),
        ({"inflated": 0.3}, replace(GIL, inflated_in_processes=share(0)), (Cause.SHARED_MEMORY,)),
        ({"inflated": 0.3}, PROCESSES, (Cause.SHARED_HARDWARE,)),
        ({"inflated": -0.1}, THREADS, (Cause.CHEAPER,)),
        ({"inflated": -0.04}, THREADS, ()),
        # the others
        ({"run_queue": 0.5}, PROCESSES, (Cause.TAKEN_CPU,)),
        ({"run_queue": 0.4}, replace(THREADS, own_waiting=0.3), (Cause.PROGRAMS,)),
        (
            {"run_queue": 0.4},
            replace(THREADS, own_waiting=0.3, is_oversubscribed=True),
            (Cause.TAKEN_CPU,),
        ),
        # one thread ran at any time: the GIL, whatever the others were between
        ({"imbalance": 0.25, "dispatch": 0.25}, GIL, (Cause.GIL_BETWEEN,)),
        ({"dispatch": 0.75}, replace(GIL, workers=4), (Cause.GIL_BETWEEN,)),
        ({"imbalance": 0.25, "dispatch": 0.25}, THREADS, (Cause.UNEQUAL_TASKS, Cause.SENDING)),
        ({"dispatch": 0.8}, GIL, (Cause.SENDING,)),
        ({"imbalance": 0.5}, replace(GIL, idle_workers=1.0), (Cause.IDLE_WORKERS,)),
        ({"imbalance": 0.3}, PROCESSES, (Cause.UNEQUAL_TASKS,)),
        ({"imbalance": 0.7}, replace(PROCESSES, workers=4), (Cause.UNEQUAL_TASKS,)),
        (
            {"imbalance": 0.25, "dispatch": 0.74},
            PROCESSES,
            (Cause.SENDING, Cause.LATE_TASKS),
        ),
        ({"imbalance": 0.5}, replace(PROCESSES, idle_workers=0.9), (Cause.IDLE_WORKERS,)),
        ({"dispatch": 0.4}, PROCESSES, (Cause.SENDING,)),
        # several, the largest first
        (
            {"inflated": 0.2, "waiting": 0.33},
            replace(THREADS, wait_ns=20_000),
            (Cause.LOCK, Cause.SHARED_MEMORY),
        ),
    ],
)
def test_known_pictures_have_their_names(
    lost: dict[str, float], around: Circumstances, expected: tuple[Cause, ...]
) -> None:
    assert causes(parts(**lost), around) == expected


shares = st.floats(-0.2, 1.0)
arounds = st.builds(
    Circumstances,
    family=st.sampled_from([Family.THREADS, Family.PROCESSES, Family.INTERPRETERS]),
    has_gil=st.booleans(),
    workers=st.integers(1, 64),
    own_waiting=st.floats(0, 0.05),
    wait_ns=st.none() | st.floats(0, 1e9),
    handover_ns=st.none() | st.floats(0, 1e9),
    idle_workers=st.floats(0, 4),
    inflated_system=st.none() | st.floats(0, 1),
    serial_system=st.floats(0, 1),
    inflated_in_processes=st.none() | shares.map(share),
    waiting_without_gil=st.none() | shares.map(share),
)
some_parts = st.fixed_dictionaries(
    {part: st.builds(share, shares, st.floats(0, 0.5)) for part in Part}
)


@given(some_parts, arounds)
def test_nothing_is_said_that_the_parts_don_t_support(
    found: dict[Part, Bounded], around: Circumstances
) -> None:
    """A cause for each lost part whose whole interval is beyond the limit, and no other."""
    beyond = [
        part
        for part, one in found.items()
        if part is not Part.USEFUL and one.low is not None and one.low >= STANDS_OUT
    ]
    said = causes(found, around)
    assert len(set(said) - {Cause.CHEAPER}) <= len(beyond)
    assert bool(beyond) == bool(set(said) - {Cause.CHEAPER})


@given(some_parts, arounds)
def test_without_an_interval_nothing_is_said(
    found: dict[Part, Bounded], around: Circumstances
) -> None:
    assert causes({part: Bounded(value=one.value) for part, one in found.items()}, around) == ()


@given(some_parts, arounds)
def test_the_cause_of_the_largest_part_comes_first(
    found: dict[Part, Bounded], around: Circumstances
) -> None:
    own = found[Part.RUN_QUEUE]
    lost = [one for part, one in found.items() if part not in (Part.USEFUL, Part.RUN_QUEUE)]
    beyond = [one.value or 0 for one in lost if (one.low or 0) >= STANDS_OUT]
    if (own.low or 0) >= STANDS_OUT and own.value != max(beyond, default=0):
        is_first = causes(found, around)[0] is Cause.TAKEN_CPU
        assert is_first == ((own.value or 0) > max(beyond, default=0))
