"""What the supervisor knows of the CPUs' neighbours: their floors, and whether it is quiet now."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from workflow.files import read_json, write_json
from workflow.trial.sentinel import CannotPinError, floors, sentinel, take_floor
from workflow.trial.watch import QuietRule

# Floors follow slow drift (heat, clock rates) over about this many remembered moments: many
# minutes, so that a busy neighbour of some minutes does not pass for the floor.
MOST_MOMENTS = 4000
# Of a trial's readings so many are remembered, or its own length would weigh.
MOMENTS_A_TRIAL = 4
START_SECONDS = 5.0
# Readings from between nothing are few beside those that the trials will bring.
START_MOMENTS = 100
POLL_S = 0.005


class Moments(TypedDict):
    """Remembered readings, one list of CPUs a moment, oldest first."""

    cpus: list[int]
    readings_ns: list[list[int]]


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """A running sentinel, and the readings that this campaign remembers."""

    read: Callable[[], list[int]]
    cpus: list[int]
    memory: Path

    def rule(self, threshold: float) -> QuietRule:
        """What is quiet at this time of the campaign."""
        return QuietRule(
            cpus=self.cpus, floor_ns=floors(self._moments()["readings_ns"]), threshold=threshold
        )

    def await_quiet(self, threshold: float, patience_s: float) -> bool:
        """Wait for a moment at which every CPU is quiet, but no longer than `patience_s`.

        Whether there was one.
        """
        rule = self.rule(threshold)
        end_s = time.monotonic() + patience_s
        while time.monotonic() < end_s:
            reading = self.read()
            if rule.is_quiet((), reading, reading):
                return True
            time.sleep(POLL_S)
        return False

    def remember(self, record: Mapping[str, Any]) -> None:
        """Add some of a trial's readings, spread evenly over it."""
        readings = [r["sentinel_before_ns"] for r in record["repetitions"]]
        spread = readings[:: max(1, len(readings) // MOMENTS_A_TRIAL)]
        kept = (self._moments()["readings_ns"] + spread)[-MOST_MOMENTS:]
        write_json(self.memory, Moments(cpus=self.cpus, readings_ns=kept))

    def _moments(self) -> Moments:
        moments: Moments = read_json(self.memory)
        return moments


@contextlib.contextmanager
def neighbours(memory: Path) -> Iterator[Neighbours | None]:
    """A sentinel on all CPUs that this process may use; None where nothing can be pinned.

    The first of a campaign watches for some seconds, to have floors to go by.
    """
    with contextlib.ExitStack() as stack:
        try:
            cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
            read = stack.enter_context(sentinel(cpus))
        except CannotPinError:
            yield None
            return
        if not memory.exists() or read_json(memory)["cpus"] != cpus:
            seen = take_floor(read, START_SECONDS)
            kept = seen[:: max(1, len(seen) // START_MOMENTS)]
            write_json(memory, Moments(cpus=cpus, readings_ns=kept))
        yield Neighbours(read=read, cpus=cpus, memory=memory)
