"""Out-of-band pickles: a small pickle, and the arrays in it as bytes in a block of memory.

Pickle protocol 5 hands out the memory of contiguous NumPy arrays instead of copying it (PEP 574).
"""

import pickle
from collections.abc import Iterable
from functools import lru_cache
from multiprocessing.shared_memory import SharedMemory
from typing import Any, NamedTuple

# Where an array may begin: a cache line, so that it is as well aligned as one of NumPy's own.
ALIGNMENT_BYTES = 64


class Span(NamedTuple):
    """Places in a block, from `start` up to `stop`."""

    start: int
    stop: int


class PackedValue(NamedTuple):
    """A value: its pickle, and where in the block its arrays lie, in the pickle's order."""

    pickled: bytes
    spans: list[Span]


def dumps_oob(value: Any) -> tuple[bytes, list[memoryview]]:
    """The pickle of a value without its arrays, and the memory of these."""
    arrays: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(value, protocol=5, buffer_callback=arrays.append)
    return pickled, [array.raw() for array in arrays]


def layout(sizes: Iterable[int], start: int = 0) -> list[Span]:
    """Places, one after another from `start`, for arrays of these sizes (bytes)."""
    spans = []
    for size in sizes:
        spans.append(Span(start, start + size))
        start = -(-(start + size) // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    return spans


def write_buffers(
    memory: memoryview, pickled: bytes, arrays: list[memoryview], at: list[Span]
) -> PackedValue:
    """Copy the arrays to their places."""
    for array, (start, stop) in zip(arrays, at, strict=True):
        memory[start:stop] = array
    return PackedValue(pickled, at)


def loads_in_place(memory: memoryview, packed: PackedValue) -> Any:
    """The value, its arrays where they lie."""
    return _unpickled(packed, [memory[start:stop] for start, stop in packed.spans])


def loads_copy(memory: memoryview, packed: PackedValue) -> Any:
    """The value with arrays of its own."""
    return _unpickled(packed, [bytearray(memory[start:stop]) for start, stop in packed.spans])


def _unpickled(packed: PackedValue, arrays: list[Any]) -> Any:
    return pickle.loads(packed.pickled, buffers=arrays)  # noqa: S301 - from our own processes


def buffer_of(block: SharedMemory) -> memoryview:
    """The memory of an open block."""
    assert block.buf is not None
    return block.buf


@lru_cache(maxsize=1)
def attached(name: str) -> SharedMemory:
    """The block of this name, kept open until another is asked for."""
    return SharedMemory(name, track=False)  # type: ignore[call-arg]  # since 3.13
