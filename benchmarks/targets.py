"""The questions about the instrument that one figure answers, in one run, as one table.

    python -m benchmarks.targets

The small sweeps and trials run one after another, and nothing beside them. CPU times and ratios are
of this run; a shared host makes CPU times longer. `--smallest` only shows that everything works.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from threads_or_processes.analysis.dataset import read_dataset
from threads_or_processes.common.plan_file import read_plan

from benchmarks.against_pyperf import PROCESSES, narrower
from benchmarks.bench import ROOT, SERIAL_CELLS
from benchmarks.collecting import row as collecting_row
from benchmarks.control import (
    INTERVALS,
    PARALLEL_BOUND,
    SERIAL_BOUND,
    as_table,
    coverage,
    kept,
    measured_twice,
)
from benchmarks.markdown import print_table
from benchmarks.scale import Archived, steps, with_blocks
from benchmarks.share import row as share_row

COLUMNS = ("question", "wanted", "here")
#: A sweep of seconds: one workload, once.
TINY: Mapping[str, Any] = {
    "blocks": 1,
    "trial": {"warmups": 1, "repetitions": 2, "amounts": [1], "wait_s": 0.1, "retry_pass_s": 0},
}
EXPERIMENTS: Mapping[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))[
    "experiments"
]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured."""

    sweep: Mapping[str, Any]
    control: Mapping[str, Any]
    turns: int
    processes: int
    cells: int
    """Functions that are timed by pyperf, too."""
    blocks: int
    """Of the default sweep, planned in a dry run."""
    trials: int
    """Whose records are collected."""
    rows: int
    build: str
    cache: Path | None
    """Where interpreters are built from nothing; None takes those of the cache."""


def main() -> None:
    """Measure, and print a row for each question as soon as it is answered."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.targets", description=__doc__)
    parser.add_argument("--smallest", action="store_true", help="a minute, and figures of no use")
    is_smallest = parser.parse_args().smallest
    with tempfile.TemporaryDirectory(prefix="targets-") as folder:
        size = smallest() if is_smallest else whole(Path(folder) / "cache")
        print_table(COLUMNS, answers(Path(folder), size))


def whole(cache: Path) -> Size:
    """What takes 20 to 40 minutes on two cores."""
    return Size(
        sweep=overlay("overlays/quick.yaml"),
        control=overlay("benchmarks/control.yaml") | {"trial": {"retry_pass_s": 0}},
        turns=2,
        processes=PROCESSES,
        cells=len(SERIAL_CELLS),
        blocks=80,
        trials=10_000,
        rows=100_000,
        build="optimised",
        cache=cache,
    )


def smallest() -> Size:
    """What takes a minute."""
    grid = {"workloads": ["mandelbrot"], "models": ["serial", "threads"], "workers": [2]}
    nothing: dict[str, Any] = dict.fromkeys(EXPERIMENTS)
    return Size(
        sweep={**TINY, "experiments": nothing | {"kinds": grid}},
        control={**TINY, "blocks": 2, "experiments": nothing | {"control": grid}},
        turns=1,
        processes=2,
        cells=1,
        blocks=8,
        trials=10,
        rows=3_000,
        build="optimised_if_cached",
        cache=None,
    )


def overlay(path: str) -> dict[str, Any]:
    """A config that is used on top of the default one."""
    read: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return read


def answers(folder: Path, size: Size) -> Iterator[Sequence[str]]:
    """The rows."""
    build = {"interpreters": {"build": size.build}}
    sweep = Sweep(folder / "sweep", {**size.sweep, **build, "campaign": "targets"})
    sweep.run()
    yield from shares(sweep.results)
    yield "CPU time of a second run with nothing to do", "", seconds(sweep.run())
    planned = Sweep(folder / "planned", {"blocks": size.blocks})
    cpu_s = planned.run("--dry-run")
    yield (
        f"CPU time of `snakemake -n` with {size.blocks} blocks",
        "15 s for 80 blocks",
        seconds(cpu_s),
    )
    yield collecting(sweep.results, size.trials)
    yield from analysis(size.rows)
    widths = narrower(SERIAL_CELLS[: size.cells], size.turns, size.processes, build=size.build)
    yield (
        "pyperf's interval over ours, in the same time: median of functions",
        "more than 1",
        f"{statistics.median(widths):.1f} ({min(widths):.1f} to {max(widths):.1f})",
    )
    control = Sweep(folder / "control", {**size.control, **build, "campaign": "control"})
    control.run("--until", "collect_trials")
    yield from agreement(control.results)
    yield interpreters(folder, size)


@dataclass(frozen=True)
class Sweep:
    """A folder in which the pipeline runs with a config of its own."""

    folder: Path
    config: Mapping[str, Any]

    def run(self, *options: str, cache: Path | None = None) -> float:
        """Run it to its end; the CPU time in seconds of Snakemake and all that it starts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "config.yaml"
        config.write_text(json.dumps(self.config), encoding="utf-8")
        snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        place = ["--directory", str(self.folder), "--configfile", str(config)]
        environment = {**os.environ, **({"XDG_CACHE_HOME": str(cache)} if cache else {})}
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*snakemake, "--cores", "all", *options, *place],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
            _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit((self.folder / "log").read_text(encoding="utf-8")[-3000:])
        return usage.ru_utime + usage.ru_stime

    @property
    def results(self) -> Path:
        """What it has measured."""
        (plan,) = self.folder.glob("results/*/plan.json")
        return plan.parent


