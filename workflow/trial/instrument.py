"""Which code measured. A changed instrument makes its trials anew; others stay."""

import hashlib
from pathlib import Path

from workflow.trial.models import sources_of_model
from workflow.trial.workloads import sources_of
from workflow.trial.workloads.registry import Workload

# What runs in the measured process whatever the cell is, and how it is started.
CORE = (
    *("batch", "calibration", "environment", "measure", "memory", "sentinel", "timing", "tree"),
    *("usage", "watch"),
    "models/base",
)


def instrument_sha256(workload: Workload, model: str) -> str:
    """SHA-256 (hex) of the sources that a trial of this workload and model executes."""
    room = Path(__file__).parent
    sources = [room / f"{name}.py" for name in CORE]
    sources += [*sources_of_model(model), *sources_of(workload)]
    joined = hashlib.sha256()
    for source in sources:
        joined.update(hashlib.sha256(source.read_bytes()).digest())
    return joined.hexdigest()
