"""What the benchmarks share: interpreters, calibrations and trials outside the pipeline."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from threads_or_processes.common.decoding import read_as
from threads_or_processes.plan.spelling import parse_arm
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.quiet import QuietRule
from threads_or_processes.records.trial import TrialSpec
from threads_or_processes.records.vocabulary import Timing
from threads_or_processes.trial.models import MODELS
from threads_or_processes.trial.supervisor.lock import machine_lock
from threads_or_processes.trial.supervisor.noise_monitor import NoiseMonitor, noise_monitor
from threads_or_processes.trial.supervisor.sentinel import floors
from threads_or_processes.trial.supervisor.trial import measure_trial, run_calibration
from threads_or_processes.trial.user_workloads import workload_of

ROOT = Path(__file__).parents[1]
REFERENCE_ARM = "3.13"
THRESHOLD = 0.12
SEED = 1
ARMS = (REFERENCE_ARM, "3.13t")
#: With these variables glibc gives nothing of its heap back to the kernel (mallopt(3)).
KEPT_HEAP = dict.fromkeys(("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"), str(2**30))


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A point of a benchmark's small grid."""

    workload: str
    model: str = "serial"
    workers: int = 1
    arm: str = REFERENCE_ARM

    @property
    def name(self) -> str:
        """As in the tables of the report."""
        return f"{self.workload}/{self.model}/{self.workers}/{self.arm}"

    @property
    def id(self) -> str:
        """As in a plan."""
        return f"{self.name}/warm"


#: Serial work that holds the GIL in Python, in C, and that releases it; on each arm.
SERIAL_CELLS = tuple(
    Cell(workload=name, arm=arm) for name in ("mandelbrot", "json", "compress") for arm in ARMS
)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Everything that a trial needs, found once."""

    identities: Mapping[str, Identity]
    monitor: NoiseMonitor
    calibrations: dict[tuple[str, float], dict[str, Any]] = field(default_factory=dict)

    def calibration(self, workload: str, batch_ms: float) -> dict[str, Any]:
        """How much work a batch of this length holds."""
        key = workload, batch_ms
        if key not in self.calibrations:
            params = workload_of(workload).parameters
            self.calibrations[key] = run_calibration(
                workload, params, batch_ms, self.identities[REFERENCE_ARM]
            )
        return self.calibrations[key]

    def batch(self, cell: Cell, batch_ms: float) -> dict[str, Any]:
        """What a process is told that runs a cell's batch without the harness."""
        calibration = self.calibration(cell.workload, batch_ms)
        workload = workload_of(cell.workload)
        return {
            "family": workload.family,
            "workload": workload.name,
            "arguments": {**workload.parameters, "size": calibration["size"]},
            "tasks": calibration["tasks"],
        }

    def trial(
        self,
        cell: Cell,
        *,
        block: int,
        batch_ms: float,
        warmups: int = 3,
        repetitions: int = 9,
        amounts: Sequence[int] = (1,),
        patience_s: float = 1.0,
        threshold: float = THRESHOLD,
        is_watched: bool = True,
    ) -> dict[str, Any]:
        """One try of a trial, begun at a quiet moment if one comes in time.

        What is not watched has exactly `repetitions`, and no readings between them.
        """
        self.monitor.await_quiet(THRESHOLD, patience_s, workers=cell.workers)
        spec: TrialSpec = {
            "cell": {
                "id": cell.id,
                "workload": cell.workload,
                "function": cell.workload,
                "params": workload_of(cell.workload).parameters,
                "model": cell.model,
                "start_method": MODELS[cell.model].start_method,
                "workers": cell.workers,
                "arm": cell.arm,
                "timing": Timing.WARM,
                "replicate": 1,
            },
            "block": block,
            "seed": SEED,
            "warmups": warmups,
            "repetitions": repetitions,
            "amounts": list(amounts),
            "patience_s": patience_s,
            "quiet_threshold": threshold,
            "timeout_s": 120,
        }
        calibration = self.calibration(cell.workload, batch_ms)
        monitor = self.monitor if is_watched else None
        record: Any = measure_trial(spec, 1, self.identities[cell.arm], calibration, monitor)
        if record["outcome"] != "ok":
            raise SystemExit(f"{cell.name}: {record['outcome']}: {record['explanation']}")
        if is_watched:
            self.monitor.remember(record)
        return record  # type: ignore[no-any-return]


@contextmanager
def bench(build: str = "optimised") -> Iterator[Bench]:
    """Interpreters of the cache (built where they are not there), alone on the machine."""
    with tempfile.TemporaryDirectory() as folder:
        _provide(Path(folder), build)
        identities = {arm: read_as(Path(folder) / f"{arm}.json", Identity) for arm in ARMS}
        with machine_lock(), noise_monitor(Path(folder) / "sentinel.json") as monitor:
            if monitor is None:
                raise SystemExit("processes can't be pinned here, so there is no sentinel to try")
            yield Bench(identities=identities, monitor=monitor)


def rule_of(cpus: Sequence[int], records: Iterable[Mapping[str, Any]]) -> QuietRule:
    """What was quiet, by floors of the readings of trials with equally many workers."""
    readings = [
        repetition["sentinel_after_ns"]
        for record in records
        for repetition in record["repetitions"]
    ]
    return QuietRule(cpus=cpus, floor_ns=floors(readings), threshold=THRESHOLD)


def _provide(folder: Path, build: str) -> None:
    request: dict[str, Any] = {
        "arms": [asdict(parse_arm(name)) for name in ARMS],
        "provider": "auto",
        "build": build,
        "paths": {},
        "tarball": None,
    }
    command = [
        sys.executable,
        "-m",
        "threads_or_processes.interpreters",
        "--request",
        json.dumps(request),
    ]
    subprocess.run([*command, "--out", str(folder)], check=True, cwd=ROOT)
