"""The execution models. A model is a class and one entry of the table below.

A model's module is imported only in the trial that runs it, so `serial` never loads a pool.
"""

import importlib
from dataclasses import dataclass
from typing import Any, cast

from threads_or_processes.records.vocabulary import Family, StartMethod
from threads_or_processes.trial.models.base import Model
from threads_or_processes.trial.needs import Need

THREADED = frozenset({Need.ONE_MEMORY, Need.EXTENSION_MODULES})
POOLED = frozenset({Need.SINGLE_DISPATCHES, Need.EXTENSION_MODULES})
ANY_DISPATCH = THREADED | POOLED


@dataclass(frozen=True)
class ModelEntry:
    """Where a model lives and what a plan must know about it.

    `place` is its module and class, `api` what it calls. `provides` are needs of workloads that it
    meets, `requires` its own needs of them. `since` is the first Python version that has it. If
    each worker is pinned to a CPU, `unpinned` names the same model without pinning; the machine
    must then allow pinning.
    """

    place: str
    title: str
    family: Family
    provides: frozenset[Need]
    requires: frozenset[Need] = frozenset()
    start_method: StartMethod = StartMethod.NONE
    since: tuple[int, int] = (3, 0)
    unpinned: str = ""
    api: str = ""
    # Whether its workers live on after a repetition.
    keeps_workers: bool = True

    @property
    def module(self) -> str:
        """The module's name in this folder."""
        return self.place.partition(".")[0]

    @property
    def needs_semaphores(self) -> bool:
        """Whether its library makes semaphores; the pools of threads do, for they share code."""
        return self.family is Family.PROCESSES or self.module in ("pools", "pinned_pools")

    @property
    def is_parallel(self) -> bool:
        """Whether it has a number of workers."""
        return self.family is not Family.SERIAL


def _of_processes(name: str, place: str, title: str, **needs: Any) -> dict[str, ModelEntry]:
    """One entry for each start method."""
    return {
        f"{name}-{method}": ModelEntry(
            place, f"{title} ({method})", Family.PROCESSES, POOLED, start_method=method, **needs
        )
        for method in StartMethod
        if method is not StartMethod.NONE
    }


MODELS = {
    "serial": ModelEntry("serial.Serial", "serial", Family.SERIAL, ANY_DISPATCH),
    "threads": ModelEntry(
        "pools.Threads",
        "threads",
        Family.THREADS,
        ANY_DISPATCH,
        api="multiprocess.pool.ThreadPool",
    ),
    "threads_pinned": ModelEntry(
        "pinned_pools.PinnedThreads",
        "threads, pinned",
        Family.THREADS,
        ANY_DISPATCH,
        unpinned="threads",
    ),
    "raw_threads": ModelEntry(
        "raw_threads.RawThreads",
        "raw threads",
        Family.THREADS,
        THREADED,
        api="threading.Thread",
        keeps_workers=False,
    ),
    "thread_executor": ModelEntry(
        "executors.ThreadExecutor",
        "ThreadPoolExecutor",
        Family.THREADS,
        ANY_DISPATCH,
        api="concurrent.futures",
    ),
    **_of_processes("processes", "pools.Processes", "processes", api="multiprocess.Pool"),
    "processes_pinned-fork": ModelEntry(
        "pinned_pools.PinnedProcesses",
        "processes, pinned (fork)",
        Family.PROCESSES,
        POOLED,
        start_method=StartMethod.FORK,
        unpinned="processes-fork",
    ),
    **_of_processes(
        "stdlib_processes",
        "pools.StdlibProcesses",
        "multiprocessing pool",
        api="multiprocessing.Pool",
    ),
    **_of_processes(
        "process_executor",
        "process_executor.ProcessExecutor",
        "ProcessPoolExecutor",
        api="concurrent.futures",
    ),
    "joblib": ModelEntry("joblib_loky.JoblibLoky", "joblib (loky)", Family.PROCESSES, POOLED),
    **_of_processes(
        "shared_memory",
        "shared_memory.SharedMemoryProcesses",
        "processes with shared memory",
        requires=frozenset({Need.ARRAYS}),
        since=(3, 13),  # blocks that no resource tracker follows
    ),
    "asyncio": ModelEntry(
        "event_loop.EventLoop",
        "asyncio",
        Family.COROUTINES,
        ANY_DISPATCH,
        requires=frozenset({Need.COROUTINE}),
    ),
    "interpreters": ModelEntry(
        "executors.Interpreters",
        "subinterpreters",
        Family.INTERPRETERS,
        frozenset({Need.SINGLE_DISPATCHES}),
        since=(3, 14),
    ),
}


def load_model(name: str, workers: int) -> Model:
    """Import a model's module and make the model; starts no worker."""
    entry = MODELS[name]
    module, _, type_name = entry.place.partition(".")
    arguments: list[object] = []
    if entry.is_parallel:
        arguments.append(workers)
    if entry.start_method is not StartMethod.NONE:
        arguments.append(entry.start_method.value)
    model = getattr(importlib.import_module(f"{__name__}.{module}"), type_name)
    return cast("Model", model(*arguments))
