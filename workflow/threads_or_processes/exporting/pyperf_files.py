"""A campaign's times as pyperf has them: `pyperf stats`, `hist` and `compare_to` read the files.

A file for each build and model. A benchmark has the same name in all of them, so that `compare_to`
compares two models on one build, or one model on two builds.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyperf

from threads_or_processes.analysis.package import Package
from threads_or_processes.analysis.reduction import reduced
from threads_or_processes.analysis.stored import Batches
from threads_or_processes.analysis.trial_values import (
    at_largest_amounts,
    column_on,
    times_of,
    trial_values,
)
from threads_or_processes.common.files import write_text
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.paths import path_key
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.vocabulary import Basis, Timing

#: The docs' words for the repetitions that a benchmark's values are from.
REPETITIONS = {Basis.QUIET: "undisturbed", Basis.TYPICAL: "all"}

#: What a run says of its trial, besides what is read for the tables.
FACTS = ("trial_id", "identity_sha256", "tasks", "trial_wall_ns")

Metadata = Mapping[str, Any]


def write_pyperf(batches: Batches, package: Package, folder: Path) -> None:
    """Write `folder`/<build>/<model>.json for each that has times."""
    files: dict[tuple[str, str], list[pyperf.Benchmark]] = {}
    for cell, runs in _runs_by_cell(batches, package):
        files.setdefault((cell.arm, cell.model), []).append(pyperf.Benchmark(runs))
    for (build, model), benchmarks in files.items():
        text = io.StringIO()
        pyperf.BenchmarkSuite(benchmarks).dump(text)
        write_text(folder / path_key(build) / f"{path_key(model)}.json", text.getvalue())


def benchmark_name(cell: Cell) -> str:
    """What a cell is called in the file of its build and model."""
    again = f"-{cell.replicate}" if cell.replicate > 1 else ""
    return f"{cell.workload}/{cell.workers}/{cell.timing}{again}"


def _runs_by_cell(batches: Batches, package: Package) -> Iterator[tuple[Cell, list[pyperf.Run]]]:
    """Each timed cell with a run for each trial that the report's numbers are from, in order."""
    plan = package.plan
    found = reduced(plan, batches)
    trials = at_largest_amounts(found.repetitions)
    values = trial_values(trials, quiet_threshold=plan.quiet_threshold)
    times = times_of(values, plan)
    facts = pd.concat([part.drop_duplicates("trial_id") for part in batches(FACTS)])
    trials = trials.astype({"trial_id": "string"}).merge(facts, on="trial_id", how="left")
    by_trial = dict(iter(trials.groupby(["cell", "block"], observed=True)))
    interpreters = {one["identity_sha256"]: one for one in package.interpreters.values()}
    for cell in plan.cells:
        if cell.timing is Timing.MEMORY:
            continue
        basis = times.basis(cell.id)
        known = values[(values["cell"] == cell.id) & values[column_on(basis, "wall_ns")].notna()]
        of_cell = {
            **_of_machine(plan.fingerprint),
            "name": benchmark_name(cell),
            "unit": "second",
            "build": cell.arm,
            "model": cell.model,
            "workers": cell.workers,
            "repetitions": REPETITIONS[basis],
        }
        runs = [
            _run(walls_ns, by_trial[cell.id, block], of_cell, interpreters)
            for block, walls_ns in sorted(
                zip(known["block"], known[column_on(basis, "walls_ns")], strict=True)
            )
        ]
        if runs:
            yield cell, runs


def _run(
    walls_ns: Sequence[float],
    repetitions: pd.DataFrame,
    of_cell: Metadata,
    interpreters: Mapping[str, Identity],
) -> pyperf.Run:
    """A trial: values and warm-ups are the time of the batch executed once."""
    is_warmup = (repetitions["phase"] == "warmup").fillna(value=False)
    warmups = repetitions[is_warmup]
    first = repetitions[~is_warmup].iloc[0]
    loops = int(first["amount"])
    return pyperf.Run(
        [_seconds(wall_ns, loops) for wall_ns in walls_ns],
        warmups=[
            (int(amount), _seconds(wall_ns, amount))
            for amount, wall_ns in zip(warmups["amount"], warmups["wall_ns"], strict=True)
        ],
        metadata={
            **of_cell,
            **_of_interpreter(interpreters[first["identity_sha256"]]),
            "loops": loops,
            "tasks": int(first["tasks"]),
            "date": f"{datetime.fromtimestamp(first['started_unix_ns'] // 10**9, UTC):%F %T}",
            "duration": int(first["trial_wall_ns"]) / 1e9,
            "trial_id": first["trial_id"],
            "block": int(first["block"]),
        },
        collect_metadata=False,
    )


def _seconds(wall_ns: float, loops: int) -> float:
    return round(wall_ns) / int(loops) / 1e9


def _of_machine(fingerprint: Metadata) -> Metadata:
    """The machine in pyperf's words."""
    known = {
        "cpu_model_name": fingerprint.get("cpu_model"),
        "cpu_count": fingerprint.get("logical_cpus"),
        "platform": " ".join(
            str(fingerprint[key]) for key in ("os", "kernel", "architecture") if key in fingerprint
        ),
    }
    return {name: value for name, value in known.items() if value}


def _of_interpreter(identity: Identity) -> Metadata:
    """The interpreter in pyperf's words."""
    known = {
        "python_version": identity["version"],
        "python_implementation": identity["implementation"],
        "python_compiler": identity["compiler"],
        "python_cflags": identity["cflags"],
        "python_config_args": identity["config_args"],
        "python_gil": "enabled" if identity["gil_enabled"] else "disabled",
        "identity_sha256": identity["identity_sha256"],
    }
    return {name: " ".join(value.split()) for name, value in known.items() if value.strip()}
