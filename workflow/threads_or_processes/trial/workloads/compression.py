"""Compression: C code that lets the GIL go while it works on a buffer."""

import bz2 as bz2_module
import functools
import lzma as lzma_module
import zlib

from threads_or_processes.trial.workloads.registry import register


@functools.cache
def _text(length: int) -> bytes:
    """`length` bytes of text, neither constant nor random."""
    state, words = 1, []
    for _ in range(length // 4):
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        words.append(f"w{state >> 16 & 0x3FF:x}")
    return " ".join(words).encode()[:length]


@register(
    title="zlib compression",
    kind="C code that releases the GIL",
    unit="buffer of 16 kB",
    why="Models large C calls that release the GIL: compression, hashing, images, NumPy.",
    expected="Threads: a speedup on every build.",
)
def compress(task: int, size: int) -> int:
    """Compress the same 16 kB `size` times with zlib's default level."""
    text = _text(16 * 1024)
    length = 0
    for _ in range(size):
        length += len(zlib.compress(text))
    return length + task


@register(
    title="bzip2 compression",
    kind="C code that releases the GIL",
    unit="buffer of 8 kB",
    why="A second library that releases the GIL, the slowest per byte.",
    expected="Threads: a speedup on every build. Slightly less on 3.13, which sets up each "
    "compressor under the GIL.",
)
def bz2(task: int, size: int) -> int:
    """Compress the same 8 kB `size` times with bzip2."""
    text = _text(8 * 1024)
    length = 0
    for _ in range(size):
        length += len(bz2_module.compress(text))
    return length + task


@register(
    title="LZMA compression",
    kind="C code that releases the GIL",
    unit="buffer of 8 kB",
    why="A third library that releases the GIL. It sets up large tables for each buffer.",
    expected="Threads: a speedup on every build. Less on 3.13, which sets up each compressor "
    "under the GIL; for a small buffer that takes long.",
)
def lzma(task: int, size: int) -> int:
    """Compress the same 8 kB `size` times with LZMA at its lowest preset."""
    text = _text(8 * 1024)
    length = 0
    for _ in range(size):
        length += len(lzma_module.compress(text, preset=0))
    return length + task
