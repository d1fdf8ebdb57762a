"""What else lives in a process moves the times of the same function: modules, heap, thread.

Each variant runs the batch alone in fresh interpreters, in turns, without sentinel or harness.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path

from threads_or_processes.trial.supervisor.environment import draw_environment

from benchmarks.against_pyperf import BATCH_MS
from benchmarks.bench import KEPT_HEAP, SEED, SERIAL_CELLS, Bench, Cell, bench
from benchmarks.fresh import printed_numbers
from benchmarks.markdown import print_table
from benchmarks.pyperf_process import PYPERF, install

#: What each variant adds to the environment of a bare process.
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "alone": {},
    "pyperf imported": {"IMPORTS": "pyperf"},
    "heap kept": KEPT_HEAP,
    "second thread": {"IN_THREAD": "1"},
}
COLUMNS = ("cell", *(f"{variant} (ms, page faults)" for variant in VARIANTS))

# Run by the interpreter under test; prints the lower quartile of 20 batches (ns), and how many
# pages one of them had to ask the kernel for (getrusage(2), minor faults).
PROCESS = """
import importlib, json, os, resource, threading, time
spec = json.loads(os.environ["BATCH"])
for module in os.environ.get("IMPORTS", "").split():
    importlib.import_module(module)
from threads_or_processes.trial.measured.loading import load_workload
function = load_workload(spec["family"], spec["workload"]).function

def batch():
    return [function(task, **spec["arguments"]) for task in range(spec["tasks"])]

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def measure():
    for _ in range(3):
        batch()
    times, faults_before = [], faults()
    for _ in range(20):
        begun = time.perf_counter_ns()
        batch()
        times.append(time.perf_counter_ns() - begun)
    print(sorted(times)[5], (faults() - faults_before) / 20)

if "IN_THREAD" in os.environ:
    thread = threading.Thread(target=measure)
    thread.start()
    thread.join()
else:
    measure()
"""


def main() -> None:
    """Measure, then print a row for each function."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.process_context", description=__doc__
    )
    parser.add_argument("--processes", type=int, default=15, help="of each variant")
    arguments = parser.parse_args()
    with bench() as found, tempfile.TemporaryDirectory() as site:
        install(Path(site), PYPERF)
        rows = (row(found, cell, Path(site), arguments.processes) for cell in SERIAL_CELLS)
        print_table(COLUMNS, rows)


def row(found: Bench, cell: Cell, site: Path, processes: int) -> tuple[str, ...]:
    """The median over the processes of each variant, and the least and most page faults."""
    seen: dict[str, list[tuple[float, float]]] = {variant: [] for variant in VARIANTS}
    for number in range(processes):
        for variant, added in VARIANTS.items():
            seen[variant].append(process(found, cell, site, number, added))
    return (
        cell.name,
        *(
            f"{statistics.median(ns for ns, _ in of_variant) / 1e6:.2f}, "
            f"{statistics.median(faults for _, faults in of_variant):.0f} "
            f"({min(faults for _, faults in of_variant):.0f} to "
            f"{max(faults for _, faults in of_variant):.0f})"
            for of_variant in seen.values()
        ),
    )


def process(
    found: Bench, cell: Cell, site: Path, number: int, added: Mapping[str, str]
) -> tuple[float, float]:
    """A batch's nanoseconds and page faults in a process, in the environment of that number."""
    variables = {"BATCH": json.dumps(found.batch(cell, BATCH_MS)), **added}
    environment = draw_environment(SEED, cell.id, number)
    ns, faults = printed_numbers(
        found.identities[cell.arm], PROCESS, environment, variables, site=site
    )
    return ns, faults


if __name__ == "__main__":
    main()
