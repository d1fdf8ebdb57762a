"""What the person at the terminal sees: what is ahead, and one line while trials run.

This is a handler on Snakemake's logger and not a logger plugin: Snakemake looks for plugins before
it reads the Snakefile, among installed packages, and shows them no jobs.

The line is drawn when a job ends, never between: a display that refreshes by itself would run
beside the trials and be measured with them.
"""

import atexit
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from snakemake_interface_logger_plugins.common import LogEvent

from threads_or_processes.common.files import is_left_out
from threads_or_processes.common.phrases import format_duration
from threads_or_processes.pipeline.campaign import TrialWildcards
from threads_or_processes.pipeline.snakemake_patches import await_signals, shorten_listing
from threads_or_processes.trial import deadline

# A trial's job and a round's are known by their wildcards: a `module` may rename the rules.
TRIAL_WILDCARDS = frozenset(TrialWildcards.__annotations__)
ROUND_WILDCARDS = frozenset({"round"})
# The shell function of steps that speak at the terminal and keep it in their log (rules/steps.sh).
SHOW_AND_LOG = "show_and_log"
BAR_WIDTH = 30
# A failed step names so many of its inputs.
MOST_INPUTS = 8
# On a stream that is no terminal a line is printed this often instead of being drawn over.
LINES_IN_A_LOG = 20
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
    # What follows the error of a step.
    "Exiting because a job execution failed",
    "WorkflowError:\nAt least one job did not complete",
)


@dataclass(frozen=True)
class Ahead:
    """What a run still has to do, as far as Snakemake knows its jobs.

    `trials` are the wildcards of the trials, `next_round` is the next round of adaptive blocks,
    from 1; None without one. What comes after that round Snakemake learns only when it is done.
    `rules` are the names of all rules with a job.
    """

    trials: Sequence[TrialWildcards] = ()
    next_round: int | None = None
    rules: frozenset[str] = frozenset()


def jobs_ahead(workflow: Any, results: Path = Path()) -> Ahead:
    """What Snakemake's `workflow` still has to do, once it has planned its jobs.

    Trials and rounds are those below `results`: another module may measure another campaign.
    """
    jobs = list(workflow.dag.needrun_jobs())
    own = [job for job in jobs if is_below(results, job.output)]
    rounds = [int(job.wildcards.round) for job in own if set(job.wildcards_dict) == ROUND_WILDCARDS]
    return Ahead(
        trials=[job.wildcards for job in trials_ahead(workflow, results)],
        next_round=min(rounds, default=None),
        rules=frozenset(job.rule.name for job in jobs),
    )


def trials_ahead(workflow: Any, results: Path) -> list[Any]:
    """The jobs of the trials below `results` that Snakemake's `workflow` still has to do."""
    return [
        job
        for job in workflow.dag.needrun_jobs()
        if is_trial(job.wildcards_dict) and is_below(results, job.output)
    ]


def made(workflow: Any, files: Iterable[str]) -> list[str]:
    """Those of the files that a run of Snakemake's `workflow` was about, and that are there."""
    about = {str(file) for job in workflow.dag.jobs for file in job.output}
    return [file for file in files if file in about and Path(file).exists()]


def is_trial(wildcards: Collection[str]) -> bool:
    """Whether these are the wildcards of a trial's job."""
    return set(wildcards) == TRIAL_WILDCARDS


def is_below(folder: Path, files: Iterable[str]) -> bool:
    """Whether one of the files is in a folder."""
    return any(Path(file).is_relative_to(folder) for file in files)


def is_begun_trial(record: logging.LogRecord, results: Path) -> bool:
    """Whether a record of Snakemake's log says that a trial begins whose results go there."""
    return (
        getattr(record, "event", None) == LogEvent.JOB_INFO
        and is_trial(getattr(record, "wildcards", ()))
        and is_below(results, getattr(record, "output", ()))
    )


@dataclass
class Pace:
    """How many trials this run has to do, how many are done, and when the first one ended.

    The pace is that of the others: before the first the sentinel watches for some seconds.
    """

    planned: int = 0
    done: int = 0
    first_ended_s: float | None = None

    def left_s(self, now_s: float) -> float | None:
        """Seconds that the trials left will take at the pace so far; None before the second."""
        if self.first_ended_s is None or self.done < 2:
            return None
        return (now_s - self.first_ended_s) / (self.done - 1) * (self.planned - self.done)


def progress_line(pace: Pace, now_s: float, limit_s: float = math.inf) -> str:
    """How far the trials are, and how long the rest takes; measuring ends after `limit_s`."""
    full = BAR_WIDTH * pace.done // pace.planned
    left = pace.left_s(now_s)
    rest = ""
    if left is not None and pace.done < pace.planned:
        rest = f", {format_duration(min(left, max(0.0, limit_s)))} left"
    bar = "█" * full + "░" * (BAR_WIDTH - full)
    return f"{bar} {pace.done} of {pace.planned} trials{rest}"


class Follower(logging.Handler):
    """A handler that shows no records; it follows the events of a run, and sees them all."""


