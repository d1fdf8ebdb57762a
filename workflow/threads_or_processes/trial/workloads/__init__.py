"""The kinds of work, one module a family; a module added here registers its workloads."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from threads_or_processes.trial.workloads.registry import REGISTRY, Workload


@cache
def all_workloads() -> Mapping[str, Workload]:
    """Every workload by name; imports every family (the pipeline's side only)."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return MappingProxyType(dict(sorted(REGISTRY.items())))
