"""Work that waits: the interpreter is idle and releases the GIL."""

import logging
import time

from threads_or_processes.trial.workloads.registry import Batch, register


async def _sleep(task: int, seconds: float) -> int:
    import asyncio  # here: the other models need not load it

    await asyncio.sleep(seconds)
    return task


@register(
    title="Sleep (I/O wait)",
    kind="waiting, releases the GIL",
    unit="sleep",
    why="Models I/O waits: a server, a disk, a user.",
    expected="Threads and processes: the same speedup with every worker, on every build, beyond "
    "the number of CPUs.",
    coroutine=_sleep,
    same_results_with={"seconds": 0.0},
)
def sleep(task: int, seconds: float = 0.002) -> int:
    """Wait, as for a slow server."""
    time.sleep(seconds)
    return task


# The notebook's own global list; what a process appends stays in that process.
data: list[int] = []


def _fresh_kernel() -> None:
    """What the notebook's first cell sets up."""
    logging.basicConfig(format="%(asctime)s: %(message)s", level=logging.INFO, datefmt="%H:%M:%S")
    data.clear()


@register(
    title="The notebook's sleep",
    kind="waiting, releases the GIL",
    unit="sleep of 2 s",
    why="The teaching notebook's own example, one task for each worker.",
    expected="Slightly over 2 s with either. Processes take some hundredths of a second longer.",
    batch=Batch.ONE_A_WORKER,
    same_results_with={"seconds": 0.0},
    before_batch=_fresh_kernel,
    after_batch=lambda: list(data),
    keeps_output=True,
)
def notebook(task: int, seconds: float = 2.0) -> int:
    """The notebook's function: say so, wait two seconds, say so, leave the name in `data`."""
    logging.info("%s: starting", task)
    time.sleep(seconds)
    logging.info("%s: finishing", task)
    data.append(task)
    return task


# Python steps between two waits: some 0.2 ms.
STEPS = 5_000


@register(
    title="I/O wait and computation",
    kind="waiting and CPU",
    unit="wait and 5000 steps",
    why="Typical of clients of a service: send a request, wait, process the answer.",
    expected="Threads: a speedup on 3.13 until the computation fills one core; on 3.13t, and with "
    "processes, until it fills all.",
    same_results_with={"wait_us": 0.0},
)
def mixed(task: int, size: int, wait_us: float = 200.0) -> int:
    """Wait a little and compute a little, `size` times in turn."""
    total = 0
    for _ in range(size):
        time.sleep(wait_us / 1e6)
        for step in range(STEPS):
            total += step
    return total + task
