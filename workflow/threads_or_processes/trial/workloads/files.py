"""Files in the trial's own folder: system calls, for which the interpreter releases the GIL."""

import functools
import os
from pathlib import Path

from threads_or_processes.trial.workloads.registry import register

BLOCK = bytes(range(256)) * 64  # 16 kB


@register(
    title="File writes with fsync",
    kind="waiting, releases the GIL",
    unit="file of 16 kB",
    why="Logs, checkpoints and databases wait for the disk.",
    expected="Threads and processes: the same speedup, as long as the disk handles several "
    "requests at once. No wait where the trial's folder is in memory.",
)
def file_write(task: int, size: int) -> int:
    """Write 16 kB to a file of this task's own and wait until the disk has them, `size` times."""
    written = 0
    for _ in range(size):
        with Path(f"written-{task}").open("wb") as file:
            written += file.write(BLOCK)
            file.flush()
            os.fsync(file.fileno())
    return written + task


@functools.cache
def _file_of(task: int, kib: int) -> Path:
    """A file on the disk and, once written, in the page cache; one for each task."""
    path = Path(f"read-{task}-{kib}")
    if not path.exists():
        path.write_bytes(BLOCK[:1024] * kib)
    return path


@register(
    title="Reads of cached files",
    kind="C code that releases the GIL",
    unit="file",
    why="No disk is involved: the kernel copies from its cache while the GIL is free.",
    expected="Threads on 3.13: little speedup, because each call is as short as the wait for the "
    "GIL after it. Threads on 3.13t and processes: a speedup, up to the memory's bandwidth.",
)
def file_read(task: int, size: int, kib: int = 256) -> int:
    """Read a file of `kib` KiB that the page cache holds, `size` times.

    Unbuffered, as `Path.read_bytes` does it since 3.14: on 3.13t the buffered file's `close` waits
    in vain for the lock that it holds itself, and yields the CPU 40 times before it goes on.
    """
    path = _file_of(task, kib)
    read = 0
    for _ in range(size):
        with path.open("rb", buffering=0) as file:
            read += len(file.read())
    return read + task
