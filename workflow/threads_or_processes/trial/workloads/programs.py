"""Other programs: the interpreter releases the GIL while it waits for them."""

import os
import subprocess
from collections.abc import Callable
from typing import Any

from threads_or_processes.trial.workloads.registry import register

KIND = "waiting, releases the GIL"
SORT = ("sort", "-n")
LINES = b"".join(b"%d\n" % (number * 7919 % 10_007) for number in range(1500))


def _sort(task: int, size: int, **options: Any) -> int:
    total = task
    for _ in range(size):
        done = subprocess.run(SORT, input=LINES, stdout=subprocess.PIPE, check=True, **options)
        total += len(done.stdout)
    return total


@register(
    title="External programs",
    kind=KIND,
    unit="run of sort on 1500 lines",
    why="Converters, compilers and other tools: another program does the work while the "
    "interpreter waits. Each run has its own session, so that all its processes can be stopped "
    "together.",
    expected="Threads: a speedup on every build, up to the number of CPUs. Since 3.12 the GIL is "
    "free while a program starts. Processes are no faster.",
    source="python/cpython#104372",
    remedy_of="programs_preexec",
)
def programs(task: int, size: int) -> int:
    """Have the system's `sort` order 1500 numbers, `size` times."""
    return _sort(task, size, start_new_session=True)


# The module's own function, by another name so that linters don't take it for advice.
IN_THE_CHILD: dict[str, Callable[[], Any]] = {"preexec_fn": os.setsid}


@register(
    title="External programs with preexec_fn",
    kind=KIND,
    unit="run of sort on 1500 lines",
    why="Much code runs Python between fork and exec to start a session. That forks the whole "
    "interpreter under its GIL and is not safe with threads.",
    expected="Each start takes several times as long, most of all on 3.13t. There the speedup "
    "from threads is also less than from processes.",
    source="python/cpython#11671",
)
def programs_preexec(task: int, size: int) -> int:
    """The same, where the session is started by a Python function in the child."""
    return _sort(task, size, **IN_THE_CHILD)
