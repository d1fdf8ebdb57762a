"""The one rule of what is quiet."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.records.quiet import QuietRule, floor_of


@given(data=st.data())
def test_quiet_is_an_undisturbed_cpu_for_each_worker(data: st.DataObject) -> None:
    """Every CPU that took part is within 12 %, and no worker lacks a CPU that others have taken."""
    cpus = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True))
    some = st.lists(st.sampled_from(cpus), max_size=4, unique=True)
    used = data.draw(some | st.lists(st.integers(0, 7), max_size=4, unique=True))
    # Undisturbed, disturbed, and beside a program that has taken the CPU.
    calm, taken = st.integers(1000, 1120), st.integers(1990, 2010) | st.just(9000)
    edge = st.sampled_from((1120, 1121))
    one = st.tuples(calm, calm | edge | st.integers(1000, 1300) | taken)
    moments = data.draw(st.lists(one, min_size=len(cpus), max_size=len(cpus)))
    before, after = ([moment[side] for moment in moments] for side in (0, 1))
    if data.draw(st.booleans()):
        before, after = after, before
    workers = data.draw(st.integers(1, 8))
    rule = QuietRule(cpus=cpus, floor_ns=[1000] * len(cpus), threshold=0.12)
    worst = {cpu: max(moment) for cpu, moment in zip(cpus, moments, strict=True)}
    judged = used if used and set(used) <= set(cpus) else cpus
    free = sum(reading <= 2000 for reading in worst.values())
    expected = all(worst[cpu] <= 1120 for cpu in judged) and free >= min(workers, len(cpus))
    assert rule.is_quiet(used, before, after, workers=workers) == expected


@given(readings=st.lists(st.integers(1, 10**9), min_size=1, max_size=350))
def test_a_floor_is_the_first_percentile_that_was_read(readings: list[int]) -> None:
    assert floor_of(readings) == np.percentile(readings, 1, method="lower")
