"""Does the sentinel move workers? Trials of two workers with it, with a pause instead, and without.

Its children wake up on every CPU before and after each repetition, and the kernel may then place
the workers elsewhere. Counted is how often both chunks of a repetition began or ended on one CPU,
how often a chunk ended on another CPU than it began on, and how long chunks waited for a CPU.
"""

import argparse
import itertools
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from threads_or_processes.records.quiet import ProbeMode
from threads_or_processes.trial.measured.probe_client import ProbeReading

from benchmarks.bench import Bench, Cell, bench
from benchmarks.markdown import print_table

CELLS = (
    Cell(workload="json", model="processes-fork", workers=2),
    Cell(workload="json", model="processes-fork", workers=2, arm="3.13t"),
    Cell(workload="compress", model="threads", workers=2),
    Cell(workload="json", model="threads", workers=2, arm="3.13t"),
)
WITH, PAUSE, WITHOUT = "sentinel", "pause", "neither"
BATCH_MS = 20.0
REPETITIONS = 40
# As long as a reading takes.
PAUSE_S = 0.0025
# More than a wake-up takes: somebody else was on the CPU.
LONG_WAIT_NS = 500_000
#: What is counted, as its column says it; all but the last as a share.
COUNTED = {
    "co_placed": "co-placed repetitions",
    "moved": "chunks that changed their CPU",
    "waited": "chunks that waited more than 0.5 ms for a CPU",
    "wall_ms": "batch, ms",
}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.placement", description=__doc__)
    parser.add_argument("--trials", type=int, default=10, help="of each cell and kind")
    arguments = parser.parse_args()
    with bench() as found:
        rows = pd.DataFrame(measured(found, arguments.trials))
    print_table(("cell", "between batches", *COUNTED.values()), table(rows))
    for name, about in COUNTED.items():
        print(f"{about}, with the sentinel less with a pause: {difference(rows, name)}")


def measured(found: Bench, trials: int) -> Iterator[dict[str, Any]]:
    """A row a trial; in each block every cell in each way, in random order."""
    ways = {
        WITH: (found, True),
        PAUSE: (replace(found, monitor=replace(found.monitor, read=_pausing(found))), True),
        WITHOUT: (found, False),
    }
    for block in range(trials):
        todo = [(cell, way) for cell in CELLS for way in ways]
        random.Random(block).shuffle(todo)  # noqa: S311 - a design, not a secret
        for cell, way in todo:
            here, is_watched = ways[way]
            record = here.trial(
                cell,
                block=block,
                batch_ms=BATCH_MS,
                repetitions=REPETITIONS,
                patience_s=0.0,
                is_watched=is_watched,
            )
            yield {"cell": cell.name, "way": way, "block": block, **placement(record)}


def _pausing(found: Bench) -> Any:
    def read(_: ProbeMode) -> list[ProbeReading]:
        time.sleep(PAUSE_S)
        return [ProbeReading(work_ns=1, waited_ns=0)] * len(found.monitor.cpus)

    return read


def placement(record: Mapping[str, Any]) -> dict[str, float]:
    """What is counted, of one trial."""
    repetitions = [r for r in record["repetitions"] if r["phase"] == "measure"]
    chunks = [chunk for r in repetitions for chunk in r["workers"]]
    return {
        "co_placed": float(np.mean([is_co_placed(r["workers"]) for r in repetitions])),
        "moved": float(np.mean([len(set(chunk["cpus"])) > 1 for chunk in chunks])),
        "waited": float(np.mean([(c["run_queue_ns"] or 0) > LONG_WAIT_NS for c in chunks])),
        "wall_ms": float(np.median([r["wall_ns"] for r in repetitions])) / 1e6,
    }


def is_co_placed(chunks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether two chunks began on one CPU, or ended on one."""
    ends = zip(*(chunk["cpus"] for chunk in chunks), strict=True)
    return any(len(set(cpus)) < len(chunks) for cpus in ends)


def table(rows: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """A row for each cell and way: shares over all its trials, the median batch."""
    for cell, way in itertools.product((cell.name for cell in CELLS), (WITH, PAUSE, WITHOUT)):
        trials = rows[(rows["cell"] == cell) & (rows["way"] == way)]
        shares = [f"{trials[name].mean():.1%}" for name in COUNTED if name != "wall_ms"]
        yield (cell, way, *shares, f"{trials['wall_ms'].median():.2f}")


def difference(rows: pd.DataFrame, name: str) -> str:
    """The mean difference over cells and blocks, with Student's 95 % interval over the blocks."""
    by_way = rows.pivot_table(index="block", columns="way", values=name)
    less = by_way[WITH] - by_way[PAUSE]
    low, high = stats.t.interval(0.95, len(less) - 1, less.mean(), stats.sem(less))
    scale, unit = (1, "ms") if name == "wall_ms" else (100, "percentage points")
    return f"{less.mean() * scale:+.2f} [{low * scale:+.2f}, {high * scale:+.2f}] {unit}"


if __name__ == "__main__":
    main()
