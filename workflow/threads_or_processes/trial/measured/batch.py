"""The batch: the fixed list of tasks, and how a worker runs its share of it."""

import hashlib
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from threads_or_processes.trial.measured.probe_client import current_cpu
from threads_or_processes.trial.measured.usage import (
    ThreadUsage,
    Usage,
    process_usage,
    thread_usage,
)
from threads_or_processes.trial.measured.worker_setup import WorkerSetup


class Chunk(NamedTuple):
    """The tasks that one worker gets, and how to call each."""

    function: Callable[..., Any]
    tasks: Sequence[Any]
    arguments: Mapping[str, Any]
    worker_setup: WorkerSetup | None = None


class ChunkReport(NamedTuple):
    """What a worker sends back: the results of its tasks, and how and where they ran.

    `start_ns` and `end_ns` are readings of `time.perf_counter_ns`, which is one clock for all
    processes of the machine; `cpus` are where the worker ran at these moments (-1: not known);
    `usage_*` are totals of the worker's process since it was born, `thread` is what the worker's
    thread used for the chunk.
    """

    results: list[Any]
    pid: int
    thread_id: int
    gil_enabled: bool
    start_ns: int
    end_ns: int
    cpus: tuple[int, int]
    usage_start: Usage
    usage_end: Usage
    thread: ThreadUsage


def gil_enabled() -> bool:
    """Whether this interpreter runs with its GIL at this moment (3.12 and older always do)."""
    ask: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return ask()


def cut(
    function: Callable[..., Any],
    tasks: Sequence[Any],
    workers: int,
    arguments: Mapping[str, Any],
    worker_setup: WorkerSetup | None = None,
) -> list[Chunk]:
    """Cut the tasks into `workers` runs whose lengths differ by at most one."""
    bounds = [len(tasks) * worker // workers for worker in range(workers + 1)]
    return [
        Chunk(function, tasks[first:last], arguments, worker_setup)
        for first, last in itertools.pairwise(bounds)
        if first < last
    ]


def run_chunk(chunk: Chunk) -> ChunkReport:
    """Run a chunk's tasks one after another; called by a worker of any model."""
    setup = chunk.worker_setup
    try:
        arguments = {**chunk.arguments, **setup.begin()} if setup else chunk.arguments
        report = _begin()
        results = [chunk.function(task, **arguments) for task in chunk.tasks]
        told = report(results)
        if setup and setup.ends_with_chunk:
            setup.end()
    except BaseException as error:
        raise raisable(error)  # noqa: B904 - it may be the same
    return told


async def await_chunk(chunk: Chunk) -> ChunkReport:
    """The same for a chunk whose function is a coroutine."""
    setup = chunk.worker_setup
    try:
        arguments = {**chunk.arguments, **setup.begin()} if setup else chunk.arguments
        report = _begin()
        results = [await chunk.function(task, **arguments) for task in chunk.tasks]
        return report(results)
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # a cancelled one must be told so
        raise raisable(error)  # noqa: B904 - it may be the same


class TaskError(Exception):
    """What a task raised, in words: its like would not reach the parent, or end a worker."""


def words_of(error: BaseException) -> str:
    """An exception's name and what it says."""
    if isinstance(error, TaskError):
        return str(error)
    try:
        said = str(error)
    except Exception:
        said = "(what it says can't be told: its __str__ raises)"
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def raisable(error: BaseException) -> BaseException:
    """The exception itself, or one in its place that the parent can raise in any model."""
    if _can_be_raised_again(error):
        return error
    told = TaskError(words_of(error))
    told.__cause__ = error
    return told


def _can_be_raised_again(error: BaseException) -> bool:
    """Whether the parent can raise in any model what a task raised, and in the same words.

    A worker thread that meets a `SystemExit` ends without a word. An exception that can be pickled
    but not unpickled breaks a pool. One that makes its words from its arguments may make others
    from these words.
    """
    import pickle  # here, because other trials must not have it in their process

    try:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:
        return False
    return isinstance(again, Exception) and words_of(again) == words_of(error)


def alone(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Callable[[Any], Any]:
    """The function of one task sent on its own: no report, so that only the sending is added."""
    return partial(function, **arguments) if arguments else function


def _begin() -> Callable[[list[Any]], ChunkReport]:
    """Note where a chunk begins; returns what makes its report of the results."""
    usage_start = process_usage()
    thread_start = thread_usage()
    first_cpu = current_cpu()
    start_ns = time.perf_counter_ns()

    def report(results: list[Any]) -> ChunkReport:
        end_ns = time.perf_counter_ns()
        # First: the kernel brings a thread's CPU time up to date when it sums up its process.
        usage_end = process_usage()
        thread = thread_usage(at_end=True).since(thread_start)
        return ChunkReport(
            results=results,
            pid=os.getpid(),
            thread_id=threading.get_native_id(),
            gil_enabled=gil_enabled(),
            start_ns=start_ns,
            end_ns=end_ns,
            cpus=(first_cpu, current_cpu()),
            usage_start=usage_start,
            usage_end=usage_end,
            thread=thread,
        )

    return report


def results_in_order(reports: Iterable[ChunkReport]) -> list[Any]:
    """The tasks' results in the order of the tasks (models return chunks in their order)."""
    return [result for report in reports for result in report.results]


class NoResultError(Exception):
    """A task returned something that can't be compared between models."""


def checksum(results: Sequence[Any]) -> str:
    """SHA-256 (hex) of results as JSON: equal results, equal checksum, on every arm and model.

    Bytes and arrays count by their content. Raises `NoResultError` for what has no canonical form.
    """
    try:
        canonical = json.dumps(results, default=_content, sort_keys=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise NoResultError(f"a task's result can't be compared: {error}") from error
    return hashlib.sha256(canonical.encode()).hexdigest()


def _content(value: Any) -> Any:
    """What stands for a value that JSON can't hold."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": hashlib.sha256(value).hexdigest()}
    if hasattr(value, "tobytes") and hasattr(value, "dtype"):
        content = hashlib.sha256(value.tobytes()).hexdigest()
        return {"array": content, "dtype": str(value.dtype), "shape": list(value.shape)}
    if isinstance(value, set | frozenset):
        return {"set": sorted(json.dumps(item, default=_content) for item in value)}
    raise NoResultError(
        f"a task returned a {type(value).__name__}; return numbers, text, bytes, arrays, or lists "
        "and mappings of these, so that the results of all models can be compared"
    )
