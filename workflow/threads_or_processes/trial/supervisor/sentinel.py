"""The sentinel, which tells how disturbed each CPU is right now.

A neighbour on the same hardware slows code down without a trace in the guest: no steal time, no
load. So one small child is pinned to each CPU, and when asked all of them time the same piece of
branchy integer work, at once or in turn. A reading above the CPU's own floor tells of a disturbed
moment. So does one that had to wait for its CPU, because another program of this machine was on it.
"""

import contextlib
import os
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NoReturn

from threads_or_processes.records.quiet import ProbeMode, floor_of
from threads_or_processes.trial.measured.probe_client import WORDS, ProbeReading
from threads_or_processes.trial.supervisor.faults import RefusedError, SentinelDiedError
from threads_or_processes.trial.supervisor.reaper import fork

TEXT_BYTES = 12_000
# A child that is asked sleeps so long first: whoever asked sleeps too by then, and what else there
# is to run has the CPU.
NAP_NS = 200_000
# About as long as a batch.
BETWEEN_READINGS_S = 0.02
# The answer of a child that could not choose its CPU.
NOT_PINNED = b"!"


class CannotPinError(Exception):
    """Raised where a process can't choose its CPU; there is no sentinel then."""


@dataclass(frozen=True)
class Child:
    """A pinned child: write a byte to `asks`, read an answer from `answers`."""

    cpu: int
    pid: int
    asks: int
    answers: int


@cache
def work() -> bytes:
    """Text-like bytes, neither constant nor random; compressing them takes about 0.5 ms."""
    state = 1
    words: list[str] = []
    while len(words) < TEXT_BYTES // 4:
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        words.append(f"w{state >> 16 & 0x3FF:x}")
    return " ".join(words).encode()[:TEXT_BYTES]


@contextlib.contextmanager
def sentinel(cpus: Sequence[int]) -> Iterator[Callable[[ProbeMode], list[ProbeReading]]]:
    """Children on `cpus`; yields a function that takes an answer of each, in that order.

    The children end with this process, whatever ends it: their pipe closes. Raises
    `CannotPinError`, or `RefusedError` where they can't be started; readings raise
    `SentinelDiedError` once a child has ended.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise CannotPinError("the system has no call that pins a process to a CPU")
    children: list[Child] = []
    try:
        text = work()
        try:
            for cpu in cpus:
                children.append(_start(cpu, text, children))
        except OSError as error:
            raise RefusedError(error) from error
        read = reader_of(children)
        read(ProbeMode.SIMULTANEOUS)  # a child that is not on its CPU says so
        yield read
    finally:
        for child in children:
            os.close(child.asks)
            os.close(child.answers)
        for child in children:
            os.waitpid(child.pid, 0)


def take_floor(
    read: Callable[[ProbeMode], list[ProbeReading]], seconds: float, *, cpus: int
) -> dict[ProbeMode, list[list[int]]]:
    """Readings of some seconds in every mode that trials use, one list of CPUs each.

    Work stands between them, as in a trial: on an idle machine readings are up to a tenth lower.
    """
    end_s = time.monotonic() + seconds
    moments: dict[ProbeMode, list[list[int]]] = {mode: [] for mode in ProbeMode}
    used = sorted(used_modes(cpus))
    while not moments[ProbeMode.SIMULTANEOUS] or time.monotonic() < end_s:
        for mode in used:
            _work_for(BETWEEN_READINGS_S)
            moments[mode].append([answer.reading_ns for answer in read(mode)])
    return moments


def used_modes(cpus: int) -> set[ProbeMode]:
    """The modes that trials on so many CPUs use."""
    return {ProbeMode.of_trial(workers=workers, cpus=cpus) for workers in (1, 2)}


def floors(readings: Sequence[Sequence[int]]) -> list[int]:
    """Each CPU's floor (ns) from readings of shape (moments, CPUs)."""
    return [floor_of(column) for column in zip(*readings, strict=True)]


def reader_of(children: Sequence[Child]) -> Callable[[ProbeMode], list[ProbeReading]]:
    """A function that takes an answer of each child, in their order."""

    def simultaneously(asked: Sequence[Child]) -> list[ProbeReading]:
        for child in asked:
            _ask(child)
        asked_ns = time.perf_counter_ns()
        return [_answer(child, asked_ns) for child in asked]

    def read(mode: ProbeMode) -> list[ProbeReading]:
        if mode is ProbeMode.SIMULTANEOUS:
            return simultaneously(children)
        return [answer for child in children for answer in simultaneously([child])]

    return read


def _ask(child: Child) -> None:
    try:
        os.write(child.asks, b"?")
    except BrokenPipeError:
        raise _death_of(child) from None


def _answer(child: Child, asked_ns: int) -> ProbeReading:
    words = os.read(child.answers, WORDS.size)
    if words == NOT_PINNED:
        raise CannotPinError(f"a process could not be pinned to CPU {child.cpu}")
    if len(words) < WORDS.size:
        raise _death_of(child)
    begun_ns, work_ns = WORDS.unpack(words)  # a child says when it began, not how long it waited
    return ProbeReading(work_ns=work_ns, waited_ns=begun_ns - asked_ns - NAP_NS)


def _death_of(child: Child) -> SentinelDiedError:
    return SentinelDiedError(f"its process {child.pid} on CPU {child.cpu} has ended")


def _start(cpu: int, text: bytes, siblings: Sequence[Child]) -> Child:
    asks_read, asks_write = os.pipe()
    answers_read, answers_write = os.pipe()
    # Only our own ends stay open, or a sibling's pipe would not close with the parent.
    not_its = (
        *(end for one in siblings for end in (one.asks, one.answers)),
        asks_write,
        answers_read,
    )
    pid = fork(lambda: _serve(cpu, text, asks_read, answers_write, not_its))
    os.close(asks_read)
    os.close(answers_write)
    return Child(cpu, pid, asks_write, answers_read)


def _serve(cpu: int, text: bytes, asks: int, answers: int, not_its: Sequence[int]) -> NoReturn:
    """A child's life: an answer for each byte, until the pipe closes."""
    try:
        for end in not_its:
            os.close(end)
        try:
            os.sched_setaffinity(0, {cpu})
        except OSError:
            os.read(asks, 1)
            os.write(answers, NOT_PINNED)
            os._exit(0)
        _yield_to_others()
        while os.read(asks, 1):
            time.sleep(NAP_NS / 1e9)
            begun_ns = time.perf_counter_ns()
            # Once to bring text and code back into the caches that the batch took them from: else
            # a reading beside a batch is a sixth above one from an idle machine.
            zlib.compress(text)
            # Then twice, for what strikes but one of them is too short to matter to a batch.
            work_ns = min(_work_ns(text), _work_ns(text))
            os.write(answers, WORDS.pack(begun_ns, work_ns))
    finally:
        os._exit(0)


def _work_for(seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        pass


def _work_ns(text: bytes) -> int:
    begun_ns = time.perf_counter_ns()
    zlib.compress(text)
    return time.perf_counter_ns() - begun_ns


def _yield_to_others() -> None:
    """Never take a CPU from a program that is on it, or a child would not see that there is one.

    A task that wakes up goes first as a rule, but not one of this policy (sched(7)). Where it can't
    be set, the sentinel doesn't detect other programs.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
