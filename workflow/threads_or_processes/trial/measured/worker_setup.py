"""A user's `setup` and `teardown`, which run once in each worker."""

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

_of_thread = threading.local()
_of_interpreter = SimpleNamespace()


def _worker() -> Any:
    """What this worker keeps: one thread of a process, or a subinterpreter.

    What a thread keeps in a subinterpreter is gone after each call into it.
    """
    # Every subinterpreter of a pool has the module. An import would count in a cold time.
    interpreters = sys.modules.get("concurrent.interpreters")
    if interpreters and interpreters.get_current() != interpreters.get_main():
        return _of_interpreter
    return _of_thread


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
        worker = _worker()
        if not hasattr(worker, "resource"):
            worker.resource = self.setup(**self.arguments) if self.setup else None
        return {"resource": worker.resource} if self.passes_resource else {}

    def end(self) -> None:
        """Tear this worker down, if it was set up."""
        worker = _worker()
        if not hasattr(worker, "resource"):
            return
        resource = worker.resource
        del worker.resource
        if self.teardown:
            self.teardown(*([resource] if self.teardown_takes_resource else []))
