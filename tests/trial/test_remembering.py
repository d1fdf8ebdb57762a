"""A function that remembers is noticed; warming up and disturbances are not taken for that."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from threads_or_processes.trial.measured.calibration import find_size
from threads_or_processes.trial.measured.remembering import (
    Calls,
    RemembersError,
    check_tasks,
    remembering_helpers,
)

TARGET_NS = 30_000_000
IMPORT_NS = 300_000_000
TASKS = 12
Batch = Callable[[int], int]


def of_one_that_remembers(first_ns: int, again_ns: int) -> Batch:
    """Times of batches: a size is computed once."""
    known: set[int] = set()

    def batch_ns(size: int) -> int:
        is_new = size not in known
        known.add(size)
        return size * (first_ns if is_new else again_ns)

    return batch_ns


def warming_up(unit_ns: int) -> Batch:
    """Times of batches of which the first in a process imports something."""
    imports = [IMPORT_NS]
    return lambda size: size * unit_ns + (imports.pop() if imports else 0)


def disturbed(batch_ns: Batch, rng: np.random.Generator) -> Batch:
    """Fifty times a second something else runs for 20 ms, in the mean."""

    def with_disturbances(size: int) -> int:
        alone_ns = batch_ns(size)
        times = rng.poisson(50 * alone_ns / 1e9)
        return alone_ns + int(rng.exponential(20e6, times).sum())

    return with_disturbances


def test_a_size_isnt_looked_for_where_results_are_remembered() -> None:
    remembers = of_one_that_remembers(400_000, 100)
    with pytest.raises(RemembersError, match=r"its first batch took 4,000 times as long as the"):
        find_size(remembers, TARGET_NS, may_remember=True)


def test_a_first_batch_that_takes_a_few_times_as_long_is_sized() -> None:
    size = find_size(of_one_that_remembers(9_000, 1_000), TARGET_NS, may_remember=True)
    assert size == TARGET_NS // 1_000


@pytest.mark.parametrize("unit_ns", [1_000, 10_000, 100_000])
def test_warming_up_on_a_noisy_machine_isnt_remembering(unit_ns: int) -> None:
    rng = np.random.default_rng(unit_ns)
    for _ in range(1_000):
        find_size(disturbed(warming_up(unit_ns), rng), TARGET_NS, may_remember=True)


def executions(*times_ns: list[int]) -> Any:
    """Repetitions as far as they are looked at: a span for each task."""
    return [{"workers": [{"start_ns": 7, "end_ns": 7 + ns} for ns in one]} for one in times_ns]


def test_tasks_that_take_a_fraction_of_their_first_time_are_remembered() -> None:
    first, again = [2_000_000] * TASKS, [400] * TASKS
    with pytest.raises(RemembersError, match="took 5,000 times as long"):
        check_tasks(executions(first, [*again[1:], 9_000_000], again))


@pytest.mark.parametrize(
    "first",
    [
        pytest.param([300_000_000, *[100_000] * (TASKS - 1)], id="one imports something"),
        pytest.param([9_000_000] * 5 + [100_000] * (TASKS - 5), id="a few are disturbed"),
        pytest.param([900_000] * TASKS, id="new memory"),
    ],
)
def test_tasks_that_warm_up_or_are_disturbed_arent_taken_for_remembered(first: list[int]) -> None:
    again = [100_000] * TASKS
    check_tasks(executions(first, again, again))


def test_tasks_of_a_microsecond_tell_nothing() -> None:
    check_tasks(executions([15_000] * TASKS, [100] * TASKS, [100] * TASKS))


def test_a_helper_that_computes_in_the_first_batch_only_is_told() -> None:
    first = {
        "digits": Calls(remembered=5_500, computed=500),
        "a_table": Calls(remembered=23, computed=1),
        "always_another": Calls(remembered=0, computed=6_000),
    }
    again = {
        "digits": Calls(remembered=6_000, computed=0),
        "a_table": Calls(remembered=12, computed=0),
        "always_another": Calls(remembered=0, computed=6_000),
    }
    assert remembering_helpers(first, again, TASKS) == [
        "digits remembers its results: the first batch computed 500 of them, and the same tasks "
        "again 0 of 6,000"
    ]
