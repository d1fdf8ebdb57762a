"""The kinds of work, one module a family; a module added here registers its workloads."""

import importlib
import pkgutil
from pathlib import Path

from threads_or_processes.trial.workloads.registry import REGISTRY, Workload


def all_workloads() -> dict[str, Workload]:
    """Every workload by name; imports every family (the pipeline's side only)."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(REGISTRY.items()))


def workload_of(function: str) -> Workload:
    """The workload with this task function (the pipeline's side only).

    `function` is the name of a built-in one, or a user's `file.py:name`.
    """
    if ":" in function:
        from threads_or_processes.trial.supervisor.user_workloads import OwnFunction, read_own

        return read_own(OwnFunction(function))
    return all_workloads()[function]


def place_of(function: str) -> str:
    """Where a person finds a function that `workload_of` knows: its file and line if it is own."""
    if ":" in function:
        from threads_or_processes.trial.supervisor.user_workloads import OwnFunction

        own = OwnFunction(function)
        return f"{function}, line {own.definition().lineno}"
    return function


def load_workload(family: str, name: str) -> Workload:
    """One workload, importing its family alone (the measured side)."""
    if family.endswith(".py"):
        from threads_or_processes.trial.measured.importing import import_own

        return import_own(Path(family), name)
    importlib.import_module(f"{__name__}.{family}")
    return REGISTRY[name]


def family_of(workload: Workload) -> str:
    """The module that holds a workload, or a user's file: `load_workload`'s first argument."""
    if workload.file:
        return str(workload.file)
    return workload.function.__module__.rpartition(".")[2]


def sources_of(workload: Workload) -> list[Path]:
    """The files that hold a workload."""
    if workload.file:
        from threads_or_processes.trial.supervisor.user_workloads import sources_of_own

        return [
            Path(__path__[0]).parent / "measured" / "importing.py",
            *sources_of_own(workload.file),
        ]
    return [Path(__path__[0]) / f"{family_of(workload)}.py"]
