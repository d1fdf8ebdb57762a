"""How much longer than threads processes take to start and join, by what they are started for.

The published figures are of eight workers with a task of 20,000 integer steps each; the claim's
cells are of empty tasks, as many workers as CPUs. Threads are those of the free-threaded build,
processes those of the standard one, as published. No pool: workers are started and joined.
"""

import argparse
import statistics
from collections.abc import Mapping

from threads_or_processes.trial.supervisor.environment import draw_environment

from benchmarks.bench import ARMS, REFERENCE_ARM, SEED, Bench, bench
from benchmarks.fresh import printed_numbers
from benchmarks.markdown import print_table

STEPS = (0, 20_000)
WORKERS = (2, 8)
#: By how workers are started: the interpreter, and how often a process of it does so.
STARTS: Mapping[str, tuple[str, int]] = {
    "threads": (ARMS[1], 20),
    "fork": (REFERENCE_ARM, 10),
    "spawn": (REFERENCE_ARM, 2),
}
COLUMNS = ("workers", "steps each", "threads (ms)", "fork, times as long", "spawn, times as long")

# Prints the nanoseconds of each start. The task is of the standard library, for a spawned process
# has to import it.
PROCESS = """
import multiprocessing, os, threading, time, timeit
start, workers, steps, times = os.environ["START"].split()
make = threading.Thread if start == "threads" else multiprocessing.get_context(start).Process
step = "x = (x * 1103515245 + 12345) & 0xFFFFFFFF; x ^= x >> 16"
task = dict(target=timeit.timeit, args=(step, "x = 1", time.perf_counter, int(steps)))

def start_and_join():
    begun = time.perf_counter_ns()
    started = [make(**task) for _ in range(int(workers))]
    for worker in started:
        worker.start()
    for worker in started:
        worker.join()
    return time.perf_counter_ns() - begun

start_and_join()
print(*(start_and_join() for _ in range(int(times))))
"""


def main() -> None:
    """Measure in turns, then print a row for each number of workers and each task."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.starting", description=__doc__)
    parser.add_argument("--processes", type=int, default=10, help="of each way of starting")
    arguments = parser.parse_args()
    with bench() as found:
        rows = (
            row(found, workers, steps, arguments.processes)
            for workers in WORKERS
            for steps in STEPS
        )
        print_table(COLUMNS, rows)


def row(found: Bench, workers: int, steps: int, processes: int) -> tuple[str, ...]:
    """The medians over the processes of each way of starting, measured in turns."""
    turns = [
        [started_ms(found, start, workers, steps, number) for start in STARTS]
        for number in range(processes)
    ]
    threads, fork, spawn = map(statistics.median, zip(*turns, strict=True))
    ratios = f"{fork / threads:.2f}", f"{spawn / threads:.1f}"
    return str(workers), f"{steps:,}", f"{threads:.2f}", *ratios


def started_ms(found: Bench, start: str, workers: int, steps: int, number: int) -> float:
    """The median of one process."""
    arm, times = STARTS[start]
    environment = draw_environment(SEED, "starting", number)
    variables = {"START": f"{start} {workers} {steps} {times}"}
    times_ns = printed_numbers(found.identities[arm], PROCESS, environment, variables)
    return statistics.median(times_ns) / 1e6


if __name__ == "__main__":
    main()
