"""The head's side of a fleet, without a cluster."""

import copy
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from threads_or_processes.common.errors import UserError
from threads_or_processes.pipeline import job, watching
from threads_or_processes.pipeline.console import Ahead, Pace, progress_line
from threads_or_processes.pipeline.executor import check_executor, check_nodes, check_resources
from threads_or_processes.pipeline.fleet import Fleet
from threads_or_processes.pipeline.job import begun_on
from threads_or_processes.trial import machine

from tests.cluster.test_node import record
from tests.conftest import ROOT

Config = dict[str, Any]


@pytest.fixture
def config() -> Config:
    """Two machines with the default sweep."""
    default: Config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    overlay = yaml.safe_load((ROOT / "overlays/machines.yaml").read_text(encoding="utf-8"))
    return copy.deepcopy({**default, **overlay})


def test_head_and_node_read_the_config_alike(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never() -> None:
        raise AssertionError("a fleet must not depend on the machine that plans it")

    here = Fleet.of(config)
    monkeypatch.setattr(machine, "fingerprint", never)
    monkeypatch.setattr("threads_or_processes.pipeline.campaign.fingerprint", never)
    assert Fleet.of(config).jobs == here.jobs


def test_resources_reach_the_executor_as_they_are_and_win(config: Config) -> None:
    config["machines"]["epyc"]["resources"] |= {"runtime": 90, "slurm_account": "abc"}
    resources = Fleet.of(config).jobs["epyc"].resources
    assert resources["slurm_partition"] == "epyc"
    assert (resources["runtime"], resources["slurm_account"]) == (90, "abc")
    assert resources["cpus_per_task"] == 128
    assert resources["slurm_extra"] == "--exclusive"
    config["machines"]["epyc"]["resources"]["slurm_extra"] = "--reservation=lab"
    extra = Fleet.of(config).jobs["epyc"].resources["slurm_extra"]
    assert extra == "--exclusive --reservation=lab"


def test_a_job_has_more_time_than_a_busy_machine_takes(config: Config) -> None:
    for one in Fleet.of(config).jobs.values():
        assert one.resources["runtime"] * 60 > one.busy_s + job.BEFORE_S


def test_a_machine_of_null_is_left_out(config: Config) -> None:
    config["machines"]["icelake"] = None
    assert list(Fleet.of(config).jobs) == ["epyc"]
    config["machines"]["epyc"] = None
    with pytest.raises(UserError, match="null"):
        Fleet.of(config)


@pytest.mark.parametrize(
    ("machines", "key"),
    [
        ({"Epyc": {"cpus": 4}}, "machines"),
        ({"epyc": {}}, "machines.epyc"),
        ({"epyc": {"cpus": 0}}, "machines.epyc.cpus"),
        ({"epyc": {"cpus": 4, "cpu": 4}}, "machines.epyc.cpu"),
        ({"epyc": {"cpus": 4, "interpreters": "there"}}, "machines.epyc.interpreters"),
    ],
)
def test_a_mistake_in_machines_is_named(config: Config, machines: Config, key: str) -> None:
    config["machines"] = machines
    with pytest.raises(UserError) as refused:
        Fleet.of(config)
    assert key in refused.value.where


def test_a_machine_that_was_begun_resumes_on_its_node(
    config: Config, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = Fleet.of(config)
    folder = made.jobs["epyc"].folder
    assert begun_on(folder) is None
    record(folder, "n017", 1)
    record(folder, "n018", 1)
    record(folder, "n018", 2)
    assert made.jobs["epyc"].resources["slurm_extra"] == "--exclusive --nodelist=n018"
    said = made.announcement(Ahead(rules=frozenset({"measure_epyc"})))
    assert "resumes on n018, where 2 trials are kept" in said
    assert "icelake" not in said
    config["machines"]["epyc"]["elsewhere"] = True
    assert Fleet.of(config).jobs["epyc"].resources["slurm_extra"] == "--exclusive"


def test_what_is_ahead_says_what_each_job_requests_and_what_is_left_out_once(
    config: Config,
) -> None:
    config["machines"]["epyc"]["resources"]["runtime"] = 90
    made = Fleet.of(config)
    said = made.announcement(Ahead(rules=frozenset({"measure_epyc", "measure_icelake"})))
    assert said.startswith("2 of 2 machines to measure")
    assert "  epyc: 128 CPUs, " in said
    assert "mem_mb=0 (all memory), runtime=90 (1 h 30 min), slurm_extra=--exclusive" in said
    shared = set.intersection(*(set(one.campaign.plan.left_out) for one in made.jobs.values()))
    assert all(said.count(phrase) == 1 for phrase in shared)


def test_a_dry_run_says_what_is_ahead_instead_of_every_file(tmp_path: Path) -> None:
    overlay = str(ROOT / "overlays/machines.yaml")
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "1", "--configfile", overlay]
    place = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(tmp_path)]
    done = subprocess.run([*command, *place], capture_output=True, text=True)
    assert "2 of 2 machines to measure" in done.stderr
    assert "measure_epyc" in done.stdout + done.stderr
    assert "datapackage.json" not in done.stdout + done.stderr


