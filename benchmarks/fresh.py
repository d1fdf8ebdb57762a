"""Python code in fresh interpreters, started as those of a trial, without harness or sentinel."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from threads_or_processes.records.interpreter import Identity
from threads_or_processes.trial.supervisor.environment import Environment

from benchmarks.bench import ROOT


def printed_numbers(
    identity: Identity,
    source: str,
    environment: Environment,
    variables: Mapping[str, str],
    *,
    site: Path = ROOT,
) -> Sequence[float]:
    """What the code prints, run once; it imports from the project and from `site`."""
    done = subprocess.run(
        [identity["executable"], *identity["flags"], "-c", source],
        check=True,
        capture_output=True,
        text=True,
        cwd=site,
        env={**environment.for_process(ROOT / "workflow", site), **variables},
    )
    return [float(number) for number in done.stdout.split()]
