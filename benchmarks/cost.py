"""What the harness adds: to a trial outside its repetitions, within them, and to sending a task."""

import argparse
import math
import statistics

import numpy as np
from threads_or_processes.analysis.estimates import t_bounds
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.trial.supervisor.environment import draw_environment

from benchmarks.bench import ARMS, SEED, SERIAL_CELLS, Bench, Cell, bench
from benchmarks.fresh import printed_numbers

CELLS = (
    Cell(workload="mandelbrot"),
    Cell(workload="mandelbrot", model="threads", workers=2),
    Cell(workload="mandelbrot", model="threads", workers=2, arm="3.13t"),
    Cell(workload="mandelbrot", model="processes-fork", workers=2),
    Cell(workload="mandelbrot", model="processes-fork", workers=2, arm="3.13t"),
)

# Run by the interpreter under test: the same pool, once through the model and once bare, in turns.
DISPATCH = """
import os, time
from threads_or_processes.trial.measured.batch import alone
from threads_or_processes.trial.models import load_model

def identity(task):
    return task

model = load_model(os.environ["MODEL"], 2)
model.start()
model.answered(time.perf_counter_ns)
function, items = alone(identity, {}), range(1000)
ways = {
    "model": lambda: model.map(function, items),
    "bare": lambda: model._pool.map(identity, items, chunksize=1),
}
times = {name: [] for name in ways}
for turn in range(60):
    for name in sorted(ways, reverse=turn % 2 == 1):
        begun = time.perf_counter_ns()
        ways[name]()
        times[name].append(time.perf_counter_ns() - begun)
model.stop()
low = {name: sorted(found)[len(found) // 4] for name, found in times.items()}
print(low["model"] / 1000, low["bare"] / 1000)
"""


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost", description=__doc__)
    parser.add_argument("--trials", type=int, default=10, help="trials of each cell")
    arguments = parser.parse_args()
    with bench() as found:
        print("A trial outside its repetitions (seconds, median of the trials; CLI not counted)")
        for cell in CELLS:
            spent = [outside_s(found, cell, block) for block in range(arguments.trials)]
            print(f"  {cell.name:40} {statistics.median(spent):.3f}")
        print("A batch that follows a reading of the sentinel, over one that follows a batch")
        for cell in SERIAL_CELLS:
            ratio, low, high = after_reading(found, cell, arguments.trials)
            print(f"  {cell.name:40} {ratio:.3f} [{low:.3f}, {high:.3f}]")
        print("Sending one task, 1000 in a batch (ns a task, lower quartile of 60)")
        for model in ("threads", "processes-fork", "stdlib_processes-fork"):
            for arm in ARMS:
                ours, bare = dispatch(found.identities[arm], model)
                print(f"  {model:22} {arm:6} {ours:9.0f} {bare:9.0f}   ratio {ours / bare:.3f}")


def outside_s(found: Bench, cell: Cell, block: int) -> float:
    """A trial's time from its process's start to its end, without repetitions and readings."""
    record = found.trial(cell, block=block, batch_ms=20)
    repetitions = record["repetitions"]
    first, last = repetitions[0], repetitions[-1]
    begun_ns: int = first["started_monotonic_ns"] - max(first["sentinel_before_ns"])
    ended_ns: int = last["started_monotonic_ns"] + last["wall_ns"] + max(last["sentinel_after_ns"])
    whole_ns: int = record["ended_monotonic_ns"] - record["started_monotonic_ns"]
    return (whole_ns - (ended_ns - begun_ns)) / 1e9


def after_reading(found: Bench, cell: Cell, trials: int) -> tuple[float, float, float]:
    """How many times as long a batch takes after a reading, and Student's 95 % interval.

    The geometric mean over pairs of trials, with the sentinel and without, in one environment.
    """
    logs = []
    for block in range(trials):
        turns = (True, False) if block % 2 else (False, True)
        low_ns = {watched: _low_ns(found, cell, block, is_watched=watched) for watched in turns}
        logs.append(math.log(low_ns[True] / low_ns[False]))
    low, high = t_bounds(np.array(logs), 0.95)
    return math.exp(statistics.fmean(logs)), math.exp(low), math.exp(high)


def _low_ns(found: Bench, cell: Cell, block: int, *, is_watched: bool) -> float:
    """The lower quartile of a trial's batches: without a sentinel nobody knows which were quiet."""
    record = found.trial(cell, block=block, batch_ms=20, is_watched=is_watched)
    measured = [r["wall_ns"] for r in record["repetitions"] if r["phase"] == "measure"]
    return float(np.percentile(measured, 25))


def dispatch(identity: Identity, model: str) -> tuple[float, float]:
    """Nanoseconds a task through the model and through its bare pool."""
    environment = draw_environment(SEED, f"dispatch {model}", 0)
    ours, bare = printed_numbers(identity, DISPATCH, environment, {"MODEL": model})
    return ours, bare


if __name__ == "__main__":
    main()
