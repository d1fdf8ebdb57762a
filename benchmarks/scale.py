"""How CPU time and memory of the analysis grow with the size of a data set.

Each data set repeats the trials of an archived one: in more blocks, or under more workloads. So its
columns and texts are those of real trials. Its times vary at random and mean nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from threads_or_processes.analysis.dataset import in_order, read_dataset
from threads_or_processes.analysis.package import (
    CSV_FILE,
    PACKAGE_FILE,
    PARQUET_FILE,
    Package,
    as_record,
    notes_in,
    read_package,
)
from threads_or_processes.analysis.stored import write_dataset
from threads_or_processes.common.files import write_json
from threads_or_processes.common.plan_file import plan_json
from threads_or_processes.records.plan import Experiment, Plan, Trial

from benchmarks.markdown import print_table

ROOT = Path(__file__).parents[1]
COLUMNS = (
    "configurations",
    "trials",
    "rows",
    "step",
    "CPU time (s)",
    "peak memory (MB)",
    "page (MB)",
)
ROWS = (10_000, 100_000, 1_000_000)
CONFIGURATIONS = 5_000
#: Of a campaign (workflow/schemas/config.schema.yaml).
MOST_BLOCKS = 999


@dataclass(frozen=True, kw_only=True)
class Archived:
    """A data set with what belongs to it."""

    package: Package
    trials: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> "Archived":
        """Read it from the folder that it was published in."""
        return cls(
            package=read_package(folder / PACKAGE_FILE), trials=read_dataset(folder / CSV_FILE)
        )

    def write(self, folder: Path) -> None:
        """Write it as the pipeline would."""
        folder.mkdir(parents=True)
        write_dataset([self.trials], folder)
        package = replace(self.package, **notes_in(folder))
        write_json(folder / PACKAGE_FILE, as_record(package))


def main() -> None:
    """Print a row for each size and step."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("dataset", type=Path, help=f"folder with {CSV_FILE} and {PACKAGE_FILE}")
    parser.add_argument("--blocks", type=int, help="blocks for one of the data set's")
    parser.add_argument("--workloads", type=int, default=1, help="workloads for one of its own")
    arguments = parser.parse_args()
    archived = Archived.read(arguments.dataset)
    sizes = (
        [(arguments.blocks, arguments.workloads)]
        if arguments.blocks
        else [
            *(_size(archived, rows) for rows in ROWS),
            (1, round(CONFIGURATIONS / len(archived.package.plan.cells))),
        ]
    )
    print_table(
        COLUMNS,
        (
            row
            for blocks, workloads in sizes
            for row in steps(with_blocks(with_workloads(archived, workloads), blocks))
        ),
    )


