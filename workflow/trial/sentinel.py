"""The sentinel, which tells how disturbed each CPU is right now.

A neighbour on the same hardware slows code down without a trace in the guest: no steal time, no
load. So one small child is pinned to each CPU, and when asked all of them time the same piece of
branchy integer work at once. A reading above the CPU's own floor tells of a disturbed moment.
"""

import contextlib
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

READING = struct.Struct("q")
TEXT_BYTES = 12_000
# The floor is this low percentile of readings: the undisturbed mode, safe from a lucky one.
FLOOR_PERCENTILE = 1


class CannotPinError(Exception):
    """Raised where a process can't choose its CPU; there is no sentinel then."""


@dataclass(frozen=True)
class Child:
    """A pinned child: write a byte to `asks`, read a reading from `answers`."""

    cpu: int
    pid: int
    asks: int
    answers: int


def work() -> bytes:
    """Text-like bytes, neither constant nor random; compressing them takes about 0.5 ms."""
    state = 1
    words: list[str] = []
    while len(words) < TEXT_BYTES // 4:
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        words.append(f"w{state >> 16 & 0x3FF:x}")
    return " ".join(words).encode()[:TEXT_BYTES]


@contextlib.contextmanager
def sentinel(cpus: Sequence[int]) -> Iterator[Callable[[], list[int]]]:
    """Children on `cpus`; yields a function that takes one reading (ns) of each, in that order.

    The children end with this process, whatever ends it: their pipe closes. Raises
    `CannotPinError`.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise CannotPinError("the system has no call that pins a process to a CPU")
    children: list[Child] = []
    try:
        for cpu in cpus:
            children.append(_start(cpu, children))
        read = _reader(children)
        try:
            read()
        except (BrokenPipeError, EOFError) as error:  # the child has ended
            raise CannotPinError("a process could not be pinned to its CPU") from error
        yield read
    finally:
        for child in children:
            os.close(child.asks)
            os.close(child.answers)
            os.waitpid(child.pid, 0)


def take_floor(read: Callable[[], list[int]], seconds: float) -> list[list[int]]:
    """Readings of some seconds, one list of CPUs each."""
    end_s = time.monotonic() + seconds
    readings = [read()]
    while time.monotonic() < end_s:
        readings.append(read())
        time.sleep(0.002)
    return readings


def floors(readings: Sequence[Sequence[int]]) -> list[int]:
    """Each CPU's floor (ns) from readings of shape (moments, CPUs)."""
    rank = len(readings) * FLOOR_PERCENTILE // 100
    return [sorted(column)[rank] for column in zip(*readings, strict=True)]


def _reader(children: Sequence[Child]) -> Callable[[], list[int]]:
    def read() -> list[int]:
        for child in children:
            os.write(child.asks, b"?")
        return [_reading(child) for child in children]

    return read


def _reading(child: Child) -> int:
    answer = os.read(child.answers, READING.size)
    if len(answer) < READING.size:
        raise EOFError
    reading: int = READING.unpack(answer)[0]
    return reading


def _start(cpu: int, siblings: Sequence[Child]) -> Child:
    asks_read, asks_write = os.pipe()
    answers_read, answers_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        # Only our own ends stay open, or a sibling's pipe would not close with the parent.
        for sibling in siblings:
            os.close(sibling.asks)
            os.close(sibling.answers)
        os.close(asks_write)
        os.close(answers_read)
        _watch(cpu, asks_read, answers_write)
    os.close(asks_read)
    os.close(answers_write)
    return Child(cpu, pid, asks_write, answers_read)


def _watch(cpu: int, asks: int, answers: int) -> None:
    """A child's life: a reading for each byte, until the pipe closes. Never returns."""
    try:
        os.sched_setaffinity(0, {cpu})
        text = work()
        while os.read(asks, 1):
            # Once to bring text and code back into the caches that the batch took them from: else
            # a reading beside a batch is a sixth above one from an idle machine.
            zlib.compress(text)
            begun = time.perf_counter_ns()
            zlib.compress(text)
            os.write(answers, READING.pack(time.perf_counter_ns() - begun))
    finally:
        os._exit(0)