def test_a_machine_that_is_not_finished_says_how_far_it_is_and_what_to_do(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "machines/icelake").mkdir(parents=True)
    record(tmp_path / "machines/epyc", "n018", 1)
    epyc, icelake = Fleet.of(config).unfinished.split("\nmachine icelake")
    assert "1 of about" in epyc
    assert "machines.epyc.resources.runtime" in epyc
    # Its job did not get as far as to its log: the node may lack the head's folder.
    assert "its job wrote nothing" in icelake
    assert f"lacks this folder ({tmp_path})" in icelake
    log = tmp_path / "machines/icelake/job.log"
    log.touch()  # as Snakemake does
    assert "its job wrote nothing" in Fleet.of(config).unfinished
    log.write_text("error: a mistake", encoding="utf-8")
    assert "lacks this folder" not in Fleet.of(config).unfinished


def a_run(**changes: Any) -> Any:
    """Snakemake's workflow, as far as it matters here: with an executor that sends jobs."""
    settings: dict[str, Any] = {
        "local_exec": False,
        "resource_settings": SimpleNamespace(cores=None),
        "executor_settings": SimpleNamespace(array_jobs=None),
        "executor_plugin": SimpleNamespace(name="slurm"),
    }
    return SimpleNamespace(**settings | changes)


@pytest.mark.parametrize(
    ("run", "is_fleet", "where"),
    [
        (a_run(local_exec=True), True, "machines"),
        (a_run(), False, "machines"),
        (a_run(resource_settings=SimpleNamespace(cores=2)), True, "cores"),
        (a_run(executor_settings=SimpleNamespace(array_jobs="all")), True, "slurm-array-jobs"),
    ],
)
def test_an_executor_that_does_not_fit_is_refused(run: Any, is_fleet: bool, where: str) -> None:
    with pytest.raises(UserError) as refused:
        check_executor(run, is_fleet=is_fleet)
    assert where in refused.value.where


def test_an_executor_that_fits_is_used() -> None:
    check_executor(a_run(), is_fleet=True)
    check_executor(a_run(local_exec=True), is_fleet=False)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("idle|none", None),
        ("mixed|none", None),
        ("down*|Not responding", "that node is down* (Not responding)"),
        ("draining|disk", "that node is draining (disk)"),
        ("", "Slurm knows no such node"),
    ],
)
def test_a_node_that_takes_no_jobs_is_named_if_a_machine_must_resume_there(
    config: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: str,
    reason: str | None,
) -> None:
    sinfo = tmp_path / "sinfo"
    sinfo.write_text(f"#!/bin/sh\necho '{told}' | grep .\nexit 0\n", encoding="utf-8")
    sinfo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "machines/epyc", "n018", 1)
    jobs = Fleet.of(config).jobs
    if reason is None:
        check_nodes(a_run(), jobs.values())
    else:
        with pytest.raises(UserError) as refused:
            check_nodes(a_run(), jobs.values())
        assert refused.value.what == f"epyc was begun on n018, and {reason}"
        assert "machines.epyc.elsewhere" in refused.value.hint
    check_nodes(a_run(executor_plugin=SimpleNamespace(name="lsf")), jobs.values())
    check_nodes(a_run(), [jobs["icelake"]])
    config["machines"]["epyc"]["elsewhere"] = True
    check_nodes(a_run(), Fleet.of(config).jobs.values())


def test_a_resource_that_the_executor_s_command_needs_is_asked_for(config: Config) -> None:
    ssh = SimpleNamespace(submit_cmd="over-ssh {resources.host} {params.folder}")
    config["machines"]["epyc"]["resources"] = {"host": "lab1"}
    jobs = Fleet.of(config).jobs
    check_resources(a_run(executor_settings=ssh), [jobs["epyc"]])
    with pytest.raises(UserError, match="icelake has no host") as refused:
        check_resources(a_run(executor_settings=ssh), jobs.values())
    assert refused.value.where == "config key machines.icelake.resources"


@pytest.mark.parametrize("profile", ["slurm", "ssh"])
def test_a_plugin_that_is_not_installed_is_named(profile: str) -> None:
    place = ROOT / "profiles" / profile
    names = yaml.safe_load((place / "config.yaml").read_text(encoding="utf-8"))["executor"]
    if find_spec(f"snakemake_executor_plugin_{names.replace('-', '_')}"):
        pytest.skip("the plugin is installed")
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--workflow-profile", str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "make env CLUSTER=1" in done.stderr


def test_progress_is_read_from_the_jobs_logs(tmp_path: Any) -> None:
    log = tmp_path / "job.log"
    logs = {"epyc": log}
    assert watching.news(logs, {}) == {}
    lines = [progress_line(Pace(planned=40, done=done, first_ended_s=0.0), 60.0) for done in (2, 4)]
    log.write_text("\n".join(["measuring on n017", *lines, "x" * 50]), encoding="utf-8")
    assert watching.news(logs, {}) == {"epyc": lines[-1]}
    assert watching.news(logs, {"epyc": lines[-1]}) == {}
