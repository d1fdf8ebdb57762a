"""One quantity over worker counts, block by block: what laws and lines are fitted to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from threads_or_processes.analysis.estimates import Floats
from threads_or_processes.records.plan import Cell

#: Worker count -> block -> the trial's value.
ByWorkers = Mapping[int, Mapping[int, float]]


@dataclass(frozen=True)
class Curve:
    """`values[b, c]` is the value of the b-th block with `workers[c]` workers; counts ascend."""

    workers: Floats
    values: Floats

    @property
    def blocks(self) -> int:
        """Number of blocks in which every count has a value."""
        return len(self.values)


def well_covered(by_workers: ByWorkers) -> list[int]:
    """The counts, ascending, with values in at least half as many blocks as the best has.

    So that a count that mostly failed does not take their blocks from all the others.
    """
    most = max(map(len, by_workers.values()), default=0)
    return sorted(
        count for count, of_count in by_workers.items() if of_count and 2 * len(of_count) >= most
    )


def covered(cells: Iterable[Cell], values: Mapping[str, Mapping[int, float]]) -> dict[int, str]:
    """The ids, by number of workers, of the cells that enough blocks have a value of."""
    ids = {cell.workers: cell.id for cell in cells}
    return {
        count: ids[count]
        for count in well_covered({count: values.get(ids[count], {}) for count in ids})
    }


def curve_of(by_workers: ByWorkers) -> Curve:
    """The blocks that all counts share, in order; there may be none."""
    counts = sorted(by_workers)
    shared = set[int].intersection(*(set(by_workers[count]) for count in counts))
    values = [[by_workers[count][block] for count in counts] for block in sorted(shared)]
    return Curve(
        workers=np.array(counts, dtype=np.float64),
        values=np.array(values, dtype=np.float64).reshape(len(shared), len(counts)),
    )
