"""The timed regions. Between two clock readings stands the work and nothing else."""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NotRequired, TypedDict

from threads_or_processes.records.imputation import JudgedRepetition, judged, usable
from threads_or_processes.records.trial import (
    Phase,
    Repetition,
    Timed,
    WorkerSpan,
    repetitions_at,
)
from threads_or_processes.trial.measured.batch import (
    Chunk,
    ChunkReport,
    alone,
    await_chunk,
    checksum,
    cut,
    results_in_order,
    run_chunk,
)
from threads_or_processes.trial.measured.probe_client import ProbeClient, Reading
from threads_or_processes.trial.measured.proc import last_cpus, process_tree
from threads_or_processes.trial.measured.usage import WorkerUsage, process_usage
from threads_or_processes.trial.measured.worker_setup import WorkerSetup
from threads_or_processes.trial.models.base import Model

clock = time.perf_counter_ns

# A reading is still one of just before a repetition when it is no older.
FRESH_NS = 5_000_000


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long a trial goes on: until it has its quiet repetitions, or its patience is over.

    It wants `repetitions` of the batch and fewer of larger amounts (`repetitions_at`). So many it
    measures in any case; patience is for what comes after these. Without a sentinel, and when
    patience is 0, it measures no more.
    """

    warmups: int
    repetitions: int
    patience_ns: int = 0


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What is executed, and what surrounds it outside the timed region.

    `tasks` go out as one chunk a worker, or one by one where `is_single`; each is there `amount`
    times in a row. `left_behind` reads what the tasks left in the parent, counts that grow with the
    amount; it joins the checksum when `checks_what_is_left`.
    """

    function: Callable[..., Any]
    tasks: Sequence[Any]
    arguments: Mapping[str, Any]
    workers: int
    amount: int = 1
    is_single: bool = False
    is_coroutine: bool = False
    worker_setup: WorkerSetup | None = None
    prepare: Callable[[], None] = lambda: None
    left_behind: Callable[[], list[Any]] = list
    checks_what_is_left: bool = False
    counts_updates: bool = False

    @cached_property
    def chunks(self) -> list[Chunk]:
        """One chunk a worker."""
        return cut(self.function, self.tasks, self.workers, self.arguments, self.worker_setup)

    def checksum_of(self, results: list[Any], left_behind: list[Any]) -> str:
        """The checksum of all that an execution must do alike in every model and at any amount.

        Where the executions of one task differ, it is one that belongs to no amount.
        """
        left = [left_behind_once(left_behind, self.amount)] if self.checks_what_is_left else []
        each = {checksum([results[n :: self.amount], *left]) for n in range(self.amount)}
        return each.pop() if len(each) == 1 else checksum(sorted(each))

    def execute_on(self, model: Model) -> "Execution":
        """Execute it once."""
        if self.is_single:
            return Execution(results=model.map(alone(self.function, self.arguments), self.tasks))
        return self.execute_chunks_on(model)

    def execute_chunks_on(self, model: Model) -> "Execution":
        """Execute it once in chunks, with a report of each."""
        reports = model.map(await_chunk if self.is_coroutine else run_chunk, self.chunks)
        return Execution(results=results_in_order(reports), reports=reports)

    def set_workers_up(self, model: Model) -> None:
        """Run the user's set-up in each worker; nothing where workers last for a chunk only."""
        if self.worker_setup and not self.worker_setup.ends_with_chunk:
            self._in_workers(model, self.worker_setup.begin)

    def tear_workers_down(self, model: Model) -> None:
        """Run the user's tear-down in each worker that was set up."""
        setup = self.worker_setup
        if setup and setup.teardown and not setup.ends_with_chunk:
            self._in_workers(model, setup.end)

    def _in_workers(self, model: Model, act: Callable[[], object]) -> None:
        if self.is_coroutine:  # all of them run in this thread
            act()
            return
        # Here, because other trials must not have it in their process.
        from threads_or_processes.trial.measured.each_worker import on_each_worker

        on_each_worker(model, self.workers, act)