def _size(archived: Archived, rows: int) -> tuple[int, int]:
    """How many times the blocks and the workloads are to be there for so many rows."""
    times = max(1, round(rows / len(archived.trials)))
    workloads = -(-times * archived.package.plan.blocks // MOST_BLOCKS)
    return max(1, round(times / workloads)), workloads


def with_blocks(archived: Archived, times: int) -> Archived:
    """Each block `times` times."""
    plan = archived.package.plan
    blocks = archived.trials["cell"].map({cell.id: cell.blocks for cell in plan.cells})
    copies = []
    for copy in range(times):
        again = _another(archived.trials, copy)
        copies.append(again.assign(block=again["block"] + copy * blocks))
    return _with(archived, plan_with_blocks(plan, times), copies)


def plan_with_blocks(plan: Plan, times: int) -> Plan:
    """The same plan with each block `times` times, one copy of all after the other."""
    cells = tuple(replace(cell, blocks=cell.blocks * times) for cell in plan.cells)
    trials = tuple(
        Trial(
            cell=trial.cell,
            block=trial.block + copy * plan.cells_by_id[trial.cell].blocks,
            position=trial.position + copy * len(plan.trials),
        )
        for copy in range(times)
        for trial in plan.trials
    )
    return replace(plan, cells=cells, trials=trials, blocks=plan.blocks * times)


def with_workloads(archived: Archived, times: int) -> Archived:
    """Each workload `times` times, under other names."""
    plan = archived.package.plan
    cells = tuple(
        replace(cell, workload=_name(cell.workload, copy), id=_name(cell.id, copy))
        for copy in range(times)
        for cell in plan.cells
    )
    planned = replace(
        plan,
        cells=cells,
        trials=tuple(
            Trial(
                cell=_name(trial.cell, copy),
                block=trial.block,
                position=trial.position + copy * len(plan.trials),
            )
            for copy in range(times)
            for trial in plan.trials
        ),
        workloads={
            _name(label, copy): replace(work, name=_name(work.name, copy))
            for copy in range(times)
            for label, work in plan.workloads.items()
        },
        experiments=tuple(
            Experiment(
                name=one.name,
                question=one.question,
                cells=tuple(_name(cell, copy) for copy in range(times) for cell in one.cells),
            )
            for one in plan.experiments
        ),
    )
    copies = [
        _another(archived.trials, copy).assign(
            **{
                name: archived.trials[name].map(
                    {text: _name(text, copy) for text in archived.trials[name].unique()}
                )
                for name in ("cell", "workload")
            }
        )
        for copy in range(times)
    ]
    return _with(archived, planned, copies)


def _name(name: str, copy: int) -> str:
    """The name of a copy's workload or cell; the first copy keeps its own."""
    workload = name.split("/")[0].split(",")[0]
    return name if copy == 0 else name.replace(workload, f"{workload}_{copy + 1}", 1)


def _another(trials: pd.DataFrame, copy: int) -> pd.DataFrame:
    """The same trials once more: under ids of their own, with other times."""
    if copy == 0:
        return trials
    rng = np.random.default_rng([copy, len(trials)])
    ids = {one: rng.bytes(16).hex() for one in trials["trial_id"].unique()}
    own = trials["trial_id"].map({one: rng.lognormal(0, 0.02) for one in ids})
    walls_ns = (trials["wall_ns"].astype("Float64") * own).round().astype("Int64")
    return trials.assign(trial_id=trials["trial_id"].map(ids), wall_ns=walls_ns)


def _with(archived: Archived, plan: Plan, copies: list[pd.DataFrame]) -> Archived:
    trials = pd.concat(copies, ignore_index=True)
    return Archived(
        package=replace(archived.package, plan_json=plan_json(plan)),
        trials=in_order(trials.astype(archived.trials.dtypes)),
    )


def steps(archived: Archived) -> Iterator[list[str]]:
    """What each step from the data set to the page takes."""
    plan = archived.package.plan
    size = [f"{number:,}" for number in (len(plan.cells), len(plan.trials), len(archived.trials))]
    with tempfile.TemporaryDirectory() as folder:
        given, results = Path(folder) / "given", Path(folder) / "results"
        archived.write(given)
        interpreters = ["--interpreters", str(results / "interpreters")]
        planned = ["--plan", str(results / "plan.json"), *interpreters]
        page = results / "report.html"
        for step, package, options in (
            (
                "unpack",
                "analysis",
                ["--dataset", given / CSV_FILE, "--package", given / PACKAGE_FILE],
            ),
            ("tables", "analysis", [*planned, "--trials", results / PARQUET_FILE]),
            (
                "render",
                "reporting",
                [
                    *(*planned, "--tables", results / "tables", "--trials", results / CSV_FILE),
                    *("--package", results / PACKAGE_FILE, "--figures", results / "figures"),
                    *("--summary", results / "report.md"),
                ],
            ),
        ):
            out = {"unpack": results, "tables": results / "tables", "render": page}[step]
            cpu_s, peak_bytes = spent(package, step, *map(str, options), "--out", str(out))
            bytes_ = f"{page.stat().st_size / 1e6:.1f}" if page.exists() else ""
            yield [*size, step, f"{cpu_s:.0f}", f"{peak_bytes / 1e6:,.0f}", bytes_]


# A process counts the memory of the one that it was forked from, and this one holds a data set.
_MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
"""


def spent(package: str, *command: str) -> tuple[float, int]:
    """CPU time in seconds and peak memory in bytes of a command of the project's."""
    own = [sys.executable, "-m", f"threads_or_processes.{package}", *command]
    measured = subprocess.run(
        [sys.executable, "-c", _MEASURE, *own],
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    status, cpu_s, peak_bytes = measured.stdout.split()
    if int(status):
        sys.exit(os.waitstatus_to_exitcode(int(status)))
    return float(cpu_s), int(peak_bytes)


if __name__ == "__main__":
    main()
