"""What is ahead and the progress line, in real runs of Snakemake on a small Snakefile."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from threads_or_processes.pipeline.console import Console, Pace, progress_line

from tests.conftest import ROOT
from tests.pipeline.quick.conftest import snakemake

# Two trials are planned; the round that follows them adds a third.
SNAKEFILE = """
from snakemake.logging import logger
from threads_or_processes.pipeline.console import Console

TRIAL = "trials/{workload}/{model}/{workers}/{arm}/{timing}/{block}"
PLANNED = expand(
    TRIAL, workload="json", model="serial", workers=1, arm="3.13", timing="warm", block=[1, 2]
)

def added(wildcards):
    checkpoints.decide.get(round=1)
    return [PLANNED[0].replace("/1", "/3")]

def announcement(ahead):
    blocks = sorted(trial.block for trial in ahead.trials)
    return f"ahead: blocks {blocks}, round {ahead.next_round}"

CONSOLE = Console.attached(logger, workflow, announcement)

onstart:
    CONSOLE.begin(logger)

rule all:
    input: added
    output: "report"
    shell: "cp {input} {output}"

checkpoint decide:
    input: PLANNED
    output: "rounds/{round}"
    shell: "cat {input} > {output}"

rule measure:
    output: TRIAL
    shell: "echo measured > {output}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    return tmp_path


def progress(said: str) -> list[str]:
    """How many trials are done and planned, line by line."""
    return re.findall(r"(\d+ of \d+ trials)", said)


@pytest.mark.parametrize("arguments", [["-n"], ["-n", "--quiet"]])
def test_a_dry_run_ends_with_what_is_ahead(folder: Path, arguments: list[str]) -> None:
    said = snakemake(folder, *arguments)
    assert said.count("ahead: ") == 1
    assert said.endswith("ahead: blocks ['1', '2'], round 1\n")
    assert not progress(said)


def test_a_dry_run_lists_some_of_many_trials_and_all_if_told_to(folder: Path) -> None:
    many = SNAKEFILE.replace("block=[1, 2]", "block=range(1, 103)")
    (folder / "Snakefile").write_text(many, encoding="utf-8")
    said = snakemake(folder, "-n")
    assert said.count("rule measure:") == 100
    assert said.count("More jobs of measure are not listed") == 1
    assert re.search(r"^measure +102$", said, re.MULTILINE)
    assert snakemake(folder, "-n", "--verbose").count("rule measure:") == 102


@pytest.mark.parametrize(("asked", "answer"), [("--lint", "Lints for"), ("--summary", "report")])
def test_what_runs_nothing_says_nothing(folder: Path, asked: str, answer: str) -> None:
    said = snakemake(folder, asked)
    assert answer in said
    assert "ahead: " not in said


def test_a_run_says_what_is_left_and_counts_its_trials_only(folder: Path) -> None:
    first = snakemake(folder, "--cores", "1", "trials/json/serial/1/3.13/warm/2")
    assert "ahead: blocks ['2'], round None\n" in first
    assert progress(first) == ["1 of 1 trials"]
    said = snakemake(folder, "--cores", "1")
    assert [line for line in said.splitlines() if "ahead" in line] == [
        "ahead: blocks ['1'], round 1"
    ]
    # The other is known only when the round is decided.
    assert progress(said) == ["1 of 1 trials", "2 of 2 trials"]


@pytest.mark.parametrize(
    ("begin", "counts"),
    [
        ('CONSOLE.leave_out(PLANNED[2:], "too many")', ["1 of 2", "2 of 2", "3 of 3"]),
        ("pass  # the time is over after the second", ["1 of 4", "2 of 4", "2 of 2", "3 of 3"]),
    ],
    ids=["for the pace", "time over"],
)
def test_trials_that_are_left_out_are_not_counted(
    folder: Path, begin: str, counts: list[str]
) -> None:
    some = SNAKEFILE.replace("block=[1, 2]", "block=[1, 2, 4, 5]")
    some = some.replace("CONSOLE.begin(logger)", f"CONSOLE.begin(logger)\n    {begin}")
    record = """case {wildcards.block} in 4|5) echo '"left out"' ;; *) echo measured ;; esac"""
    by_block = "priority: lambda wildcards: 9 - int(wildcards.block)"
    some = some.replace(
        'shell: "echo measured > {output}"', f'{by_block}\n    shell: r"""{record} > {{output}}"""'
    )
    (folder / "Snakefile").write_text(some, encoding="utf-8")
    assert progress(snakemake(folder, "--cores", "1")) == [f"{count} trials" for count in counts]


