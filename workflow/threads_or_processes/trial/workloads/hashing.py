"""Hashing: C code that lets the GIL go, but only for buffers that are worth it."""

import functools
import hashlib

from threads_or_processes.trial.workloads.registry import register


@functools.cache
def _buffer(length: int) -> bytes:
    return (bytes(range(256)) * (length // 256 + 1))[:length]


@register(
    title="SHA-256 hashing",
    kind="C code that releases the GIL",
    unit="buffer",
    why="hashlib keeps the GIL for buffers below 2048 bytes, so the buffer size decides whether "
    "threads help.",
    expected="Threads: a speedup on every build; with buffers below 2048 bytes, none on 3.13.",
)
def hash(task: int, size: int, buffer_bytes: int = 65_536) -> str:  # noqa: A001 - known by this name
    """Hash the same buffer `size` times with SHA-256, into one digest."""
    buffer = _buffer(buffer_bytes)
    digest = str(task)
    for _ in range(size):
        digest = hashlib.sha256(buffer).hexdigest()
    return f"{task} {digest}"
