"""A workload, loaded in the process that measures it: its family alone, or a user's file."""

import importlib
from pathlib import Path

from threads_or_processes.trial import workloads
from threads_or_processes.trial.workloads.registry import REGISTRY, Workload


def load_workload(family: str, name: str) -> Workload:
    """One workload, by its `family` and name."""
    if family.endswith(".py"):
        # Here, because it loads asyncio, which other work must not have in its process.
        from threads_or_processes.trial.measured.importing import import_user_function

        return import_user_function(Path(family), name)
    importlib.import_module(f"{workloads.__name__}.{family}")
    return REGISTRY[name]
