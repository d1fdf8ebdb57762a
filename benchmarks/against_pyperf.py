"""The same serial functions under pyperf and here, in turns, for the same time.

In a turn each function has a few of pyperf's processes (3 values each, as is its default), then as
many trials of ours as fit into the time that these took. Four turns are pyperf's default of 20
processes. Both intervals are Student's t over the means of processes, 95 %, over all turns.

What a process is given moves its times, so pyperf's n-th process has the environment of our n-th
trial: both tools meet the same layouts. What else lives in it does too
(`benchmarks.process_context`): with `--keep-heap` neither tool's processes give memory back between
two calls.
"""

import argparse
import math
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scipy import stats
from threads_or_processes.records.imputation import judged
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.quiet import QuietRule
from threads_or_processes.records.vocabulary import FEWEST_QUIET
from threads_or_processes.trial.supervisor.environment import draw_environment
from threads_or_processes.trial.supervisor.trial import quiet_repetitions

from benchmarks.bench import KEPT_HEAP, SEED, SERIAL_CELLS, Bench, Cell, bench, rule_of
from benchmarks.markdown import print_table
from benchmarks.neighbour import neighbours_on
from benchmarks.pyperf_process import PYPERF, PyperfProcess, batch_under_pyperf, install

BATCH_MS = 20.0
PROCESSES = 5  # of pyperf, in a turn
COLUMNS = (
    "cell",
    "pyperf mean ms ±",
    "pyperf minimum",
    "ours ms ±",
    "quiet trials",
    "pyperf mean to minimum",
    "ours to minimum",
    "our least to minimum",
    "narrower",
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What both tools saw of a cell so far: pyperf's values by process, our trials' records."""

    processes_ms: list[list[float]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)

    def row(self, cell: Cell, rule: QuietRule) -> tuple[str, ...]:
        """Both tools' values, judged by the floors that are known at the end."""
        means = [statistics.fmean(values) for values in self.processes_ms]
        minimum_ms = min(min(values) for values in self.processes_ms)
        ours = [
            quiet_ms(record, rule)
            for record in self.records
            if quiet_repetitions(record, rule) >= FEWEST_QUIET
        ]
        ours_ms = statistics.median(ours) if ours else math.nan
        theirs_ms, theirs_width = statistics.fmean(means), relative_half_width(means)
        ours_width = relative_half_width(ours)
        return (
            cell.name,
            f"{theirs_ms:.2f} ± {theirs_width:.1%}",
            f"{minimum_ms:.2f}",
            f"{ours_ms:.2f} ± {ours_width:.1%}",
            f"{len(ours)} of {len(self.records)}",
            f"{theirs_ms / minimum_ms - 1:+.1%}",
            f"{ours_ms / minimum_ms - 1:+.1%}",
            f"{min(ours, default=math.nan) / minimum_ms - 1:+.1%}",
            f"{theirs_width / ours_width:.1f}",
        )


def main() -> None:
    """Measure, then print a row for each function."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.against_pyperf", description=__doc__
    )
    parser.add_argument("--turns", type=int, default=4, help="times that the tools take turns")
    parser.add_argument(
        "--neighbours", action="store_true", help="with busy loops that come and go on every CPU"
    )
    parser.add_argument(
        "--keep-heap", action="store_true", help="glibc gives nothing back to the kernel"
    )
    arguments = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0)) if arguments.neighbours else ()
    with neighbours_on(cpus):
        measured, rule = in_turns(SERIAL_CELLS, arguments.turns, keep_heap=arguments.keep_heap)
    print_table(COLUMNS, (all_turns.row(cell, rule) for cell, all_turns in measured.items()))


def narrower(cells: Sequence[Cell], turns: int, processes: int, *, build: str) -> list[float]:
    """How many times as wide as ours pyperf's interval of each function is."""
    measured, rule = in_turns(cells, turns, processes, build=build)
    return [float(all_turns.row(cell, rule)[-1]) for cell, all_turns in measured.items()]


def in_turns(
    cells: Sequence[Cell],
    turns: int,
    each: int = PROCESSES,
    *,
    build: str = "optimised",
    keep_heap: bool = False,
) -> tuple[dict[Cell, Measured], QuietRule]:
    """What both tools see of each function, with `each` of pyperf's processes in a turn."""
    measured = {cell: Measured() for cell in cells}
    with bench(build) as found, tempfile.TemporaryDirectory() as site:
        install(Path(site), PYPERF)
        if keep_heap:
            found = replace(found, identities=keeping_heap(found.identities))
        processes = {cell: calibrated(found, cell, Path(site)) for cell in cells}
        for turn in range(1, turns + 1):
            print(f"turn {turn} of {turns}", file=sys.stderr, flush=True)
            for cell, so_far in measured.items():
                begun_s = time.monotonic()
                for _ in range(each):
                    environment = draw_environment(SEED, cell.id, len(so_far.processes_ms))
                    values_s = processes[cell].values_s(environment)
                    so_far.processes_ms.append([1e3 * value for value in values_s])
                here(found, cell, time.monotonic() - begun_s, so_far.records)
        records = (record for so_far in measured.values() for record in so_far.records)
        return measured, rule_of(found.monitor.cpus, records)


def keeping_heap(identities: Mapping[str, Identity]) -> dict[str, Identity]:
    """The interpreters, started with variables that let glibc keep what is freed."""
    env = shutil.which("env") or "/usr/bin/env"
    settings = [f"{name}={value}" for name, value in KEPT_HEAP.items()]
    return {
        arm: {
            **identity,
            "executable": env,
            "flags": [*settings, identity["executable"], *identity["flags"]],
        }
        for arm, identity in identities.items()
    }


def calibrated(found: Bench, cell: Cell, site: Path) -> PyperfProcess:
    """A cell's batch under pyperf, with the loops that it finds right for it."""
    process = batch_under_pyperf(found.identities[cell.arm], found.batch(cell, BATCH_MS), site)
    return process.calibrated(draw_environment(SEED, cell.id, 0))


def here(found: Bench, cell: Cell, seconds: float, records: list[dict[str, Any]]) -> None:
    """Add trials for so many seconds."""
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < seconds:
        records.append(found.trial(cell, block=len(records), batch_ms=BATCH_MS))


def quiet_ms(record: dict[str, Any], rule: QuietRule) -> float:
    """A trial's value: the median of its quiet repetitions."""
    quiet_ns: list[int] = [
        r["wall_ns"]
        for r in record["repetitions"]
        if r["phase"] == "measure" and judged(r, rule, workers=record["cell"]["workers"]).is_quiet
    ]
    return statistics.median(quiet_ns) / 1e6


def relative_half_width(values: Sequence[float]) -> float:
    """Half the 95 % t interval of the mean, relative to it; infinite for fewer than two."""
    if len(values) < 2:
        return math.inf
    t = float(stats.t.ppf(0.975, len(values) - 1))
    width: float = t * statistics.stdev(values) / len(values) ** 0.5 / statistics.fmean(values)
    return width


if __name__ == "__main__":
    main()
