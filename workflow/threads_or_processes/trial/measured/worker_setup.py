"""A user's `setup` and `teardown`, which run once in each worker."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# A worker is one thread of one process or interpreter.
_worker = threading.local()


@dataclass(frozen=True, kw_only=True)
class WorkerSetup:
    """What to call in a worker before its first task and after its last, and with what.

    `arguments` are those of `setup`. Workers that live for one chunk (`ends_with_chunk`) are torn
    down with it.
    """

    setup: Callable[..., Any] | None
    teardown: Callable[..., Any] | None
    arguments: Mapping[str, Any]
    passes_resource: bool
    teardown_takes_resource: bool
    ends_with_chunk: bool = False

    def begin(self) -> dict[str, Any]:
        """Set this worker up, unless it is already; returns the arguments to add to a task's."""
        if not hasattr(_worker, "resource"):
            _worker.resource = self.setup(**self.arguments) if self.setup else None
        return {"resource": _worker.resource} if self.passes_resource else {}

    def end(self) -> None:
        """Tear this worker down, if it was set up."""
        if not hasattr(_worker, "resource"):
            return
        resource = _worker.resource
        del _worker.resource
        if self.teardown:
            self.teardown(*([resource] if self.teardown_takes_resource else []))