def shares(results: Path) -> Iterator[Sequence[str]]:
    """Where the time of a sweep goes."""
    _, _, quartiles, in_repetitions, *_ = share_row(results)
    yield "share of a sweep inside repetitions", "", in_repetitions
    yield "time between two trials (ms): quartiles", "", quartiles


def collecting(results: Path, trials: int) -> Sequence[str]:
    """CPU time and peak memory of making the data set."""
    found, _, cpu_s, peak_mb = collecting_row(results, trials)
    return (
        f"CPU time and peak memory: collect, {found} trials",
        "",
        f"{cpu_s} s, {peak_mb} MB",
    )


def analysis(rows: int) -> Iterator[Sequence[str]]:
    """CPU time and peak memory of tables and page."""
    archived = Archived.read(ROOT / "docs/example")
    grown = with_blocks(archived, max(1, round(rows / len(archived.trials))))
    for *_, found, step, cpu_s, peak_mb, _ in (["", *one] for one in steps(grown)):
        yield (
            f"CPU time and peak memory: {step}, {found} rows",
            "60 s, 1,000 MB for all steps of 1,000,000 rows",
            f"{cpu_s} s, {peak_mb} MB",
        )


def agreement(results: Path) -> Iterator[Sequence[str]]:
    """How many pairs of measurements of one configuration (A/A) agree."""
    found = measured_twice(
        read_plan(results / "plan.json"), read_dataset(results / "trials.parquet")
    )
    pairs = as_table(*found)
    for name, bound, of_kind in (
        ("serial", SERIAL_BOUND, pairs["workers"] == 1),
        ("two workers", PARALLEL_BOUND, pairs["workers"] > 1),
    ):
        ratios: pd.Series[float] = pairs.loc[of_kind, "ratio"].dropna()
        told = kept(ratios, bound) if len(ratios) else "none"
        yield f"A/A: {name}, ratios within {bound:.0%} of 1", "all, on a quiet host", told
    for name, interval in INTERVALS.items():
        known = pairs[pairs[f"{interval}_low_ratio"].notna()]
        yield (
            "A/A: intervals that hold 1",
            "95 %",
            coverage(known, interval, name) if len(known) else "none",
        )
    yield (
        "A/A: pairs on undisturbed times",
        "",
        f"{(pairs['basis'] == 'quiet').sum()} of {len(pairs)}",
    )


def interpreters(folder: Path, size: Size) -> Sequence[str]:
    """How long it takes to have both plain builds, from an empty cache."""
    asked = {"interpreters": {"build": "plain" if size.cache else size.build}, **TINY}
    only = Sweep(folder / "interpreters", {**asked, "campaign": "interpreters"})
    begun_s = time.monotonic()
    only.run("--until", "provide_interpreters", cache=size.cache)
    what = "plain builds, from an empty cache" if size.cache else "builds of the cache"
    return f"time to interpreters: {what}", "", f"{time.monotonic() - begun_s:.0f} s"


def seconds(cpu_s: float) -> str:
    """CPU time for a cell."""
    return f"{cpu_s:.1f} s"


if __name__ == "__main__":
    main()