def left_behind_once(counts: list[Any], amount: int) -> list[Any]:
    """What one execution of each task leaves, from the counts that `amount` executions left."""
    return [count // amount if count % amount == 0 else count / amount for count in counts]


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What an execution of a batch brought back.

    Tasks that were sent one by one leave no reports. `torn_down_from_ns` is a clock reading.
    """

    results: list[Any]
    reports: Sequence[ChunkReport] = ()
    torn_down_from_ns: int | None = None


@dataclass(frozen=True, kw_only=True)
class Timings:
    """What a trial's measured part found for the record, and what else it saw."""

    found: Timed
    checksums: list[str]
    worker_gil: list[bool]
    last_results: list[Any]
    last_left_behind: list[Any]


def time_warm(
    model: Model, batches: Sequence[Batch], length: Length, probe: ProbeClient | None
) -> Timings:
    """Start workers once, time each execution on them, tear down.

    `batches` are one amount each, the least first.
    """
    begun = clock()
    model.start()
    startup = model.answered(clock)
    batches[0].set_workers_up(model)
    recorder = _Recorder(batches, probe, born_in_repetition=False)
    recorder.repeat_for(length, lambda batch: batch.execute_on(model))
    if batches[0].is_single:
        # No task brought a report: one more execution tells the state of the workers' GIL.
        recorder.take_note_of(batches[0].execute_chunks_on(model).reports)
    batches[0].tear_workers_down(model)
    teardown_begun = clock()
    model.stop()
    return recorder.timings(
        first_result_ns=startup.first_result_ns - begun,
        setup_ns=startup.setup_ns - begun,
        teardown_ns=clock() - teardown_begun,
    )


def time_cold(
    model: Model, batches: Sequence[Batch], length: Length, probe: ProbeClient | None
) -> Timings:
    """Time the whole life each time: create the workers, execute the batch, tear down.

    A worker that has a set-up runs it when its first chunk comes.
    """

    def life(batch: Batch) -> Execution:
        model.start()
        execution = batch.execute_on(model)
        torn_down_from_ns = clock()
        batch.tear_workers_down(model)
        model.stop()
        return replace(execution, torn_down_from_ns=torn_down_from_ns)

    recorder = _Recorder(batches, probe, born_in_repetition=True)
    recorder.repeat_for(length, life)
    return recorder.timings()


class _Cpus(TypedDict):
    """What a repetition's record says of its CPUs."""

    cpus: list[int]
    dispatch_cpus: NotRequired[list[int]]


class _Recorder:
    """Times executions of a batch and keeps what each one showed."""

    def __init__(
        self, batches: Sequence[Batch], probe: ProbeClient | None, *, born_in_repetition: bool
    ) -> None:
        self._batches = batches
        self._probe = probe
        self._is_cold = born_in_repetition
        self._worker_usage = WorkerUsage(os.getpid(), born_in_repetition=born_in_repetition)
        self._repetitions: list[Repetition] = []
        self._worker_gil: dict[tuple[int, int], bool] = {}
        self._results: list[Any] = []
        self._left_behind: list[Any] = []
        self._last_reading: Reading = []
        self._last_read_ns = -FRESH_NS

    def repeat_for(self, length: Length, execute: Callable[[Batch], Execution]) -> None:
        """Warm up, then repeat until there are enough quiet repetitions or patience is over.

        Amounts take turns, so that a disturbance strikes all of them alike.
        """
        for index in range(length.warmups):
            self._repeat("warmup", index, self._batches[0], execute)
        wanted = [repetitions_at(batch.amount, length.repetitions) for batch in self._batches]
        measured: list[list[JudgedRepetition]] = [[] for _ in self._batches]
        index = 0

        def a_round(lacking: Iterable[int]) -> None:
            nonlocal index
            for place in lacking:
                measured[place].append(
                    self._repeat("measure", index, self._batches[place], execute)
                )
                index += 1

        places = range(len(self._batches))
        while lacking := [place for place in places if len(measured[place]) < wanted[place]]:
            a_round(lacking)
        begun = clock()
        while (
            lacking := [place for place in places if sum(usable(measured[place])) < wanted[place]]
        ) and clock() - begun < length.patience_ns:
            a_round(lacking)

    def take_note_of(self, reports: Iterable[ChunkReport]) -> None:
        """Keep the state of each worker's GIL."""
        self._worker_gil |= {(r.pid, r.thread_id): r.gil_enabled for r in reports}

    def _repeat(
        self, phase: Phase, index: int, batch: Batch, execute: Callable[[Batch], Execution]
    ) -> JudgedRepetition:
        """Execute a batch once, timed, and record it; returns how disturbed it was."""
        batch.prepare()
        sentinel_before = self._reading_before()
        usage_before = process_usage()
        started = clock()
        execution = execute(batch)
        ended = clock()
        parent = process_usage().since(usage_before)
        sentinel_after = self._read()
        reports = execution.reports
        tree = parent.plus(self._worker_usage.since_last(reports))
        cpus = self._cpus_of(reports)
        self._results = execution.results
        self._left_behind = batch.left_behind()
        self.take_note_of(reports)
        updates: int | None = sum(self._results) if batch.counts_updates else None
        repetition = Repetition(
            phase=phase,
            index=index,
            amount=batch.amount,
            started_monotonic_ns=started,
            wall_ns=ended - started,
            first_result_ns=_first_result_ns(execution, started),
            teardown_ns=_span_ns(execution.torn_down_from_ns, ended),
            user_ns=tree.user_ns,
            system_ns=tree.system_ns,
            parent_user_ns=parent.user_ns,
            parent_system_ns=parent.system_ns,
            voluntary_switches=tree.voluntary_switches,
            involuntary_switches=tree.involuntary_switches,
            checksum=batch.checksum_of(self._results, self._left_behind),
            updates=updates,
            lost_updates=None if updates is None else updates - self._left_behind[0],
            **cpus,
            sentinel_before_ns=sentinel_before,
            sentinel_after_ns=sentinel_after,
            workers=[_span(report) for report in reports],
        )
        self._repetitions.append(repetition)
        rule = self._probe.rule if self._probe else None
        return judged(repetition, rule, workers=batch.workers)

    def _reading_before(self) -> Reading:
        """The reading after the last repetition, unless that was too long ago."""
        return self._last_reading if clock() - self._last_read_ns < FRESH_NS else self._read()

    def _read(self) -> Reading:
        self._last_reading = self._probe.read() if self._probe else []
        self._last_read_ns = clock()
        return self._last_reading

    def _cpus_of(self, reports: Sequence[ChunkReport]) -> _Cpus:
        """The CPUs that took part; the parent's own threads do, they dispatch and collect.

        Where no task brought a report, any process that the workers may be counts.
        """
        last = last_cpus(["self"] if reports else process_tree())
        reported = {cpu for report in reports for cpu in report.cpus if cpu >= 0}
        found = _Cpus(cpus=sorted({*last.values(), *reported}))
        if reports and not self._is_cold:
            workers = {report.thread_id for report in reports}
            found["dispatch_cpus"] = sorted(
                {cpu for thread, cpu in last.items() if thread not in workers}
            )
        return found

    def timings(
        self,
        first_result_ns: int | None = None,
        setup_ns: int | None = None,
        teardown_ns: int | None = None,
    ) -> Timings:
        """All repetitions so far, with the phase times given."""
        return Timings(
            found=Timed(
                setup_ns=setup_ns,
                first_result_ns=first_result_ns,
                teardown_ns=teardown_ns,
                memory=None,
                repetitions=self._repetitions,
            ),
            checksums=[repetition["checksum"] for repetition in self._repetitions],
            worker_gil=list(self._worker_gil.values()),
            last_results=self._results,
            last_left_behind=self._left_behind,
        )


def _first_result_ns(execution: Execution, started_ns: int) -> int | None:
    """From the start of the workers to the end of the first chunk; None in warm timing."""
    if execution.torn_down_from_ns is None or not execution.reports:
        return None
    return min(report.end_ns for report in execution.reports) - started_ns


def _span_ns(from_ns: int | None, to_ns: int) -> int | None:
    return None if from_ns is None else to_ns - from_ns


def _span(report: ChunkReport) -> WorkerSpan:
    used, _, run_queue_ns = report.thread
    return WorkerSpan(
        pid=report.pid,
        thread_id=report.thread_id,
        tasks=len(report.results),
        start_ns=report.start_ns,
        end_ns=report.end_ns,
        cpus=[cpu for cpu in report.cpus if cpu >= 0],
        user_ns=used.user_ns,
        system_ns=used.system_ns,
        run_queue_ns=run_queue_ns,
        voluntary_switches=used.voluntary_switches,
        involuntary_switches=used.involuntary_switches,
    )
