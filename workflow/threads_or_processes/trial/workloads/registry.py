"""What a workload is, and the decorator that registers it."""

import importlib
import inspect
import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from threads_or_processes.trial.needs import Need

Task = TypeVar("Task", bound=Callable[..., Any])

# Functions in a user's file, and the task's parameter that gets what the first of them returned.
SETUP, TEARDOWN = "setup", "teardown"
RESOURCE = "resource"


class Batch(StrEnum):
    """How many tasks a batch has."""

    SHARED_OUT = "shared_out"  # many tasks, the same for every worker count
    ONE_A_CPU = "one_a_cpu"  # exactly one for each usable CPU
    ONE_A_WORKER = "one_a_worker"  # exactly one for each worker, as the notebook does
    BY_DURATION = "by_duration"  # as many of `task_us` microseconds as fill the batch
    THOUSAND = "thousand"  # so many that the cost of sending one can be told


class Dispatch(StrEnum):
    """How tasks reach the workers."""

    CHUNKS = "chunks"  # one equal chunk a worker
    SINGLE = "single"  # one by one, the next to whoever is free


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One kind of work: its task function and what a reader should know about it.

    `function(task, **arguments)` is one task and returns numbers, text, bytes, arrays, or lists and
    mappings of these. `task` is its number, or what `payload(number, **arguments)` made of it in
    the parent, outside the timed region. `source` is where `expected` was published, as an issue
    `owner/repository#number` or a repository; `remedy_of` names the workload whose trouble this one
    avoids. When the function has a parameter `size`, the size is
    calibrated so that a batch takes as long as the config's `trial.chunk_ms` asks for.
    """

    name: str
    function: Callable[..., Any]
    title: str
    kind: str
    unit: str
    why: str
    expected: str
    source: str = ""
    remedy_of: str = ""
    # Some interpreters can't run it, so `rest` in a config leaves it out.
    only_by_name: bool = False
    batch: Batch = Batch.SHARED_OUT
    dispatch: Dispatch = Dispatch.CHUNKS
    needs: frozenset[Need] = frozenset()
    offers: frozenset[Need] = frozenset()
    payload: Callable[..., Any] | None = None
    # The same task for asyncio: `await coroutine(task, **arguments)`.
    coroutine: Callable[..., Any] | None = None
    # What must run during the tasks, such as a server: entered with the arguments before the
    # workers start; yields arguments to add.
    fixture: Callable[..., AbstractContextManager[Mapping[str, Any]]] = lambda **_: nullcontext({})
    # Arguments that give the same results sooner; used where only the results are wanted.
    same_results_with: Mapping[str, Any] = field(default_factory=dict)
    # For workloads that leave something in the parent: empties it before a batch, counts it after.
    # Counts grow with the number of tasks.
    before_batch: Callable[[], None] | None = None
    after_batch: Callable[[], list[Any]] | None = None
    # Each task returns how many updates it made, `after_batch` [how many are there].
    counts_updates: bool = False
    # Lost updates are a finding here, elsewhere a wrong result.
    may_lose_updates: bool = False
    # Threads use one object together. Without a GIL many can take a hundred times as long as one.
    contended: bool = False
    keeps_output: bool = False
    # For a user's own: the absolute path of the file that holds the function.
    file: Path | None = None
    # For a user's own: called once in each worker, before its first task and after its last.
    setup: Callable[..., Any] | None = None
    teardown: Callable[..., Any] | None = None

    @property
    def family(self) -> str:
        """The module that holds it, or a user's file; what `load_workload` finds it by."""
        return str(self.file) if self.file else self.function.__module__.rpartition(".")[2]

    @property
    def parameters(self) -> dict[str, Any]:
        """What a config may set, with defaults (`task` and `size` belong to the harness)."""
        signature = inspect.signature(self.function).parameters
        return {
            name: parameter.default
            for name, parameter in signature.items()
            if name not in ("task", "size") and parameter.default is not parameter.empty
        }

    @property
    def is_calibrated(self) -> bool:
        """Whether the size of a task is found by calibration."""
        return "size" in inspect.signature(self.function).parameters

    @property
    def is_sized(self) -> bool:
        """Whether a batch takes about as long as is asked for; of a user's own it is assumed."""
        by_duration = self.batch is Batch.BY_DURATION
        return self.is_calibrated or by_duration or self.file is not None

    @property
    def releases_gil(self) -> bool:
        """Whether threads can work at the same time with a GIL, as its kind says."""
        return self.kind.endswith("releases the GIL")

    @property
    def requires(self) -> frozenset[Need]:
        """All that a model must provide."""
        single = {Need.SINGLE_DISPATCHES} if self.dispatch is Dispatch.SINGLE else set()
        return self.needs | single

    @property
    def provides(self) -> frozenset[Need]:
        """All that a model may require and find here."""
        return self.offers | ({Need.COROUTINE} if self.coroutine else set())


def batch_for(
    workload: Workload,
    params: Mapping[str, Any],
    batch_ms: float,
    usable_cpus: int,
    workers: int | None = None,
) -> tuple[int, int]:
    """A batch's number of tasks, and how long (ns) it should take serially.

    `workers` counts where each has a task; without it there are as many as CPUs.
    """
    target_ns = round(batch_ms * 1e6)
    if workload.contended and usable_cpus > 2:
        # As of two CPUs, and less where there are more: n threads take about n**1.5 times as long
        # as one, so that all batches grow with the CPUs alike.
        target_ns = round(target_ns * (2 / usable_cpus) ** 1.5)
    match workload.batch:
        case Batch.SHARED_OUT:
            return tasks_for(usable_cpus), target_ns
        case Batch.ONE_A_CPU:
            return usable_cpus, target_ns
        case Batch.ONE_A_WORKER:
            return workers or usable_cpus, target_ns
        case Batch.THOUSAND:
            return 1000, target_ns
        case Batch.BY_DURATION:
            task_ns = round(params["task_us"] * 1e3)
            tasks = max(2 * usable_cpus, round(target_ns / task_ns))
            return tasks, tasks * task_ns


def tasks_for(usable_cpus: int) -> int:
    """The batch's number of tasks: at least 4 a CPU, as many as several counts can share evenly.

    Those are 3 workers, the powers of two up to 16, the CPUs and twice as many: where one worker
    has a task more than another, all wait for it.
    """
    powers = [count for count in (2, 4, 8, 16) if count <= usable_cpus]
    even = math.lcm(3, 2 * usable_cpus, *powers)
    return even * -(-4 * usable_cpus // even)


REGISTRY: dict[str, Workload] = {}


def register(**about: Any) -> Callable[[Task], Task]:
    """Make the task function below known under its own name, with what else a `Workload` says."""

    def registered(function: Task) -> Task:
        name = function.__name__
        REGISTRY[name] = Workload(name=name, function=function, **about)
        return function

    return registered


def preloaded(*modules: str) -> Callable[..., AbstractContextManager[Mapping[str, Any]]]:
    """A fixture: modules are loaded before the workers start, as by a program's own imports."""

    def load(**_: Any) -> AbstractContextManager[Mapping[str, Any]]:
        for module in modules:
            importlib.import_module(module)
        return nullcontext({})

    return load
