"""The same serial functions under pyperf and here, in turns, for the same time.

pyperf with its defaults (20 processes of 3 values); then as many trials of ours as fit into the
time that pyperf took. Both intervals are Student's t over the means of processes, 95 %.
"""

import argparse
import json
import math
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy import stats

from benchmarks.bench import ARMS, ROOT, THRESHOLD, Bench, Cell, bench
from workflow.interpreters.environment import find_uv
from workflow.trial.trial import quiet_repetitions
from workflow.trial.watch import QuietRule
from workflow.trial.workloads import family_of, workload_of

PYPERF = "pyperf==2.10.0"
WORKLOADS = ("mandelbrot", "json", "compress")
BATCH_MS = 20.0
FEWEST_QUIET = 3


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one tool said: its value, the least it saw, its relative half-width, its time."""

    value_ms: float
    minimum_ms: float
    half_width: float
    took_s: float
    trials: str = ""


def main() -> None:
    """Measure and print a row for each function and turn."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.against_pyperf", description=__doc__
    )
    parser.add_argument("--turns", type=int, default=2, help="times that the tools take turns")
    arguments = parser.parse_args()
    print(
        "cell | turn | pyperf mean ms ± | pyperf minimum | ours ms ± | quiet trials | to minimum | "
        "narrower"
    )
    with bench() as found, tempfile.TemporaryDirectory() as folder:
        _install(Path(folder))
        for turn in range(1, arguments.turns + 1):
            for cell in (Cell(workload=name, arm=arm) for name in WORKLOADS for arm in ARMS):
                theirs = pyperf(found, cell, Path(folder))
                ours = here(found, cell, theirs.took_s, turn)
                print(
                    f"{cell.name} | {turn} | {theirs.value_ms:.2f} ± {theirs.half_width:.1%} | "
                    f"{theirs.minimum_ms:.2f} | {ours.value_ms:.2f} ± {ours.half_width:.1%} | "
                    f"{ours.trials} | {ours.value_ms / theirs.minimum_ms - 1:+.1%} | "
                    f"{theirs.half_width / ours.half_width:.1f}",
                    flush=True,
                )


def pyperf(found: Bench, cell: Cell, folder: Path) -> Result:
    """Run pyperf with its defaults."""
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
    begun_s = time.monotonic()
    subprocess.run(
        [
            *(identity["executable"], *identity["flags"], str(ROOT / "benchmarks/pyperf_batch.py")),
            *("--quiet", "--inherit-environ", "BATCH,PYTHONPATH", "-o", str(out)),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"BATCH": json.dumps(batch), "PYTHONPATH": f"{ROOT}:{folder / 'site'}"},
        cwd=folder,
    )
    took_s = time.monotonic() - begun_s
    runs = json.loads(out.read_text(encoding="utf-8"))["benchmarks"][0]["runs"]
    processes = [run["values"] for run in runs if "values" in run]
    means = [statistics.fmean(values) for values in processes]
    return Result(
        value_ms=1e3 * statistics.fmean(means),
        minimum_ms=1e3 * min(min(values) for values in processes),
        half_width=relative_half_width(means),
        took_s=took_s,
    )


def here(found: Bench, cell: Cell, seconds: float, turn: int) -> Result:
    """Run trials for so many seconds; judged by the floors known at the end."""
    begun_s = time.monotonic()
    records: list[dict[str, Any]] = []
    while time.monotonic() - begun_s < seconds:
        block = 1000 * turn + len(records)
        records.append(found.trial(cell, block=block, batch_ms=BATCH_MS))
    took_s = time.monotonic() - begun_s
    rule = found.neighbours.rule(THRESHOLD)
    values = [
        quiet_ms(record, rule)
        for record in records
        if quiet_repetitions(record, rule) >= FEWEST_QUIET
    ]
    return Result(
        value_ms=statistics.median(values) if values else math.nan,
        minimum_ms=min(values, default=math.nan),
        half_width=relative_half_width(values),
        took_s=took_s,
        trials=f"{len(values)}/{len(records)}",
    )


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
