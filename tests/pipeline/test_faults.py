"""What happens to a campaign from outside: nothing is lost, and nothing is mixed in."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.signing import signed
from threads_or_processes.trial.measured.proc import system_text

from tests.pipeline.conftest import OWN_RESULTS, SMALL_SWEEP, Checkout, new_checkout

FIRST, SECOND = (
    f"trials/mandelbrot/{model}/3.13/warm/001.json" for model in ("serial/1", "threads/2")
)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory, interpreters: Path) -> Checkout:
    """A campaign that has all kinds of bad luck, one after another, in the order of the tests."""
    return new_checkout(tmp_path_factory.mktemp("faults"), SMALL_SWEEP)


def restrict(pids: list[int], cpus: set[int]) -> None:
    """Take CPUs from processes that run already, as a batch system or an administrator does."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            try:
                os.sched_setaffinity(int(task.name), cpus)
            except ProcessLookupError:
                continue


def session_of(leader: int) -> list[int]:
    """The processes below one, and servers of their own session."""
    found, parents = [leader], [leader]
    while parents:
        tasks = Path(f"/proc/{parents.pop()}/task").glob("*/children")
        below = [int(pid) for task in tasks for pid in task.read_text().split()]
        found += below
        parents += below
    return found


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs a CPU to take away")
def test_a_machine_that_changes_stops_the_run_and_joins_nothing(campaign: Checkout) -> None:
    cpus = os.sched_getaffinity(0)
    run = subprocess.Popen(
        campaign.command(),
        cwd=campaign.folder,
        env=campaign.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        while len(campaign.records()) < 2:
            assert run.poll() is None, run.communicate()[0]
            time.sleep(0.02)
        while run.poll() is None:  # also those that start meanwhile
            restrict(session_of(run.pid), {min(cpus)})
            time.sleep(0.05)
    finally:
        run.kill()
        said, _ = run.communicate()
    assert run.returncode == 1, said
    what = f"the machine has changed while it was measured: logical_cpus is 1 and was {len(cpus)}"
    assert said.count(f"error: {what}") == 1, said
    assert "Traceback" not in said
    assert {record["machine"]["logical_cpus"] for record in campaign.records().values()} == {
        len(cpus)
    }
    assert campaign.archived_ids() == set(campaign.trial_ids().values())


def test_the_campaign_is_finished_once_the_machine_is_as_it_was(campaign: Checkout) -> None:
    before = campaign.trial_ids()
    said = campaign.report()
    assert f"The report is report/{campaign.html.name}" in said
    after = campaign.trial_ids()
    assert before.items() <= after.items()
    assert set(after) == {trial["record"] for trial in campaign.plan()["trials"]}


def test_records_deleted_behind_a_finished_report_are_measured_again(campaign: Checkout) -> None:
    if not campaign.html.exists():  # the tests above finish it
        campaign.report()
    before = campaign.trial_ids()
    lost = sorted(before)[1]
    assert "Nothing to be done" in campaign.run("--dry-run").stdout
    (campaign.results / lost).unlink()
    said = campaign.run("--dry-run", "--quiet", "host").stdout
    assert "1 of them left to measure;" in said, said
    assert f"results/{campaign.results.name}/{lost}" in said
    assert "rule render_report" in said
    for product in (f"report/{campaign.html.name}", f"{OWN_RESULTS}/trials.csv.gz"):
        said = campaign.run(product, "--dry-run", "--quiet", "host").stdout
        assert "1 of them left to measure;" in said, said


def test_results_deleted_behind_a_finished_report_are_measured_again(
    campaign: Checkout, tmp_path: Path
) -> None:
    if not campaign.html.exists():
        campaign.report()
    planned = len(campaign.plan()["trials"])
    bare = campaign.copy(tmp_path / "bare")
    shutil.rmtree(bare.results)
    assert bare.html.exists()
    said = bare.run("--dry-run", "--quiet", "host").stdout
    assert f"{planned} trials planned" in said, said
    assert said.count("rule measure_trial") == planned
    assert "rule render_report" in said


def test_a_killed_retry_pass_is_run_again(small: Checkout) -> None:
    before = small.archived()
    account = small.results / "second-look.json"
    account.unlink()
    small.configure(with_retry_pass(600))
    command = small.command(f"{OWN_RESULTS}/trials.parquet")
    with subprocess.Popen(command, cwd=small.folder, env=small.environment()) as run:
        try:
            while not (found := [pid for pid in session_of(run.pid) if is_retry_pass(pid)]):
                assert run.poll() is None, "the run ended without a retry pass"
                time.sleep(0.02)
            os.kill(found[0], signal.SIGKILL)
            assert run.wait() != 0
        finally:
            run.kill()
    assert not account.exists()
    small.configure(with_retry_pass(1))
    small.measure()
    assert json.loads(account.read_text(encoding="utf-8"))["budget_s"] == 1
    assert before.items() <= small.archived().items()
    assert set(small.records()) == {trial["record"] for trial in small.plan()["trials"]}


def with_retry_pass(seconds: float) -> dict[str, Any]:
    """The sweep, with a retry pass of at most so long."""
    return SMALL_SWEEP | {"trial": SMALL_SWEEP["trial"] | {"retry_pass_s": seconds}}


def is_retry_pass(pid: int) -> bool:
    """Whether it is the command of the retry pass itself, and no shell."""
    command = system_text(Path(f"/proc/{pid}/cmdline")).split("\0")
    return command[1:4] == ["-m", "threads_or_processes.trial", "retry"]


def test_a_run_outlives_those_who_read_what_it_says(fresh: Checkout) -> None:
    def started(place: str, *shell: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*shell, *fresh.command(f"{OWN_RESULTS}/{place}")],
            cwd=fresh.folder,
            env=fresh.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    read_once = started(FIRST)
    assert read_once.stdout
    assert read_once.stdout.readline()
    read_once.stdout.close()  # as `| head -1` does
    assert read_once.wait() == 0
    assert "libraries: " in (fresh.results / "logs/interpreters.log").read_text(encoding="utf-8")
    closed = started(SECOND, "sh", "-c", 'exec "$0" "$@" >&-')
    said = closed.communicate()[0]
    assert closed.returncode == 0, said
    assert set(fresh.records()) == {FIRST, SECOND}


def test_a_broken_interpreter_stops_the_run_and_its_trial_follows_after_the_mend(
    small: Checkout, tmp_path: Path
) -> None:
    file = small.results / "interpreters/3.13.json"
    identity, at_s = json.loads(file.read_text(encoding="utf-8")), file.stat().st_mtime
    works, broken, venv = Path(identity["executable"]).parents[1], tmp_path / "b", tmp_path / "venv"
    python = venv / "bin/python"
    file.write_text(json.dumps(signed(identity | {"executable": str(python)})), encoding="utf-8")
    os.utime(file, (at_s, at_s))
    (broken / "bin").mkdir(parents=True)
    (broken / "bin/python").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (broken / "bin/python").chmod(0o755)
    venv.symlink_to(broken)
    before = small.trial_ids()
    (small.results / FIRST).unlink()
    stopped = small.run()
    assert stopped.returncode != 0
    assert f"{python} did not start" in stopped.stdout
    assert not (small.results / FIRST).exists()
    venv.unlink()
    venv.symlink_to(works)
    small.measure()
    after = small.trial_ids()
    assert {place for place in before if after[place] != before[place]} == {FIRST}
    assert small.records()[FIRST]["outcome"] == "ok"
