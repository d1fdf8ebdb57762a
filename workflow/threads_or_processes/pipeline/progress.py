"""What the person at the terminal sees while trials run: one line, with the time that is left.

It is drawn when a job ends, never between: a display that refreshes by itself would run beside the
trials and be measured with them.
"""

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from snakemake_interface_logger_plugins.common import LogEvent

from threads_or_processes.common.durations import spelled

BAR_WIDTH = 30
TRIAL_RULE = "measure_trial"
# On a stream that is no terminal a line is printed this often instead of being drawn over.
LINES_IN_A_LOG = 20


@dataclass
class Pace:
    """How many trials this run has to do, how many are done, and since when."""

    planned: int = 0
    done: int = 0
    begun_s: float | None = None

    def left_s(self, now_s: float) -> float | None:
        """Seconds that the trials left will take at the pace so far; None before the first."""
        if self.begun_s is None or not self.done:
            return None
        return (now_s - self.begun_s) / self.done * (self.planned - self.done)


def line(pace: Pace, now_s: float) -> str:
    """The progress line."""
    full = BAR_WIDTH * pace.done // pace.planned
    left = pace.left_s(now_s)
    rest = f", {spelled(left)} left" if left is not None and pace.done < pace.planned else ""
    bar = "█" * full + "░" * (BAR_WIDTH - full)
    return f"{bar} {pace.done} of {pace.planned} trials{rest}"


@dataclass
class ProgressLine(logging.Handler):
    """Follows Snakemake's events and draws the line.

    `count_ahead` says how many trials are still to do; it is asked when one begins that was not
    planned when the run began.
    """

    count_ahead: Callable[[], int]
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    clock_s: Callable[[], float] = time.monotonic
    _pace: Pace = field(default_factory=Pace)
    _trials_running: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def __hash__(self) -> int:
        return id(self)  # logging keeps its handlers in sets

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of an event."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self._pace = Pace(planned=getattr(record, "stats", {}).get(TRIAL_RULE, 0))
        elif event == LogEvent.JOB_INFO and getattr(record, "rule_name", "") == TRIAL_RULE:
            self._trials_running.add(record.jobid)  # type: ignore[attr-defined]
            if self._pace.done >= self._pace.planned:
                self._pace.planned = self._pace.done + self.count_ahead()
            if self._pace.begun_s is None:
                self._pace.begun_s = self.clock_s()
        elif event == LogEvent.JOB_FINISHED:
            job = getattr(record, "job_id", None)
            if job in self._trials_running:
                self._trials_running.discard(job)
                self._pace.done += 1
                self._draw()

    def _draw(self) -> None:
        if not self._pace.planned:
            return
        last = self._pace.done >= self._pace.planned
        text = line(self._pace, self.clock_s())
        if self.stream.isatty():
            self.stream.write(f"\r\033[K{text}" + ("\n" if last else ""))
        elif last or self._pace.done % max(1, self._pace.planned // LINES_IN_A_LOG) == 0:
            self.stream.write(text + "\n")
        self.stream.flush()


QUIET_EVENTS = (
    LogEvent.JOB_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
    LogEvent.PROGRESS,
)
QUIET_MESSAGES = (
    "Select jobs to execute",
    "Updating checkpoint dependencies",
    "DAG of jobs will be updated",
)


def is_news(record: logging.LogRecord) -> bool:
    """Whether a record says more than that a job went well, which the line says already."""
    if getattr(record, "event", None) in QUIET_EVENTS:
        return False
    return not record.getMessage().startswith(QUIET_MESSAGES)


def follow(logger: logging.Logger, count_ahead: Callable[[], int]) -> ProgressLine:
    """Attach a progress line to Snakemake's logger, before the run is planned.

    `count_ahead` counts the trials that are still to do, whenever it is asked.
    """
    progress = ProgressLine(count_ahead)
    logger.addHandler(progress)
    return progress


def replace_chatter(logger: logging.Logger, progress: ProgressLine) -> None:
    """Let Snakemake's own stream leave to the line what jobs do that go well.

    Asked to say everything (`--verbose`), it goes on doing so.
    """
    if logger.level > logging.DEBUG:
        for handler in logger.handlers:
            if handler is not progress:
                handler.addFilter(is_news)
