"""Tells what is ahead: before a run, and at the end of a dry run.

Which jobs there will be is known only once Snakemake has planned them. It calls `onstart` then, but
not in a dry run. What it logs in both, and never to lint, summarise or report, is its RUN_INFO.
"""

import atexit
import logging
import sys
from collections.abc import Callable
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from threads_or_processes.pipeline.progress import TRIAL_RULE

JUDGING_RULE = "judge_precision"


def records_ahead(workflow: Any) -> list[str]:
    """The records of trials that this run will measure, once Snakemake has planned its jobs."""
    return [
        str(job.output[0]) for job in workflow.dag.needrun_jobs() if job.rule.name == TRIAL_RULE
    ]


def round_ahead(workflow: Any) -> int | None:
    """The next round in which precision will be judged, from 1; None where nothing is judged.

    What comes after it Snakemake learns only when it is done.
    """
    rounds = [
        int(job.wildcards.round)
        for job in workflow.dag.needrun_jobs()
        if job.rule.name == JUDGING_RULE
    ]
    return min(rounds, default=None)


class DryRunTeller(logging.Handler):
    """Says `text()` below the list of jobs of a dry run, where it can still be seen."""

    def __init__(self, is_dry_run: Callable[[], bool], text: Callable[[], str]) -> None:
        super().__init__()
        self._is_dry_run = is_dry_run
        self._text = text
        self._told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of an event; a dry run logs its RUN_INFO before and after the list."""
        if getattr(record, "event", None) != LogEvent.RUN_INFO or self._told:
            return
        if self._is_dry_run():
            self._told = True
            atexit.register(print, self._text(), file=sys.stderr)


def tell_after_dry_run(logger: logging.Logger, workflow: Any, text: Callable[[], str]) -> None:
    """Say `text()` at the end, if this turns out to be a dry run."""
    logger.addHandler(DryRunTeller(lambda: bool(workflow.dryrun), text))
