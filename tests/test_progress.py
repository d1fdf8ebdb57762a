"""The progress line, from the events that Snakemake sends."""

import io
import logging
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from threads_or_processes.pipeline.progress import (
    Pace,
    ProgressLine,
    is_news,
    line,
    replace_chatter,
)


def event(kind: LogEvent | None, message: str = "", **fields: Any) -> logging.LogRecord:
    record = logging.LogRecord("snakemake", logging.INFO, __file__, 1, message, None, None)
    record.__dict__ |= {"event": kind, **fields}
    return record


def run_of_four(stream: io.StringIO) -> None:
    """Four trials of ten seconds each, and one job that is no trial."""
    now = iter(range(0, 1000, 10))
    progress = ProgressLine(lambda: 0, stream, clock_s=lambda: next(now))
    progress.emit(event(LogEvent.RUN_INFO, stats={"measure_trial": 4, "calibrate": 1, "total": 5}))
    progress.emit(event(LogEvent.JOB_INFO, jobid=9, rule_name="calibrate"))
    progress.emit(event(LogEvent.JOB_FINISHED, job_id=9))
    for job in range(4):
        progress.emit(event(LogEvent.JOB_INFO, jobid=job, rule_name="measure_trial"))
        progress.emit(event(LogEvent.JOB_FINISHED, job_id=job))


def test_only_trials_are_counted_and_each_gets_a_line_in_a_log() -> None:
    stream = io.StringIO()
    run_of_four(stream)
    lines = stream.getvalue().splitlines()
    assert [text.split(" ", 1)[1] for text in lines] == [
        "1 of 4 trials, less than a minute left",
        "2 of 4 trials, less than a minute left",
        "3 of 4 trials, less than a minute left",
        "4 of 4 trials",
    ]


def test_on_a_terminal_one_line_is_drawn_over() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    run_of_four(stream)
    assert stream.getvalue().count("\r\033[K") == 4
    assert stream.getvalue().count("\n") == 1


def test_trials_that_join_while_it_runs_are_counted_when_they_begin() -> None:
    stream = io.StringIO()
    progress = ProgressLine(lambda: 2, stream, clock_s=lambda: 0.0)
    progress.emit(event(LogEvent.RUN_INFO, stats={"measure_trial": 1}))
    for job in range(3):
        progress.emit(event(LogEvent.JOB_INFO, jobid=job, rule_name="measure_trial"))
        progress.emit(event(LogEvent.JOB_FINISHED, job_id=job))
    lines = [text.split(" ", 1)[1].partition(",")[0] for text in stream.getvalue().splitlines()]
    assert lines == ["1 of 1 trials", "2 of 3 trials", "3 of 3 trials"]


def test_the_time_left_goes_by_the_pace_so_far() -> None:
    pace = Pace(planned=100, done=25, begun_s=1000.0)
    assert pace.left_s(now_s=1100.0) == pytest.approx(300.0)
    assert line(pace, now_s=1100.0).endswith("25 of 100 trials, about 5 min left")
    assert Pace(planned=3).left_s(now_s=5.0) is None


def test_what_went_wrong_is_still_said() -> None:
    assert not is_news(event(LogEvent.JOB_FINISHED))
    assert not is_news(event(None, "Select jobs to execute..."))
    assert not is_news(event(None, "Updating checkpoint dependencies."))
    assert not is_news(event(None, "DAG of jobs will be updated after completion."))
    assert is_news(event(LogEvent.JOB_ERROR, "a job failed"))
    assert is_news(event(None, "Nothing to be done"))


def test_a_verbose_run_keeps_all_of_snakemakes_words() -> None:
    logger = logging.Logger("quiet", logging.INFO)
    verbose = logging.Logger("verbose", logging.DEBUG)
    progress = ProgressLine(lambda: 0, io.StringIO())
    for each in (logger, verbose):
        each.addHandler(logging.NullHandler())
        each.addHandler(progress)
        replace_chatter(each, progress)
    assert [len(handler.filters) for handler in logger.handlers] == [1, 0]
    assert [len(handler.filters) for handler in verbose.handlers] == [0, 0]
