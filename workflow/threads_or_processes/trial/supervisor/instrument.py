"""Which code measured. A changed instrument makes its trials anew; others stay."""

import hashlib
from pathlib import Path

from threads_or_processes.trial.models import sources_of_model
from threads_or_processes.trial.workloads import sources_of
from threads_or_processes.trial.workloads.registry import Workload

TRIAL = Path(__file__).parents[1]
# What runs in the measured process whatever the cell is, and how it is started.
CORE = (
    *sorted((TRIAL / "measured").glob("*.py")),
    TRIAL / "supervisor" / "environment.py",
    TRIAL / "supervisor" / "sentinel.py",
    TRIAL / "models" / "base.py",
)


def instrument_sha256(workload: Workload, model: str) -> str:
    """SHA-256 (hex) of the sources that a trial of this workload and model executes."""
    sources = [*CORE, *sources_of_model(model), *sources_of(workload)]
    joined = hashlib.sha256()
    for source in sources:
        joined.update(hashlib.sha256(source.read_bytes()).digest())
    return joined.hexdigest()
