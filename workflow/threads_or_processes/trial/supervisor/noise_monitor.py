"""What the supervisor knows of the CPUs' neighbours: their floors, and whether it is quiet now."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypedDict

from msgspec import Meta

from threads_or_processes.common.decoding import read_as
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import canonical_json, write_text
from threads_or_processes.records.quiet import ProbeMode, QuietRule
from threads_or_processes.trial.machine import allowed_cpus
from threads_or_processes.trial.measured.probe_client import ProbeReading
from threads_or_processes.trial.supervisor.sentinel import (
    CannotPinError,
    floors,
    sentinel,
    take_floor,
    used_modes,
)

# Floors follow slow drift (heat, clock rates) over about this many remembered moments: many
# minutes, so that a busy neighbour of some minutes does not pass for the floor.
MOST_MOMENTS = 4000
# They are read and written beside every trial: with many CPUs there are fewer moments.
MOST_READINGS = 128_000
# So many readings of a trial are remembered, or a long trial would count for more.
MOMENTS_A_TRIAL = 4
START_SECONDS = 5.0
# From so many moments of trials on, those of the start count no more: where they read lower than
# any trial's does, no trial would be quiet.
ENOUGH_MOMENTS = 104  # of up to 100, the floor would be the one lowest reading
POLL_S = 0.005

Reading = Annotated[int, Meta(ge=1)]


class Moments(TypedDict):
    """Remembered readings of the start and of trials, one list of CPUs a moment, oldest first.

    Each probe mode has its own.
    """

    cpus: list[int]
    start_ns: dict[ProbeMode, list[list[Reading]]]
    readings_ns: dict[ProbeMode, list[list[Reading]]]


@dataclass(frozen=True, kw_only=True)
class NoiseMonitor:
    """A running sentinel, and the readings that this campaign remembers."""

    read: Callable[[ProbeMode], list[ProbeReading]]
    cpus: list[int]
    memory: Path

    def rule(self, threshold: float, *, workers: int) -> QuietRule:
        """What is quiet at this time of the campaign beside so many workers."""
        mode = ProbeMode.of_trial(workers=workers, cpus=len(self.cpus))
        moments = _read(self.memory)
        known = moments["readings_ns"][mode]
        if len(known) < ENOUGH_MOMENTS:
            known = moments["start_ns"][mode] + known
        return QuietRule(cpus=self.cpus, floor_ns=floors(known), threshold=threshold, mode=mode)

    def await_quiet(self, threshold: float, patience_s: float, *, workers: int) -> bool:
        """Wait for a moment at which enough CPUs are quiet, but no longer than `patience_s`.

        Whether there was one.
        """
        rule = self.rule(threshold, workers=workers)
        end_s = time.monotonic() + patience_s
        while time.monotonic() < end_s:
            reading = [answer.reading_ns for answer in self.read(rule.mode)]
            if rule.is_quiet_moment(reading, workers=workers):
                return True
            time.sleep(POLL_S)
        return False

    def remember(self, record: Mapping[str, Any]) -> None:
        """Add some of a trial's readings, spread evenly over it."""
        readings = [r["sentinel_before_ns"] for r in record["repetitions"]]
        spread = readings[:: max(1, len(readings) // MOMENTS_A_TRIAL)]
        moments = _read(self.memory)
        of_mode = moments["readings_ns"][record["sentinel"]["manner"]]
        of_mode[:] = (of_mode + spread)[-min(MOST_MOMENTS, MOST_READINGS // len(self.cpus)) :]
        _write(self.memory, moments)


@contextlib.contextmanager
def noise_monitor(memory: Path) -> Iterator[NoiseMonitor | None]:
    """A sentinel on all CPUs that this process may use; None where nothing can be pinned.

    The first of a campaign watches for some seconds, to have floors to go by.
    """
    with contextlib.ExitStack() as stack:
        try:
            cpus = sorted(allowed_cpus())
            read = stack.enter_context(sentinel(cpus))
        except CannotPinError:
            yield None
            return
        if not (memory.exists() and _is_of(cpus, memory)):
            seen = take_floor(read, START_SECONDS, cpus=len(cpus))
            nothing: dict[ProbeMode, list[list[int]]] = {mode: [] for mode in ProbeMode}
            _write(memory, Moments(cpus=cpus, start_ns=seen, readings_ns=nothing))
        yield NoiseMonitor(read=read, cpus=cpus, memory=memory)


def _read(memory: Path) -> Moments:
    """The moments of a file; `UserError` for a damaged one."""
    written = memory.stat()
    return _moments_in(memory, (written.st_ino, written.st_mtime_ns))


@lru_cache(maxsize=1)
def _moments_in(memory: Path, _written: tuple[int, int]) -> Moments:
    """The moments of a file, read once for each time that it is written."""
    return read_as(memory, Moments)


def _write(memory: Path, moments: Moments) -> None:
    """Write them in one line, which takes a tenth of the time: it is done after every trial."""
    write_text(memory, canonical_json(moments))


def _is_of(cpus: list[int], memory: Path) -> bool:
    """Whether a file has moments of these CPUs; a damaged one or an earlier version's has not."""
    try:
        moments = _read(memory)
    except UserError:
        return False
    known = (moments["start_ns"], moments["readings_ns"])
    return (
        moments["cpus"] == cpus
        and all(moments["start_ns"].get(mode) for mode in used_modes(len(cpus)))
        and all(mode in part for part in known for mode in ProbeMode)
        and all(len(moment) == len(cpus) for part in known for of in part.values() for moment in of)
    )
