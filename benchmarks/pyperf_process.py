"""One process of a pyperf script, as pyperf's manager would start it, in an environment of ours."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from threads_or_processes.interpreters.environment import find_uv
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.trial.supervisor.environment import Environment

from benchmarks.bench import ROOT

PYPERF = "pyperf==2.10.0"
# What pyperf's manager gives its processes by default, once it knows the number of loops.
AS_BY_DEFAULT = ("--values", "3", "--warmups", "1", "--min-time", "0.1")


@dataclass(frozen=True, kw_only=True)
class PyperfProcess:
    """What to start: an interpreter with its flags, a script with its arguments.

    `task` counts the benchmarks of a script that has several; what it imports is in `site`.
    """

    command: Sequence[str]
    site: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    task: int = 0
    loops: int = 1

    def calibrated(self, environment: Environment) -> Self:
        """With as many loops as pyperf itself finds right."""
        _, metadata = self._worker(environment, "--calibrate-loops")
        return replace(self, loops=int(metadata.get("calibrate_loops", 1)))

    def values_s(self, environment: Environment) -> list[float]:
        """The values that one process leaves (s)."""
        values, _ = self._worker(environment, "--loops", str(self.loops))
        return values

    def _worker(
        self, environment: Environment, *options: str
    ) -> tuple[list[float], Mapping[str, Any]]:
        out = self.site / "pyperf.json"
        out.unlink(missing_ok=True)
        subprocess.run(
            [
                *(*self.command, "--quiet", "-o", str(out)),
                *("--worker", f"--worker-task={self.task}", *AS_BY_DEFAULT, *options),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environment.for_process(ROOT / "workflow", self.site), **self.variables},
            cwd=self.site,
        )
        suite = json.loads(out.read_text(encoding="utf-8"))
        run = suite["benchmarks"][0]["runs"][0]
        return run.get("values", []), {**suite["metadata"], **run.get("metadata", {})}


def batch_under_pyperf(identity: Identity, batch: Mapping[str, Any], site: Path) -> PyperfProcess:
    """A serial batch of ours as pyperf's benchmark function."""
    script = str(ROOT / "benchmarks/pyperf_batch.py")
    return PyperfProcess(
        command=(identity["executable"], *identity["flags"], script),
        site=site,
        variables={"BATCH": json.dumps(batch)},
    )


def install(site: Path, *requirements: str) -> None:
    """Into a folder that the interpreters under test import from."""
    command = [str(find_uv()), "pip", "install", "--quiet", "--no-deps", "--target", str(site)]
    subprocess.run([*command, *requirements], check=True, cwd=site.parent)
