"""A user's own task function, imported in the process that measures it."""

import asyncio
import importlib
import inspect
from collections.abc import Callable, Coroutine
from functools import partial, update_wrapper
from pathlib import Path
from types import ModuleType
from typing import Any

from threads_or_processes.trial.measured.batch import words_of
from threads_or_processes.trial.measured.user_errors import TaskFunctionError
from threads_or_processes.trial.workloads.registry import SETUP, TEARDOWN, Workload


def import_user_function(file: Path, name: str) -> Workload:
    """The workload of the function `name` in `file`, whose folder is on the path.

    Raises `TaskFunctionError` for a file that can't be imported.
    """
    try:
        module = importlib.import_module(file.stem)
    except ModuleNotFoundError as error:
        raise TaskFunctionError(
            f"{file.name} can't be imported: {error}",
            f"if {error.name} is a library, add it to the `requirements` of this workload in the "
            f"config, such as requirements: [{error.name}]",
        ) from error
    except (Exception, SystemExit) as error:
        raise TaskFunctionError(
            f"{file.name} can't be imported: {words_of(error)}",
            "fix what runs when it is imported; the file is imported in every worker",
        ) from error
    function = getattr(module, name)
    if hasattr(function, "cache_info"):  # of functools.cache and lru_cache
        raise TaskFunctionError(
            f"{file.name}:{name} remembers its results, so only its first calls would be measured",
            "remove functools.cache or lru_cache from it",
        )
    is_coroutine = inspect.iscoroutinefunction(function)
    return Workload(
        name=name,
        function=update_wrapper(partial(run_coroutine, function), function)
        if is_coroutine
        else function,
        title=name,
        kind="",
        unit="task",
        why="",
        expected="",
        coroutine=function if is_coroutine else None,
        file=file,
        setup=_own(module, SETUP),
        teardown=_own(module, TEARDOWN),
    )


def _own(module: ModuleType, name: str) -> Callable[..., Any] | None:
    """A function of that name that the file itself defines."""
    found = getattr(module, name, None)
    is_own = callable(found) and getattr(found, "__module__", None) == module.__name__
    return found if is_own else None


def run_coroutine(
    coroutine: Callable[..., Coroutine[Any, Any, Any]], task: Any, **arguments: Any
) -> Any:
    """One task of an `async def` in a worker that has no event loop."""
    return asyncio.run(coroutine(task, **arguments))
