"""What a plan must know of the workloads and models that exist.

The rules fill it from the trial room, so that this room needs none of its code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class WorkloadEntry:
    """One workload: what readers are told, its task function, its parameters with defaults.

    `wants` are needs that a model must meet, `has` those of models that it meets.
    """

    about: Mapping[str, str]
    function: str
    params: Mapping[str, Any] = field(default_factory=dict)
    wants: frozenset[str] = frozenset()
    has: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """A model of execution: the needs that it meets and asks for, the first Python that has it."""

    title: str
    family: str
    start_method: str
    is_parallel: bool
    meets: frozenset[str] = frozenset()
    asks: frozenset[str] = frozenset()
    since: tuple[int, int] = (3, 0)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All workloads and models by name, and why a cell can't be when a need is not met."""

    workloads: Mapping[str, WorkloadEntry]
    models: Mapping[str, ModelEntry]
    reasons: Mapping[str, str]
