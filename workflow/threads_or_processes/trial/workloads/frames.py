"""pandas: loops in C that let the GIL go, below many calls in Python."""

import functools
from typing import TYPE_CHECKING

from threads_or_processes.trial.needs import Need
from threads_or_processes.trial.workloads.registry import Batch, preloaded, register

if TYPE_CHECKING:
    import pandas

PANDAS = {
    "needs": frozenset({Need.EXTENSION_MODULES}),
    "fixture": preloaded("pandas"),
    "source": "pandas-dev/pandas#10199",
}
GROUPS = 101


@functools.cache
def _frame(rows: int) -> "pandas.DataFrame":
    import numpy
    import pandas

    number = numpy.arange(rows)
    return pandas.DataFrame({"key": number * 7919 % GROUPS, "value": number % 1000 * 0.5})


def _group(frame: "pandas.DataFrame", task: int, size: int) -> float:
    total = float(task)
    for _ in range(size):
        total += float(frame.groupby("key")["value"].sum().iloc[task % GROUPS])
    return total


@register(
    title="pandas group-by, small frames",
    kind="C code that holds the GIL",
    unit="sums of 5000 rows by key",
    why="On small frames most of a call is pandas' own Python, which needs the GIL. Only the "
    "loops over rows release it.",
    expected="Threads: no speedup on 3.13 and little on 3.13t, where all calls share the same "
    "objects. Processes: a speedup with each core.",
    **PANDAS,
)
def pandas_small(task: int, size: int) -> float:
    """Sum a column of a frame of 5000 rows by key, `size` times."""
    return _group(_frame(5_000), task, size)


@register(
    title="pandas group-by, one large frame",
    kind="C code that releases the GIL",
    unit="sums of 500,000 rows by key",
    why="One call on many rows instead of many calls on few. The loops that release the GIL take "
    "most of the time.",
    expected="Threads: a speedup on every build, though less than with processes.",
    remedy_of="pandas_small",
    # A call takes milliseconds.
    batch=Batch.ONE_A_CPU,
    **PANDAS,
)
def pandas_large(task: int, size: int) -> float:
    """Sum a column of a frame of 500,000 rows by key, `size` times."""
    return _group(_frame(500_000), task, size)
