"""Worker counts and the borders that they cross on machines of many shapes."""

import itertools
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.plan.spelling import MOST_COUNTS, kind_of, worker_counts
from threads_or_processes.records.plan import Machine
from threads_or_processes.records.topology import Topology
from threads_or_processes.records.vocabulary import WorkerKind

from tests.machines import CONTAINER, HYBRID, PLAIN, TWO_SOCKETS, machine


@pytest.mark.parametrize(
    ("asked", "here", "counts"),
    [
        ("auto", machine(1, 1), [1, 2]),
        ("auto", machine(2, 2), [1, 2, 4]),
        ("auto", machine(12, 6), [1, 2, 4, 6, 12, 24]),
        ("auto", machine(16, 8), [1, 2, 4, 8, 16, 32]),
        ("auto", machine(6, None), [1, 2, 4, 6, 12]),
        ("auto", machine(32, 32), [1, 2, 4, 8, 16, 32, 64]),
        ("auto", machine(256, 256), [1, 2, 4, 8, 16, 64, 256, 512]),
        ("auto", PLAIN, [1, 2, 4, 8, 16, 64, 128]),
        ("auto", HYBRID, [1, 2, 4, 8, 16, 24, 32, 64]),
        ("auto", TWO_SOCKETS, [1, 2, 4, 8, 16, 32, 64, 128, 256]),
        ("auto", CONTAINER, [1, 2, 4, 8, 10, 20]),
        ("auto", machine(16, 16, 2.5), [1, 2, 3, 6]),
        ("auto", machine(2, 2, 8.0), [1, 2, 4]),
        (["cpus", 3, 1], machine(3, 3), [1, 3]),
        (["2x", "cores", "cpus"], machine(8, 4), [4, 8, 16]),
        (["2x", "cores", "cpus"], machine(8, 4, 3.0), [3, 6]),
        (["2x", "cores", "cpus"], machine(8, 4, 5.5), [4, 6, 12]),
        (["cores"], machine(8, None), [8]),
    ],
)
def test_counts_are_resolved(asked: Any, here: Machine, counts: list[int]) -> None:
    assert worker_counts(asked, here) == counts


@pytest.mark.parametrize(
    ("workers", "here", "kind"),
    [
        (4, machine(8, 4), WorkerKind.WITHIN_CORES),
        (5, machine(8, 4), WorkerKind.SMT),
        (8, machine(8, 4), WorkerKind.SMT),
        (9, machine(8, 4), WorkerKind.OVERSUBSCRIBED),
        (8, machine(8, None), WorkerKind.WITHIN_CORES),
        (2, machine(8, 4, 2.0), WorkerKind.WITHIN_CORES),
        (3, machine(8, 4, 2.5), WorkerKind.OVER_QUOTA),
        (6, machine(8, 4, 2.5), WorkerKind.OVER_QUOTA),
        (9, machine(8, 4, 2.5), WorkerKind.OVERSUBSCRIBED),
        (8, HYBRID, WorkerKind.WITHIN_CORES),
        (9, HYBRID, WorkerKind.SLOWER_CORES),
        (25, HYBRID, WorkerKind.SMT),
        (33, HYBRID, WorkerKind.OVERSUBSCRIBED),
        (32, TWO_SOCKETS, WorkerKind.WITHIN_CORES),
        (33, TWO_SOCKETS, WorkerKind.NUMA),
        (65, TWO_SOCKETS, WorkerKind.SMT),
        (129, TWO_SOCKETS, WorkerKind.OVERSUBSCRIBED),
        (10, CONTAINER, WorkerKind.WITHIN_CORES),
        (20, CONTAINER, WorkerKind.OVER_QUOTA),
    ],
)
def test_the_last_border_crossed_counts(workers: int, here: Machine, kind: WorkerKind) -> None:
    assert kind_of(workers, here) is kind


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """Up to 512 CPUs, with two CPUs a core or one, in up to eight nodes, some cores slower."""
    cores = draw(st.integers(1, 256))
    with_pair = draw(st.integers(0, cores))
    pairs = [(2 * core, 2 * core + 1) for core in range(with_pair)]
    singles = [(core,) for core in range(2 * with_pair, cores + with_pair)]
    groups = [*pairs, *singles]
    count = draw(st.integers(1, min(8, cores)))
    nodes = [tuple(chain(*groups[first::count])) for first in range(count)]
    fast = draw(st.integers(1, cores))
    topology = Topology(
        cores=tuple(groups), nodes=tuple(nodes), slower=tuple(chain(*groups[fast:]))
    )
    is_told = draw(st.booleans())
    return machine(
        cores + with_pair,
        draw(st.sampled_from([cores, None])) if not is_told else cores,
        draw(st.none() | st.floats(0.01, 600)),
        topology if is_told else None,
    )


@given(here=machines())
def test_auto_is_readable_and_holds_every_border(here: Machine) -> None:
    counts = worker_counts("auto", here)
    usable, topology = here.usable_cpus, here.topology
    assert counts == sorted(set(counts))
    assert len(counts) <= MOST_COUNTS
    assert {1, usable, 2 * usable} <= set(counts)
    assert counts[-1] == 2 * usable
    borders = (topology.node_cores, topology.fast_cores, here.physical_cores, here.logical_cpus)
    assert {most for most in borders if most and most < usable} <= set(counts)
    # No wide gap in which a knee could hide.
    cores = min(here.physical_cores, usable)
    assert all(
        after <= 8 * before for before, after in itertools.pairwise(counts) if after <= cores
    )


@given(here=machines(), workers=st.integers(1, 2000))
def test_more_workers_never_cross_an_earlier_border(here: Machine, workers: int) -> None:
    ranks = list(WorkerKind)
    assert ranks.index(kind_of(workers + 1, here)) >= ranks.index(kind_of(workers, here))


@given(here=machines())
def test_a_quota_bounds_what_can_work_at_a_time(here: Machine) -> None:
    quota = here.fingerprint["cpu_quota"]
    assert 1 <= here.usable_cpus <= here.logical_cpus
    assert here.usable_cpus == here.logical_cpus or here.usable_cpus - 1 < quota <= here.usable_cpus
