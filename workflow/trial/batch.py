"""The batch: the fixed list of tasks, cut into one equal chunk for each worker."""

import hashlib
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from workflow.trial.usage import Usage, process_usage
from workflow.trial.watch import current_cpu


class Chunk(NamedTuple):
    """The tasks that one worker gets, and how to call each."""

    function: Callable[..., Any]
    tasks: range
    arguments: Mapping[str, Any]


class ChunkReport(NamedTuple):
    """What a worker sends back: the results of its tasks, and how and where they ran.

    `start_ns` and `end_ns` are readings of `time.perf_counter_ns`, which is one clock for all
    processes of the machine; `cpus` are where the worker ran at these moments (-1: not known);
    `usage_*` are totals of the worker's process since it was born.
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


def gil_enabled() -> bool:
    """Whether this interpreter runs with its GIL at this moment (3.12 and older always do)."""
    ask: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return ask()


def cut(
    function: Callable[..., Any], tasks: int, workers: int, arguments: Mapping[str, Any]
) -> list[Chunk]:
    """Cut tasks 0..`tasks`-1 into `workers` runs whose lengths differ by at most one."""
    bounds = [tasks * worker // workers for worker in range(workers + 1)]
    return [
        Chunk(function, range(first, last), arguments)
        for first, last in itertools.pairwise(bounds)
        if first < last
    ]


def run_chunk(chunk: Chunk) -> ChunkReport:
    """Run a chunk's tasks one after another; called by a worker of any model."""
    usage_start = process_usage()
    first_cpu = current_cpu()
    start_ns = time.perf_counter_ns()
    results = [chunk.function(task, **chunk.arguments) for task in chunk.tasks]
    end_ns = time.perf_counter_ns()
    return ChunkReport(
        results=results,
        pid=os.getpid(),
        thread_id=threading.get_native_id(),
        gil_enabled=gil_enabled(),
        start_ns=start_ns,
        end_ns=end_ns,
        cpus=(first_cpu, current_cpu()),
        usage_start=usage_start,
        usage_end=process_usage(),
    )


def results_in_order(reports: Sequence[ChunkReport]) -> list[Any]:
    """The tasks' results in the order of the tasks (models return chunks in their order)."""
    return [result for report in reports for result in report.results]


def checksum(results: Sequence[Any]) -> str:
    """SHA-256 (hex) of results as JSON: equal results, equal checksum, on every arm and model."""
    return hashlib.sha256(json.dumps(results).encode()).hexdigest()
