"""Compression: C code that lets the GIL go while it works on a buffer."""

import functools
import zlib

from workflow.trial.workloads.registry import register


@functools.cache
def _text() -> bytes:
    """16 kB of text-like bytes, neither constant nor random."""
    state, words = 1, []
    for _ in range(4_000):
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        words.append(f"w{state >> 16 & 0x3FF:x}")
    return " ".join(words).encode()[: 16 * 1024]


def compress(task: int, size: int) -> int:
    """Compress the same 16 kB `size` times with zlib's default level."""
    text = _text()
    length = 0
    for _ in range(size):
        length += len(zlib.compress(text))
    return length + task


register(
    compress,
    title="zlib compression",
    kind="C code that releases the GIL",
    unit="buffer of 16 kB",
    why="Stands for the large C calls (compression, hashing, images, NumPy) that leave the lock.",
    expected="Gains with threads on every arm.",
)
