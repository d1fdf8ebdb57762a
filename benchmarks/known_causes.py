"""Works that lose time for a reason that is known, to see whether the report finds it.

Tasks as in `docs/your-own-work.md`. `tests/pipeline/test_causes.py` runs some, `benchmarks.causes`
all of them.
"""

import mmap
import os
import threading
import time

MIB = 2**20

_door = threading.Lock()
_own = threading.local()


def on_one_cpu(task: int, size: int) -> int:
    """Counting, all workers bound to one CPU."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return sum(n % 7 for n in range(size)) + task


def sleeping_in_turn(task: int, size: int) -> int:
    """Sleeping while holding a lock that all share."""
    for _ in range(size):
        with _door:
            time.sleep(1e-4)
    return task


def copying(task: int, size: int) -> int:
    """Copying 64 MiB from one buffer to another, each worker its own."""
    if not hasattr(_own, "buffers"):
        _own.buffers = bytearray(64 * MIB), bytearray(64 * MIB)
    source, target = _own.buffers
    for _ in range(size):
        target[:] = source
    return task


def new_pages(task: int, size: int) -> int:
    """Memory that the kernel gives, page by page, and takes back."""
    for _ in range(size):
        with mmap.mmap(-1, 32 * mmap.PAGESIZE) as pages:
            for place in range(0, len(pages), mmap.PAGESIZE):
                pages[place] = 1
    return task
