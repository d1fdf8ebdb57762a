"""How much memory a model's workers take: never measured in a trial that is timed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from threads_or_processes.records.trial import Memory, Timed
from threads_or_processes.trial.measured.proc import private_bytes, process_tree, pss_bytes
from threads_or_processes.trial.measured.timing import Batch, Timings, clock
from threads_or_processes.trial.models.base import Model

# Batches are short; the readings of one or two would miss the moment at which most is held.
BATCHES = 5
READ_EVERY_S = 0.002


def measure_memory(model: Model, batch: Batch) -> Timings:
    """Measure the process tree before and while `model` executes `batch` a few times."""
    before_bytes = _pss()
    model.start()
    model.answered(clock)
    batch.set_workers_up(model)
    idle_bytes = _pss()
    checksums = []
    with _sampling() as sampler:
        for _ in range(BATCHES):
            batch.prepare()
            execution = batch.execute_chunks_on(model)
            checksums.append(batch.checksum_of(execution.results, batch.left_behind()))
    after_bytes = _pss()
    memory = Memory(
        private_bytes=private_bytes(process_tree()),
        before_bytes=before_bytes,
        idle_bytes=idle_bytes,
        peak_bytes=max(sampler.peak_bytes, idle_bytes, after_bytes),
        after_bytes=after_bytes,
        processes=len(process_tree()),
    )
    batch.tear_workers_down(model)
    model.stop()
    return Timings(
        found=Timed(
            setup_ns=None, first_result_ns=None, teardown_ns=None, memory=memory, repetitions=[]
        ),
        checksums=checksums,
        worker_gil=[report.gil_enabled for report in execution.reports],
        last_results=execution.results,
        last_left_behind=batch.left_behind(),
    )


def _pss() -> int:
    return pss_bytes(process_tree())


@dataclass
class _PssSampler:
    """The most that was seen so far."""

    peak_bytes: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def sample(self) -> None:
        """Read again and again until it is over."""
        while not self.is_over.wait(READ_EVERY_S):
            self.peak_bytes = max(self.peak_bytes, _pss())


@contextmanager
def _sampling() -> Iterator[_PssSampler]:
    sampler = _PssSampler()
    thread = threading.Thread(target=sampler.sample)
    thread.start()
    try:
        yield sampler
    finally:
        sampler.is_over.set()
        thread.join()
