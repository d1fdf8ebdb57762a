"""Whether a task function remembers its results, so that only its first batch does the work.

Of the built-in workloads, run while ten other programs used two CPUs, these rules find one:
`return_objects`, which remembers on purpose.
"""

import functools
import gc
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from threads_or_processes.records.trial import Repetition

# On a busy virtual machine, new pages of memory made first batches take up to 9 times as long as
# the next; looking a result up takes less than a microsecond.
MANY_TIMES = 10
# A shorter time is a matter of the clock and of the interpreter's own warm-up.
SHORTEST_FIRST_NS = 1_000_000
SHORTEST_FIRST_TASK_NS = 20_000


class RemembersError(Exception):
    """The first batch took many times as long as the same tasks again."""

    def __init__(self, first_ns: float, again_ns: float) -> None:
        super().__init__(
            f"it remembers its results: its first batch took {first_ns / again_ns:,.0f} times as "
            "long as the same tasks again"
        )


def many_times(first_ns: int, again_ns: int) -> bool:
    """Whether a first batch took so much longer than its repetition that something is behind it."""
    return first_ns >= max(SHORTEST_FIRST_NS, MANY_TIMES * again_ns)


def check_tasks(executions: Sequence[Repetition]) -> None:
    """Raise `RemembersError` if the tasks of a batch take a fraction of their first time again.

    Each execution has a worker's span for each task; other tasks ran before. The median task
    decides, as a disturbance falls to one task or a few: it must have taken `MANY_TIMES` as long
    at first as in the fastest of its repetitions. Files that the system has not read yet are read
    by the calibration, in another process.
    """
    first, *again = (
        [span["end_ns"] - span["start_ns"] for span in one["workers"]] for one in executions
    )
    fastest = [max(1, min(times)) for times in zip(*again, strict=True)]
    if (
        median(first) >= SHORTEST_FIRST_TASK_NS
        and median(slow / fast for slow, fast in zip(first, fastest, strict=True)) >= MANY_TIMES
    ):
        raise RemembersError(sum(first), sum(fastest))


class Calls(NamedTuple):
    """Calls of a cached function: answered from its cache, and computed."""

    remembered: int
    computed: int


class CacheCounts:
    """Counts calls of the functions that a user's files wrap in `functools.cache` or `lru_cache`.

    `folder` holds these files, already imported.
    """

    def __init__(self, folder: Path) -> None:
        self._caches = [
            one
            for one in gc.get_objects()
            if isinstance(one, functools._lru_cache_wrapper) and _is_in(folder, one.__module__)
        ]
        self._before = self._read()

    def since_last(self) -> dict[str, Calls]:
        """The calls since the last time, by the function's name."""
        before, self._before = self._before, self._read()
        return {
            one.__qualname__: Calls(now.remembered - then.remembered, now.computed - then.computed)
            for one, now, then in zip(self._caches, self._before, before, strict=True)
        }

    def _read(self) -> list[Calls]:
        infos = [one.cache_info() for one in self._caches]
        return [Calls(remembered=info.hits, computed=info.misses) for info in infos]


def _is_in(folder: Path, module: str) -> bool:
    top = module.partition(".")[0]
    return (folder / f"{top}.py").is_file() or (folder / top).is_dir()


def remembering_helpers(
    first: Mapping[str, Calls], again: Mapping[str, Calls], tasks: int
) -> list[str]:
    """What to say of cached functions that computed in a first batch and not in its repetition.

    What a process computes once, such as a table, is less than one call for each task.
    """
    return [
        f"{name} remembers its results: the first batch computed {calls.computed:,} of them, and "
        f"the same tasks again {again[name].computed:,} of {sum(again[name]):,}"
        for name, calls in first.items()
        if calls.computed >= max(tasks, MANY_TIMES * again[name].computed)
    ]
