"""The ways of executing a batch. A model is one module and one line of the table below.

A model's module is imported only in the trial that runs it, so `serial` never loads a pool.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from workflow.trial.models.base import Model


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """Where a model lives and what a plan must know about it."""

    module: str
    type_name: str
    title: str
    start_method: str = "none"
    shares_memory: bool = True
    is_parallel: bool = True


MODELS = {
    "serial": ModelEntry(module="serial", type_name="Serial", title="serial", is_parallel=False),
    "threads": ModelEntry(module="threads", type_name="Threads", title="threads"),
    "raw_threads": ModelEntry(module="raw_threads", type_name="RawThreads", title="raw threads"),
    **{
        f"processes-{method}": ModelEntry(
            module="processes",
            type_name="Processes",
            title=f"processes ({method})",
            start_method=method,
            shares_memory=False,
        )
        for method in ("fork", "forkserver", "spawn")
    },
}


def load_model(name: str, workers: int) -> Model:
    """Import a model's module and make the model; starts no worker."""
    entry = MODELS[name]
    module = importlib.import_module(f"{__name__}.{entry.module}")
    arguments: list[object] = []
    if entry.is_parallel:
        arguments.append(workers)
    if not entry.shares_memory:
        arguments.append(entry.start_method)
    return cast("Model", getattr(module, entry.type_name)(*arguments))


def source_of_model(name: str) -> Path:
    """The file that holds a model."""
    return Path(__path__[0]) / f"{MODELS[name].module}.py"
