"""The ways of executing a batch. A model is a class and one entry of the table below.

A model's module is imported only in the trial that runs it, so `serial` never loads a pool.
"""

import importlib
from dataclasses import dataclass
from typing import cast

from threads_or_processes.records.vocabulary import Family, StartMethod
from threads_or_processes.trial.models.base import Model
from threads_or_processes.trial.needs import Need

THREADED = frozenset({Need.ONE_MEMORY, Need.EXTENSION_MODULES})
POOLED = frozenset({Need.SINGLE_DISPATCHES, Need.EXTENSION_MODULES})


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """Where a model lives and what a plan must know about it.

    `provides` are needs of workloads that it meets, `requires` its own needs of them; `since` is
    the first Python that has it.
    """

    module: str
    type_name: str
    title: str
    family: Family
    provides: frozenset[Need]
    requires: frozenset[Need] = frozenset()
    start_method: StartMethod = StartMethod.NONE
    since: tuple[int, int] = (3, 0)

    @property
    def is_parallel(self) -> bool:
        """Whether it has a number of workers."""
        return self.family is not Family.SERIAL


def _of_processes(
    name: str,
    module: str,
    type_name: str,
    title: str,
    requires: frozenset[Need] = frozenset(),
    since: tuple[int, int] = (3, 0),
) -> dict[str, ModelEntry]:
    """One entry for each start method."""
    return {
        f"{name}-{method}": ModelEntry(
            module=module,
            type_name=type_name,
            title=f"{title} ({method})",
            family=Family.PROCESSES,
            provides=POOLED,
            requires=requires,
            start_method=method,
            since=since,
        )
        for method in StartMethod
        if method is not StartMethod.NONE
    }


MODELS = {
    "serial": ModelEntry(
        module="serial",
        type_name="Serial",
        title="serial",
        family=Family.SERIAL,
        provides=THREADED | POOLED,
    ),
    "threads": ModelEntry(
        module="pools",
        type_name="Threads",
        title="threads",
        family=Family.THREADS,
        provides=THREADED | POOLED,
    ),
    "raw_threads": ModelEntry(
        module="raw_threads",
        type_name="RawThreads",
        title="raw threads",
        family=Family.THREADS,
        provides=THREADED,
    ),
    "thread_executor": ModelEntry(
        module="executors",
        type_name="ThreadExecutor",
        title="thread executor",
        family=Family.THREADS,
        provides=THREADED | POOLED,
    ),
    **_of_processes("processes", "pools", "Processes", "processes"),
    **_of_processes("stdlib_processes", "pools", "StdlibProcesses", "processes, standard library"),
    **_of_processes("process_executor", "process_executor", "ProcessExecutor", "process executor"),
    "joblib": ModelEntry(
        module="joblib_loky",
        type_name="JoblibLoky",
        title="joblib (loky)",
        family=Family.PROCESSES,
        provides=POOLED,
    ),
    **_of_processes(
        "shared_memory",
        "shared_memory",
        "SharedMemoryProcesses",
        "processes, arrays in shared memory",
        requires=frozenset({Need.ARRAYS}),
        since=(3, 13),  # blocks that no resource tracker follows
    ),
    "asyncio": ModelEntry(
        module="event_loop",
        type_name="EventLoop",
        title="asyncio",
        family=Family.COROUTINES,
        provides=THREADED | POOLED,
        requires=frozenset({Need.COROUTINE}),
    ),
    "interpreters": ModelEntry(
        module="executors",
        type_name="Interpreters",
        title="interpreters",
        family=Family.INTERPRETERS,
        provides=frozenset({Need.SINGLE_DISPATCHES}),
        since=(3, 14),
    ),
}


def load_model(name: str, workers: int) -> Model:
    """Import a model's module and make the model; starts no worker."""
    entry = MODELS[name]
    module = importlib.import_module(f"{__name__}.{entry.module}")
    arguments: list[object] = []
    if entry.is_parallel:
        arguments.append(workers)
    if entry.start_method is not StartMethod.NONE:
        arguments.append(entry.start_method.value)
    return cast("Model", getattr(module, entry.type_name)(*arguments))
