"""The same serial functions under pyperf and here, in turns, for the same time.

In a turn each function has a few of pyperf's processes (3 values each, as is its default), then as
many trials of ours as fit into the time that these took. Four turns are pyperf's default of 20
processes. Both intervals are Student's t over the means of processes, 95 %, over all turns.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scipy import stats

from benchmarks.bench import ARMS, ROOT, Bench, Cell, bench, rule_of
from workflow.interpreters.environment import find_uv
from workflow.trial.trial import quiet_repetitions
from workflow.trial.watch import QuietRule
from workflow.trial.workloads import family_of, workload_of

PYPERF = "pyperf==2.10.0"
WORKLOADS = ("mandelbrot", "json", "compress")
BATCH_MS = 20.0
FEWEST_QUIET = 3
PROCESSES = 5  # of pyperf, in a turn
COLUMNS = (
    "cell",
    "pyperf mean ms ±",
    "pyperf minimum",
    "ours ms ±",
    "quiet trials",
    "pyperf mean to minimum",
    "ours to minimum",
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
            f"{theirs_width / ours_width:.1f}",
        )


def main() -> None:
    """Measure, then print a row for each function."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.against_pyperf", description=__doc__
    )
    parser.add_argument("--turns", type=int, default=4, help="times that the tools take turns")
    arguments = parser.parse_args()
    cells = [Cell(workload=name, arm=arm) for name in WORKLOADS for arm in ARMS]
    measured = {cell: Measured() for cell in cells}
    with bench() as found, tempfile.TemporaryDirectory() as folder:
        _install(Path(folder))
        loops: dict[Cell, int] = {}
        for turn in range(1, arguments.turns + 1):
            print(f"turn {turn} of {arguments.turns}", file=sys.stderr, flush=True)
            for cell, so_far in measured.items():
                begun_s = time.monotonic()
                values_ms, loops[cell] = pyperf(found, cell, Path(folder), loops.get(cell))
                so_far.processes_ms.extend(values_ms)
                here(found, cell, time.monotonic() - begun_s, so_far.records)
        records = (record for so_far in measured.values() for record in so_far.records)
        rule = rule_of(found.neighbours.cpus, records)
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" * len(COLUMNS) + "|")
    for cell, all_turns in measured.items():
        print("| " + " | ".join(all_turns.row(cell, rule)) + " |")


def pyperf(
    found: Bench, cell: Cell, folder: Path, loops: int | None
) -> tuple[list[list[float]], int]:
    """The values of a few processes (ms), and the number of loops, which is calibrated once."""
    calibration = found.calibration(cell.workload, BATCH_MS)
    workload = workload_of(cell.workload)
    batch = {
        "family": family_of(workload),
        "workload": workload.name,
        "arguments": {**workload.parameters, "size": calibration["size"]},
        "tasks": calibration["tasks"],
    }
    identity, out = found.identities[cell.arm], folder / "pyperf.json"
    out.unlink(missing_ok=True)
    subprocess.run(
        [
            *(identity["executable"], *identity["flags"], str(ROOT / "benchmarks/pyperf_batch.py")),
            *("--quiet", "--inherit-environ", "BATCH,PYTHONPATH", "-o", str(out)),
            *("--processes", str(PROCESSES)),
            *(() if loops is None else ("--loops", str(loops))),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"BATCH": json.dumps(batch), "PYTHONPATH": f"{ROOT}:{folder / 'site'}"},
        cwd=folder,
    )
    suite = json.loads(out.read_text(encoding="utf-8"))
    measured = [run for run in suite["benchmarks"][0]["runs"] if "values" in run]
    metadata = {**suite["metadata"], **measured[-1].get("metadata", {})}
    values_ms = [[1e3 * value for value in run["values"]] for run in measured]
    return values_ms, int(metadata.get("loops", 1))


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
        if r["phase"] == "measure"
        and rule.is_quiet(r["cpus"], r["sentinel_before_ns"], r["sentinel_after_ns"])
    ]
    return statistics.median(quiet_ns) / 1e6


def relative_half_width(values: Sequence[float]) -> float:
    """Half the 95 % t interval of the mean, relative to it; infinite for fewer than two."""
    if len(values) < 2:
        return math.inf
    t = float(stats.t.ppf(0.975, len(values) - 1))
    width: float = t * statistics.stdev(values) / len(values) ** 0.5 / statistics.fmean(values)
    return width


def _install(folder: Path) -> None:
    command = [str(find_uv()), "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*command, str(folder / "site"), PYPERF], check=True, cwd=folder)


if __name__ == "__main__":
    main()
