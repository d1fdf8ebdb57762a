"""Co-placed repetitions: two workers on one CPU while another CPU had none."""

import itertools
from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from threads_or_processes.analysis.quiet import Chunks

#: Two workers share a CPU when they ran at once for at least this part of the shorter chunk.
LEAST_OVERLAP = 0.5


@dataclass(frozen=True, kw_only=True)
class CoPlacement:
    """How many repetitions with known CPUs were co-placed, and what that cost.

    `times_ratio` is their median time over that of the others; None where one kind is missing.
    """

    told: int
    co_placed: int
    times_ratio: float | None


class _Run(NamedTuple):
    """A chunk, and the CPU where it began or ended."""

    worker: int
    cpu: int
    start_ns: int
    end_ns: int

    def shares_with(self, other: "_Run") -> bool:
        """Whether another worker was there, and ran at the same time."""
        together_ns = min(self.end_ns, other.end_ns) - max(self.start_ns, other.start_ns)
        shorter_ns = min(self.end_ns - self.start_ns, other.end_ns - other.start_ns)
        is_long = together_ns > 0 and together_ns >= LEAST_OVERLAP * shorter_ns
        return self.cpu == other.cpu and self.worker != other.worker and is_long


def is_co_placed(chunks: Chunks, *, cpus: int) -> bool:
    """Whether two workers began, or ended, on one CPU while another of `cpus` CPUs had none.

    Mostly they only begin there: the kernel moves one of them away after some milliseconds.
    """
    for places in zip(*chunks.cpus, strict=True):  # where all began, where all ended
        if len(set(places)) == len(places):
            continue
        columns = (chunks.worker, places, chunks.start_ns, chunks.end_ns)
        runs = itertools.starmap(_Run, zip(*columns, strict=True))
        if len(set(places)) < cpus and any(
            one.shares_with(other) for one, other in itertools.combinations(runs, 2)
        ):
            return True
    return False


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Repetitions whose workers' CPUs are known: which were co-placed, and their times in ns."""

    are_co_placed: bytearray = field(default_factory=bytearray)
    walls_ns: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, chunks: Chunks, wall_ns: float, *, cpus: int) -> None:
        """Take note of a repetition, if it tells its workers' CPUs."""
        if all(chunks.cpus):
            self.are_co_placed.append(is_co_placed(chunks, cpus=cpus))
            self.walls_ns.append(wall_ns)


def co_placement(placed: Placed) -> CoPlacement | None:
    """What repetitions tell; None where none tells its workers' CPUs."""
    if not placed.walls_ns:
        return None
    shared = np.frombuffer(placed.are_co_placed, dtype=np.bool_)
    wall_ns = np.frombuffer(placed.walls_ns, dtype=np.float64)
    both = shared.any() and not shared.all()
    return CoPlacement(
        told=shared.size,
        co_placed=int(shared.sum()),
        times_ratio=(
            float(np.median(wall_ns[shared]) / np.median(wall_ns[~shared])) if both else None
        ),
    )
