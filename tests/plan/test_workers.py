"""Worker counts and what they ask of machines of many shapes."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.plan.spelling import kind_of, worker_counts
from threads_or_processes.records.vocabulary import WorkerKind


def machine(cpus: int, cores: int | None, quota: float | None = None) -> dict[str, Any]:
    return {"logical_cpus": cpus, "physical_cores": cores, "cpu_quota": quota}


@pytest.mark.parametrize(
    ("asked", "here", "counts"),
    [
        ("auto", machine(1, 1), [1, 2]),
        ("auto", machine(2, 2), [1, 2, 4]),
        ("auto", machine(12, 6), [1, 2, 4, 6, 12, 24]),
        ("auto", machine(16, 8), [1, 2, 4, 8, 16, 32]),
        ("auto", machine(6, None), [1, 2, 4, 6, 12]),
        ("auto", machine(16, 16, 2.5), [1, 2, 3, 4, 8, 16, 32]),
        ("auto", machine(2, 2, 8.0), [1, 2, 4]),
        (["cpus", 3, 1], machine(3, 3), [1, 3]),
        (["2x", "cores", "cpus"], machine(8, 4, 3.0), [4, 8, 16]),
        (["cores"], machine(8, None), [8]),
    ],
)
def test_counts_are_resolved(asked: Any, here: dict[str, Any], counts: list[int]) -> None:
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
    ],
)
def test_the_strongest_word_is_used(workers: int, here: dict[str, Any], kind: WorkerKind) -> None:
    assert kind_of(workers, here) is kind


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    cpus = draw(st.integers(1, 512))
    return machine(
        cpus,
        draw(st.none() | st.integers(1, cpus)),
        draw(st.none() | st.floats(0.01, 600)),
    )


@given(here=machines())
def test_auto_shows_every_kind_that_the_machine_has(here: dict[str, Any]) -> None:
    counts = worker_counts("auto", here)
    cpus, cores = here["logical_cpus"], here["physical_cores"] or here["logical_cpus"]
    assert counts == sorted(set(counts))
    assert {1, cores, cpus, 2 * cpus} <= set(counts)
    assert counts[-1] == 2 * cpus
    # No gap in which a knee could hide: up to the cores, a next count is at most twice the last.
    assert all(
        after <= 2 * before for before, after in itertools.pairwise(counts) if after <= cores
    )
    # Between a quota and the cores there may be no count that is SMT alone.
    possible = {kind_of(workers, here) for workers in range(1, 2 * cpus + 1)}
    missing = possible - {kind_of(workers, here) for workers in counts}
    assert missing <= ({WorkerKind.SMT} if here["cpu_quota"] else set())


@given(here=machines(), workers=st.integers(1, 2000))
def test_more_workers_never_ask_for_less(here: dict[str, Any], workers: int) -> None:
    ranks = [
        WorkerKind.WITHIN_CORES,
        WorkerKind.SMT,
        WorkerKind.OVER_QUOTA,
        WorkerKind.OVERSUBSCRIBED,
    ]
    assert ranks.index(kind_of(workers + 1, here)) >= ranks.index(kind_of(workers, here))
