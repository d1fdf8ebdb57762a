"""What a plan must know of the workloads and models that exist.

The rules fill it from the trial room, so that this room needs none of its code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class WorkloadEntry:
    """One workload: what readers are told, its parameters with defaults, what it demands."""

    about: Mapping[str, str]
    params: Mapping[str, Any] = field(default_factory=dict)
    needs_shared_memory: bool = False


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One model of execution."""

    title: str
    start_method: str
    shares_memory: bool
    is_parallel: bool


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All workloads and models by name."""

    workloads: Mapping[str, WorkloadEntry]
    models: Mapping[str, ModelEntry]