def test_the_line_replaces_what_snakemake_says_of_jobs_that_go_well(folder: Path) -> None:
    said = snakemake(folder, "--cores", "1")
    for chatter in ["Finished jobid", "localrule", "rule measure", "Select jobs", "steps ("]:
        assert chatter not in said
    assert "DAG of jobs will be updated" not in said
    assert "Updating checkpoint dependencies" not in said
    assert len(said[said.index("ahead: ") :].splitlines()) <= 6


def test_what_went_wrong_is_still_said(folder: Path) -> None:
    broken = SNAKEFILE.replace("echo measured >", "echo no such luck >&2; false >")
    (folder / "Snakefile").write_text(broken, encoding="utf-8")
    said = snakemake(folder, "--cores", "1")
    assert said.count("Error in rule measure") == 1
    assert said.count("; false >") == 1, "the command is shown once"
    assert "no such luck\n" in said
    assert "At least one job did not complete" not in said


def test_a_failed_step_names_some_of_many_inputs(folder: Path) -> None:
    many = SNAKEFILE.replace("block=[1, 2]", "block=range(1, 21)")
    broken = many.replace('"cat {input} > {output}"', '"echo no such luck >&2; false"')
    (folder / "Snakefile").write_text(broken, encoding="utf-8")
    said = snakemake(folder, "--cores", "1")
    [inputs] = [line for line in said.splitlines() if line.strip().startswith("input: ")]
    assert inputs.count("trials/") == 8
    assert inputs.endswith("and 12 more")


def test_what_a_step_has_shown_is_not_shown_again(folder: Path) -> None:
    trial = "trials/json/serial/1/3.13/warm/2"
    prefix = f'shell.prefix("set -euo pipefail; . {ROOT}/workflow/rules/steps.sh; ")\n'
    fails = 'log: TRIAL + ".log"\n    shell: "(echo bad luck; exit 1) 2>&1 | show_and_log {log}"'
    broken = SNAKEFILE.replace('shell: "echo measured > {output}"', fails)
    (folder / "Snakefile").write_text(prefix + broken, encoding="utf-8")
    said = snakemake(folder, "--cores", "1", "--show-failed-logs", trial)
    assert re.findall("^bad luck$", said, re.MULTILINE) == ["bad luck"], said
    assert f"log: {trial}.log" in said
    assert (folder / f"{trial}.log").read_text(encoding="utf-8") == "bad luck\n"


def test_a_second_run_still_says_that_there_is_nothing_to_do(folder: Path) -> None:
    snakemake(folder, "--cores", "1")
    assert "Nothing to be done" in snakemake(folder, "--cores", "1")


def test_a_verbose_run_keeps_all_of_snakemakes_words(folder: Path) -> None:
    said = snakemake(folder, "--cores", "1", "--verbose")
    assert "rule measure" in said
    assert "Finished jobid" in said
    assert progress(said) == ["1 of 2 trials", "2 of 2 trials", "3 of 3 trials"]


def test_on_a_terminal_one_line_is_drawn_over(folder: Path) -> None:
    reader, writer = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--directory", str(folder), "--cores", "1"],
        cwd=folder,
        env={**os.environ, "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=writer,
    )
    os.close(writer)
    said = b""
    while chunk := _read(reader):
        said += chunk
    os.close(reader)
    assert run.wait() == 0
    lines = [line for line in said.decode().split("\n") if "trials" in line]
    # Drawn over the first; ended when all that is known is done.
    assert [progress(line) for line in lines] == [
        ["1 of 2 trials", "2 of 2 trials"],
        ["3 of 3 trials"],
    ]
    assert said.count(b"\r\033[K") == 3


