"""What a plan must know of the workloads and models that exist.

The trial package's registries have these attributes; this package needs none of its code.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Protocol

from threads_or_processes.records.vocabulary import Family, StartMethod


class WorkloadEntry(Protocol):
    """One workload: what readers learn of it, its parameters with defaults.

    `requires` is what a model must provide, `provides` what a model may require and find here.
    `rest` in a config leaves out what goes `only_by_name`. `contended` work is measured in one
    amount, for its workers may take far longer than one alone.
    """

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def why(self) -> str: ...  # noqa: D102
    @property
    def expected(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def remedy_of(self) -> str: ...  # noqa: D102
    @property
    def only_by_name(self) -> bool: ...  # noqa: D102
    @property
    def contended(self) -> bool: ...  # noqa: D102
    @property
    def parameters(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def requires(self) -> AbstractSet[str]: ...  # noqa: D102
    @property
    def provides(self) -> AbstractSet[str]: ...  # noqa: D102


class ModelEntry(Protocol):
    """An execution model: what it provides to workloads and requires of them, its first Python.

    `unpinned` is the same model with free workers, where its own stay on one CPU each. Models that
    need semaphores are none of a machine that has none.
    """

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def family(self) -> Family: ...  # noqa: D102
    @property
    def start_method(self) -> StartMethod: ...  # noqa: D102
    @property
    def is_parallel(self) -> bool: ...  # noqa: D102
    @property
    def provides(self) -> AbstractSet[str]: ...  # noqa: D102
    @property
    def requires(self) -> AbstractSet[str]: ...  # noqa: D102
    @property
    def since(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def unpinned(self) -> str: ...  # noqa: D102
    @property
    def api(self) -> str: ...  # noqa: D102
    @property
    def needs_semaphores(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All workloads and models by name, and why a cell can't be when a requirement is not met."""

    workloads: Mapping[str, WorkloadEntry]
    models: Mapping[str, ModelEntry]
    reasons: Mapping[Any, str]