class Console(Follower):
    """Follows Snakemake's events: draws the progress line, and ends a dry run with what is ahead.

    `announcement` puts what is ahead in words. It `lists_jobs` in a dry run or leaves that out.
    Trials are those below `results`.
    """

    def __init__(
        self,
        workflow: Any,
        announcement: Callable[[Ahead], str],
        stream: TextIO = sys.stderr,
        clock_s: Callable[[], float] = time.monotonic,
        *,
        lists_jobs: bool = True,
        results: Path = Path(),
    ) -> None:
        super().__init__()
        self._results = results
        self._workflow = workflow
        self._announcement = announcement
        self._lists_jobs = lists_jobs
        self._stream = stream
        self._clock_s = clock_s
        self._pace = Pace()
        self._trials_running: dict[int, str] = {}
        self._left_out: frozenset[str] = frozenset()
        self._ends_dry_run = False
        self._interrupted = False
        self._line_is_open = False

    @classmethod
    def attached(
        cls,
        logger: logging.Logger,
        workflow: Any,
        announcement: Callable[[Ahead], str],
        *,
        lists_jobs: bool = True,
        results: Path = Path(),
    ) -> "Console":
        """A console that follows `logger`, from before the run is planned."""
        console = cls(workflow, announcement, lists_jobs=lists_jobs, results=results)
        logger.addHandler(console)
        logger.addFilter(console.leave_out_what_was_shown)
        return console

    def begin(self, logger: logging.Logger) -> None:
        """Say what is ahead; from now on the line replaces Snakemake's words on jobs that go well.

        Asked to say everything (`--verbose`), Snakemake goes on doing so.
        """
        print(self._ahead(), file=self._stream)
        self._show_only_news(logger)

    def _show_only_news(self, logger: logging.Logger) -> None:
        if logger.level > logging.DEBUG:
            for handler in logger.handlers:
                if not isinstance(handler, Follower):  # nor those of another module
                    handler.addFilter(self._is_news)

    def interrupt(self) -> None:
        """From now on say nothing of the steps that fail because the user ends the run."""
        self._interrupted = True

    def leave_out(self, records: Iterable[str], reason: str) -> None:
        """Say why trials are left out, and count them no more; their records name them."""
        self._left_out = frozenset(records)
        self._count()
        self.say(reason)

    def say(self, *lines: str) -> None:
        """Say something below the progress line."""
        if self._line_is_open:
            self._stream.write("\n")
            self._line_is_open = False
        print(*lines, sep="\n", file=self._stream)

    def leave_out_what_was_shown(self, record: logging.LogRecord) -> bool:
        """Have Snakemake name the log and the command of a failed step only once.

        A filter that lets every record pass. The exception of a step that ran here names its
        command. What a job said elsewhere was not shown here. Of many inputs some are named.
        """
        if getattr(record, "event", None) != LogEvent.JOB_ERROR:
            return True
        fields = vars(record)
        if more := fields["input"][MOST_INPUTS:]:
            fields["input"] = [*fields["input"][:MOST_INPUTS], f"and {len(more)} more"]
        if self._workflow.is_local(self._workflow.get_rule(fields["rule_name"])):
            if f"| {SHOW_AND_LOG} " in (fields["shellcmd"] or ""):
                fields.update(log=[], aux={"log": ", ".join(fields["log"]), **fields["aux"]})
            fields["shellcmd"] = None
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of an event."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO and self._workflow.dryrun and not self._ends_dry_run:
            # A dry run logs this before and after its list of jobs; lint and summary never do. The
            # jobs are still to do now, and at the very end the words can still be seen.
            self._ends_dry_run = True
            atexit.register(print, self._ahead(), file=self._stream)
            logger = logging.getLogger(record.name)
            if not self._lists_jobs:
                self._show_only_news(logger)
            if logger.level > logging.DEBUG:
                shorten_listing(self._workflow.scheduler, logger)
        elif is_begun_trial(record, self._results):
            self._begin_trial(record.jobid, record.output[0])  # type: ignore[attr-defined]
        elif event == LogEvent.JOB_FINISHED:
            trial = self._trials_running.pop(getattr(record, "job_id", -1), None)
            if trial is not None:
                self._end_trial(trial)

    def _begin_trial(self, job: int, trial: str) -> None:
        if trial in self._left_out:
            return
        self._trials_running[job] = trial
        if self._pace.done >= self._pace.planned:  # the first, or more blocks
            self._count()

    def _end_trial(self, trial: str) -> None:
        if not is_left_out(Path(trial)):
            self._pace.done += 1
            if self._pace.first_ended_s is None:
                self._pace.first_ended_s = self._clock_s()
        elif trial in self._left_out:  # since it began
            return
        else:  # the time is over
            ahead = trials_ahead(self._workflow, self._results)
            self._left_out |= {str(file) for job in ahead for file in job.output}
            self._pace.planned = self._pace.done
        self._draw()

    def _count(self) -> None:
        """Count the trials that are to be measured."""
        ahead = trials_ahead(self._workflow, self._results)
        self._pace.planned = self._pace.done + sum(
            self._left_out.isdisjoint(map(str, job.output)) for job in ahead
        )

    def _ahead(self) -> str:
        return self._announcement(self._jobs_ahead())

    def _jobs_ahead(self) -> Ahead:
        return jobs_ahead(self._workflow, self._results)

    def _draw(self) -> None:
        if not self._pace.planned:
            return
        last = self._pace.done >= self._pace.planned
        text = progress_line(self._pace, self._clock_s(), deadline.left_s())
        if self._stream.isatty() and os.environ.get("TERM") != "dumb":
            width = os.get_terminal_size(self._stream.fileno()).columns
            # A terminal of no known width says 0; a line that wraps can't be drawn over.
            shown = text[: width - 1] if width else text
            self._stream.write(f"\r\033[K{shown}" + ("\n" if last else ""))
            self._line_is_open = not last
        elif last or self._pace.done % max(1, self._pace.planned // LINES_IN_A_LOG) == 0:
            self._stream.write(text + "\n")
        self._stream.flush()

    def _is_news(self, record: logging.LogRecord) -> bool:
        """Whether a record says more than that a job went well, or that the user ended the run."""
        if record.levelno >= logging.ERROR:
            await_signals()  # Ctrl-C ends a step, too, whose thread may be here first
        if self._interrupted or getattr(record, "event", None) in QUIET_EVENTS:
            return False
        return not record.getMessage().startswith(QUIET_MESSAGES)
