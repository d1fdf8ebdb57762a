"""The head's side of a fleet, without a cluster."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from threads_or_processes.common.errors import UserError
from threads_or_processes.pipeline import fleet, watching
from threads_or_processes.pipeline.console import Ahead, Pace, progress_line
from threads_or_processes.pipeline.fleet import Fleet, begun_on, check_executor
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
    job = Fleet.of(config).jobs["epyc"]
    assert job.resources["slurm_partition"] == "epyc"
    assert (job.resources["runtime"], job.resources["slurm_account"]) == (90, "abc")
    assert job.resources["cpus_per_task"] == 128
    assert job.resources["slurm_extra"] == "--exclusive"
    config["machines"]["epyc"]["resources"]["slurm_extra"] = "--reservation=lab"
    extra = Fleet.of(config).jobs["epyc"].resources["slurm_extra"]
    assert extra == "--exclusive --reservation=lab"


def test_a_job_has_more_time_than_a_busy_machine_takes(config: Config) -> None:
    for job in Fleet.of(config).jobs.values():
        assert job.resources["runtime"] * 60 > job.busy_s + fleet.BEFORE_S


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
    assert "2 of about" in made.unfinished
    assert "machines.icelake" in made.unfinished
    said = made.announcement(Ahead(rules=frozenset({"measure_epyc"})))
    assert "resumes on n018" in said
    assert "icelake" not in said
    config["machines"]["epyc"]["elsewhere"] = True
    assert Fleet.of(config).jobs["epyc"].resources["slurm_extra"] == "--exclusive"


def a_run(**changes: Any) -> Any:
    """Snakemake's workflow, as far as it matters here: with an executor that sends jobs."""
    settings: dict[str, Any] = {
        "local_exec": False,
        "resource_settings": SimpleNamespace(cores=None),
        "executor_settings": SimpleNamespace(array_jobs=None),
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


def test_progress_is_read_from_the_jobs_logs(tmp_path: Any) -> None:
    log = tmp_path / "job.log"
    logs = {"epyc": log}
    assert watching.news(logs, {}) == {}
    lines = [progress_line(Pace(planned=40, done=done, begun_s=0.0), 60.0) for done in (2, 4)]
    log.write_text("\n".join(["measuring on n017", *lines, "x" * 50]), encoding="utf-8")
    assert watching.news(logs, {}) == {"epyc": lines[-1]}
    assert watching.news(logs, {"epyc": lines[-1]}) == {}
