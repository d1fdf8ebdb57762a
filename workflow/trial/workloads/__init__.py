"""The kinds of work, one module a family; a module added here registers its workloads."""

import importlib
import pkgutil
from pathlib import Path

from workflow.trial.workloads.registry import REGISTRY, Workload


def all_workloads() -> dict[str, Workload]:
    """Every workload by name; imports every family (the pipeline's side only)."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(REGISTRY.items()))


def workload_of(function: str) -> Workload:
    """The workload with this task function, by the function's name (the pipeline's side only)."""
    return all_workloads()[function]


def load_workload(family: str, name: str) -> Workload:
    """One workload, importing its family alone (the measured side)."""
    importlib.import_module(f"{__name__}.{family}")
    return REGISTRY[name]


def family_of(workload: Workload) -> str:
    """The module that holds a workload: `load_workload`'s first argument."""
    return workload.function.__module__.rpartition(".")[2]


def source_of(workload: Workload) -> Path:
    """The file that holds a workload."""
    return Path(__path__[0]) / f"{family_of(workload)}.py"
