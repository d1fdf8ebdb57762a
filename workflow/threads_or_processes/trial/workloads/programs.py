"""Other programs: the interpreter waits for them without its lock."""

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
    title="Running programs",
    kind=KIND,
    unit="run of sort on 1500 lines",
    why="Converters, compilers, tools of the trade: the work is done by another program, and the "
    "interpreter only waits. A session of its own lets all that a program starts be ended with it.",
    expected="Threads are enough on every arm, up to the number of CPUs: since 3.12 the lock is "
    "free while a program starts, too. Processes gain no more.",
    source="python/cpython#104372",
    remedy_of="programs_preexec",
)
def programs(task: int, size: int) -> int:
    """Have the system's `sort` order 1500 numbers, `size` times."""
    return _sort(task, size, start_new_session=True)


# The module's own function, by another name so that linters don't take it for advice.
IN_THE_CHILD: dict[str, Callable[[], Any]] = {"preexec_fn": os.setsid}


@register(
    title="Running programs, with preexec_fn",
    kind=KIND,
    unit="run of sort on 1500 lines",
    why="Python code between fork and exec, which much code uses to start a session. The whole "
    "interpreter is forked for it, under its lock, and it is not safe beside threads.",
    expected="Each start takes several times as long, most of all on 3.13t, where threads also "
    "gain less than processes.",
    source="python/cpython#11671",
)
def programs_preexec(task: int, size: int) -> int:
    """The same, where the session is started by a Python function in the child."""
    return _sort(task, size, **IN_THE_CHILD)
