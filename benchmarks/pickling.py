"""Why the `pickling` workload is slower on the free-threaded build, where others saw no difference.

The workload pickles objects that it has just unpickled; published benchmarks pickle the same ones
again and again. The standard build runs with the free-threaded one's allocator, too: it hands out
other addresses each time, and the pickler's table of what it has seen goes by address.
"""

import argparse
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from threads_or_processes.trial.supervisor.environment import draw_environment

from benchmarks.bench import ARMS, REFERENCE_ARM, SEED, Bench, bench
from benchmarks.fresh import printed_numbers
from benchmarks.markdown import print_table

# Prints the least nanoseconds with the same and with fresh objects, and in how many layouts of 200
# the fresh ones lay.
PROCESS = """
import pickle, time
from threads_or_processes.trial.workloads.text import _pickled
pickled = _pickled()
kept = pickle.loads(pickled)

def fresh():
    return pickle.dumps(pickle.loads(pickled), protocol=5)

def same():
    pickle.loads(pickled)
    return pickle.dumps(kept, protocol=5)

def least_ns(function):
    times = []
    for _ in range(15):
        begun = time.perf_counter_ns()
        for _ in range(200):
            function()
        times.append((time.perf_counter_ns() - begun) / 200)
    return min(times)

def layout():
    records = pickle.loads(pickled)
    pickle.dumps(records, protocol=5)
    return tuple(id(value) for record in records for value in record.values())

print(least_ns(same), least_ns(fresh), len({layout() for _ in range(200)}))
"""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """An interpreter, and what its environment has besides."""

    name: str
    arm: str
    variables: Mapping[str, str]


VARIANTS = (
    Variant(name="3.13", arm=REFERENCE_ARM, variables={}),
    Variant(name="3.13, mimalloc", arm=REFERENCE_ARM, variables={"PYTHONMALLOC": "mimalloc"}),
    Variant(name="3.13t", arm=ARMS[1], variables={}),
)
COLUMNS = ("interpreter", "the same objects (us)", "fresh objects (us)", "layouts of 200")


def main() -> None:
    """Measure in turns, then print a row for each interpreter."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pickling", description=__doc__)
    parser.add_argument("--processes", type=int, default=15, help="of each interpreter")
    arguments = parser.parse_args()
    with bench() as found:
        turns = [
            [process(found, variant, number) for variant in VARIANTS]
            for number in range(arguments.processes)
        ]
    print_table(COLUMNS, map(row, VARIANTS, zip(*turns, strict=True)))


def row(variant: Variant, seen: Iterable[Sequence[float]]) -> tuple[str, ...]:
    """The medians over an interpreter's processes."""
    same, fresh, layouts = (statistics.median(values) for values in zip(*seen, strict=True))
    return variant.name, f"{same / 1e3:.1f}", f"{fresh / 1e3:.1f}", f"{layouts:.0f}"


def process(found: Bench, variant: Variant, number: int) -> Sequence[float]:
    """What one process of an interpreter prints."""
    environment = draw_environment(SEED, "pickling", number)
    identity = found.identities[variant.arm]
    return printed_numbers(identity, PROCESS, environment, variant.variables)


if __name__ == "__main__":
    main()