@pytest.mark.parametrize(
    ("term", "columns", "shown"),
    [("xterm", 40, 39), ("xterm", 0, 65), ("xterm", 200, 65), ("dumb", 40, 65)],
)
def test_the_line_fits_the_terminal_and_a_dumb_one_gets_plain_lines(
    monkeypatch: pytest.MonkeyPatch, term: str, columns: int, shown: int
) -> None:
    monkeypatch.setenv("TERM", term)
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    with os.fdopen(writer, "w") as stream:
        console = Console(None, lambda _: "", stream, clock_s=lambda: 1100.0)
        console._pace = Pace(planned=100, done=25, first_ended_s=1004.0)
        console._draw()
        said = os.read(reader, 65536).decode()
    os.close(reader)
    assert ("\033" in said) == (term != "dumb")
    assert len(said.removeprefix("\r\033[K").strip()) == shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


def test_the_time_left_goes_by_the_pace_so_far() -> None:
    pace = Pace(planned=100, done=25, first_ended_s=1004.0)
    assert pace.left_s(now_s=1100.0) == pytest.approx(300.0)
    assert progress_line(pace, now_s=1100.0).endswith("25 of 100 trials, about 5 min left")
    assert Pace(planned=3).left_s(now_s=5.0) is None
    assert Pace(planned=3, done=1, first_ended_s=5.0).left_s(now_s=5.0) is None


@pytest.mark.parametrize(
    ("limit_s", "said"),
    [(1000, "about 5 min left"), (120, "about 2 min left"), (-1, "less than a minute left")],
)
def test_the_time_left_is_no_longer_than_what_a_budget_leaves(limit_s: float, said: str) -> None:
    pace = Pace(planned=100, done=25, first_ended_s=1004.0)
    assert progress_line(pace, 1100.0, limit_s).endswith(f"25 of 100 trials, {said}")


def test_the_line_knows_when_measuring_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALS_END_S", "0")
    stream = io.StringIO()
    console = Console(None, lambda _: "", stream, clock_s=lambda: 1100.0)
    console._pace = Pace(planned=100, done=25, first_ended_s=1004.0)
    console._draw()
    assert stream.getvalue().endswith("25 of 100 trials, less than a minute left\n")


def test_the_time_before_the_first_trial_ends_counts_in_no_pace(tmp_path: Path) -> None:
    now_s = iter([100.0, 100.0, 104.0])  # the first trial ends and is drawn, the second is drawn
    stream = io.StringIO()
    console = Console(None, lambda _: "", stream, clock_s=lambda: next(now_s))
    console._pace.planned = 92
    trial = tmp_path / "record"
    trial.write_text("measured", encoding="utf-8")
    for _ in range(2):
        console._end_trial(str(trial))
    assert console._pace.left_s(104.0) == pytest.approx(90 * 4.0)


# The main thread takes no signal before the thread of a failed step has an error to print.
LATE = """
import logging, signal, threading, time
from types import SimpleNamespace
from threads_or_processes.pipeline.console import Console
from threads_or_processes.pipeline.snakemake_patches import ECHO, patch_scheduler

scheduler = SimpleNamespace(job_rate_limiter=None, exit_gracefully=lambda *_: None)
signal.signal(signal.SIGTERM, scheduler.exit_gracefully)
console = Console(None, str)
patch_scheduler(scheduler, console.interrupt)
late = {signal.SIGINT, ECHO}
signal.pthread_sigmask(signal.SIG_BLOCK, late)
error = logging.makeLogRecord({"levelno": logging.ERROR, "msg": "Error"})
step = threading.Thread(target=lambda: print("printed:", console._is_news(error)))
signal.raise_signal(signal.SIGINT)
step.start()
while step.is_alive() and ECHO not in signal.sigpending():
    time.sleep(0.01)
try:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, late)
except KeyboardInterrupt:
    step.join()
"""


def test_a_step_that_ctrl_c_ends_may_fail_before_the_run_hears_of_it() -> None:
    said = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True)
    assert said.stdout == "printed: False\n"
