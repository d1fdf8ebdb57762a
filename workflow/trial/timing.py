"""The timed regions. Between two clock readings stands the work and nothing else."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from workflow.trial.batch import Chunk, ChunkReport, checksum, results_in_order
from workflow.trial.models.base import Model
from workflow.trial.usage import WorkerUsage, process_usage
from workflow.trial.watch import Watch, thread_cpus

clock = time.perf_counter_ns


class WorkerSpan(TypedDict):
    """Where and when one chunk ran."""

    pid: int
    thread_id: int
    tasks: int
    start_ns: int
    end_ns: int


class Repetition(TypedDict):
    """One timed execution of the batch, as it stands in the record."""

    phase: str
    index: int
    started_monotonic_ns: int
    wall_ns: int
    user_ns: int
    system_ns: int
    parent_user_ns: int
    parent_system_ns: int
    voluntary_switches: int
    involuntary_switches: int
    checksum: str
    cpus: list[int]
    sentinel_before_ns: list[int]
    sentinel_after_ns: list[int]
    workers: list[WorkerSpan]


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long a trial goes on: `repetitions` quiet ones, or until its patience is over.

    Without a sentinel, and when patience is 0, it measures exactly `repetitions`.
    """

    warmups: int
    repetitions: int
    patience_ns: int = 0


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What is executed: the chunks, and what surrounds them outside the timed region.

    `left_behind` reads what the tasks left in the parent; it joins the checksum when
    `checks_what_is_left`.
    """

    chunks: Sequence[Chunk]
    prepare: Callable[[], None]
    left_behind: Callable[[], list[Any]]
    checks_what_is_left: bool


@dataclass(frozen=True, kw_only=True)
class Timings:
    """All that a trial's timed part found. Phase times are None in cold timing."""

    repetitions: list[Repetition]
    worker_gil: list[bool]
    last_results: list[Any]
    last_left_behind: list[Any]
    first_result_ns: int | None = None
    setup_ns: int | None = None
    teardown_ns: int | None = None


def time_warm(model: Model, batch: Batch, length: Length, watch: Watch | None) -> Timings:
    """Start workers once, time each execution of the batch on them, tear down."""
    begun = clock()
    model.start()
    startup = model.answered(clock)
    recorder = _Recorder(batch, watch, born_in_repetition=False)
    recorder.repeat_for(length, lambda: model.run(batch.chunks))
    teardown_begun = clock()
    model.stop()
    return recorder.timings(
        first_result_ns=startup.first_result_ns - begun,
        setup_ns=startup.setup_ns - begun,
        teardown_ns=clock() - teardown_begun,
    )


def time_cold(model: Model, batch: Batch, length: Length, watch: Watch | None) -> Timings:
    """Time the whole life each time: create the workers, execute the batch, tear down."""

    def life() -> list[ChunkReport]:
        model.start()
        reports = model.run(batch.chunks)
        model.stop()
        return reports

    recorder = _Recorder(batch, watch, born_in_repetition=True)
    recorder.repeat_for(length, life)
    return recorder.timings()


class _Recorder:
    """Times executions of a batch and keeps what each one showed."""

    def __init__(self, batch: Batch, watch: Watch | None, *, born_in_repetition: bool) -> None:
        self._batch = batch
        self._watch = watch
        self._worker_usage = WorkerUsage(os.getpid(), born_in_repetition=born_in_repetition)
        self._repetitions: list[Repetition] = []
        self._worker_gil: dict[tuple[int, int], bool] = {}
        self._results: list[Any] = []
        self._left_behind: list[Any] = []

    def repeat_for(self, length: Length, execute: Callable[[], list[ChunkReport]]) -> None:
        """Warm up, then repeat until there are enough quiet repetitions or patience is over."""
        for index in range(length.warmups):
            self._repeat("warmup", index, execute)
        begun = clock()
        quiet = measured = 0
        patient = True
        while quiet < length.repetitions and (patient or measured < length.repetitions):
            quiet += self._repeat("measure", measured, execute)
            measured += 1
            patient = clock() - begun < length.patience_ns

    def _repeat(self, phase: str, index: int, execute: Callable[[], list[ChunkReport]]) -> bool:
        """Execute the batch once, timed, and record it; whether it was quiet."""
        self._batch.prepare()
        sentinel_before = self._watch.read() if self._watch else []
        usage_before = process_usage()
        started = clock()
        reports = execute()
        wall_ns = clock() - started
        parent = process_usage().since(usage_before)
        sentinel_after = self._watch.read() if self._watch else []
        tree = parent.plus(self._worker_usage.since_last(reports))
        # The parent's own threads take part too: they dispatch and collect.
        cpus = thread_cpus() | {cpu for report in reports for cpu in report.cpus if cpu >= 0}
        self._results = results_in_order(reports)
        self._left_behind = self._batch.left_behind()
        self._worker_gil |= {(r.pid, r.thread_id): r.gil_enabled for r in reports}
        checked = [self._results]
        if self._batch.checks_what_is_left:
            checked.append(self._left_behind)
        self._repetitions.append(
            Repetition(
                phase=phase,
                index=index,
                started_monotonic_ns=started,
                wall_ns=wall_ns,
                user_ns=tree.user_ns,
                system_ns=tree.system_ns,
                parent_user_ns=parent.user_ns,
                parent_system_ns=parent.system_ns,
                voluntary_switches=tree.voluntary_switches,
                involuntary_switches=tree.involuntary_switches,
                checksum=checksum(checked),
                cpus=sorted(cpus),
                sentinel_before_ns=sentinel_before,
                sentinel_after_ns=sentinel_after,
                workers=[_span(report) for report in reports],
            )
        )
        if self._watch is None:
            return True
        return self._watch.rule.is_quiet(cpus, sentinel_before, sentinel_after)

    def timings(self, **phase_ns: int) -> Timings:
        """All repetitions so far, with the phase times given."""
        return Timings(
            repetitions=self._repetitions,
            worker_gil=list(self._worker_gil.values()),
            last_results=self._results,
            last_left_behind=self._left_behind,
            **phase_ns,
        )


def _span(report: ChunkReport) -> WorkerSpan:
    return WorkerSpan(
        pid=report.pid,
        thread_id=report.thread_id,
        tasks=len(report.results),
        start_ns=report.start_ns,
        end_ns=report.end_ns,
    )
