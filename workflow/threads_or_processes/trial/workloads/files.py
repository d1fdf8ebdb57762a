"""Files in the trial's own folder: system calls, which the interpreter makes without its lock."""

import functools
import os
from pathlib import Path

from threads_or_processes.trial.workloads.registry import register

BLOCK = bytes(range(256)) * 64  # 16 kB


@register(
    title="Writing files, with fsync",
    kind="waiting, releases the GIL",
    unit="file of 16 kB",
    why="Logs, checkpoints and databases wait for the disk.",
    expected="Gains with workers, in threads and processes alike, as far as the disk takes "
    "several requests at once. Where the trial's folder lies in memory, there is no wait.",
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
    title="Reading cached files",
    kind="C code that releases the GIL",
    unit="file",
    why="No disk is waited for: the kernel copies from its cache, and the lock is free meanwhile.",
    expected="Hardly gains with threads on 3.13: each call is so short that waiting for the lock "
    "after it takes as long. Gains on 3.13t and in processes, as far as the memory keeps up.",
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
