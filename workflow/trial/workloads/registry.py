"""What a workload is, and the one line that registers it."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Batch(StrEnum):
    """How many tasks a batch has."""

    SHARED_OUT = "shared_out"  # many tasks, the same for every worker count
    ONE_A_CPU = "one_a_cpu"  # exactly one for each logical CPU, as the notebook does


class Memory(StrEnum):
    """Whether a workload's tasks must see each other's objects."""

    PRIVATE = "private"
    SHARED = "shared"  # processes can't run it: each would change its own copy


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One kind of work: its task function and what a reader should know about it.

    `function(task, **arguments)` is one task and returns something JSON can hold. When it has a
    parameter `size`, the size is calibrated so that a batch takes about `trial.batch_ms`.
    """

    name: str
    function: Callable[..., Any]
    title: str
    kind: str
    unit: str
    why: str
    expected: str
    batch: Batch = Batch.SHARED_OUT
    memory: Memory = Memory.PRIVATE
    # Arguments that give the same results sooner; used where only the results are wanted.
    same_results_with: Mapping[str, Any] = field(default_factory=dict)
    # For workloads that leave something in the parent: empties it before a batch, reads it after.
    before_batch: Callable[[], None] | None = None
    after_batch: Callable[[], list[Any]] | None = None
    keeps_output: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """What a config may set, with defaults (`task` and `size` belong to the harness)."""
        signature = inspect.signature(self.function).parameters
        return {
            name: parameter.default
            for name, parameter in signature.items()
            if name not in ("task", "size")
        }

    @property
    def is_calibrated(self) -> bool:
        """Whether the size of a task is found by calibration."""
        return "size" in inspect.signature(self.function).parameters


REGISTRY: dict[str, Workload] = {}


def register(function: Callable[..., Any], **about: Any) -> None:
    """Make a task function known under its own name."""
    REGISTRY[function.__name__] = Workload(name=function.__name__, function=function, **about)
