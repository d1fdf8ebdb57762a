"""On a system without what only Linux has, simulated: measured all the same, and said by name."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from threads_or_processes.records.vocabulary import Lack

from tests.macos import CPU, ROOT, copy_project
from tests.pipeline.conftest import SMALL_SWEEP, Checkout

MODELS = ["serial", "threads", "processes-spawn", "threads_pinned"]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, interpreters: Path) -> tuple[Checkout, str]:
    """What was measured there, and what the run said."""
    project = copy_project(tmp_path_factory.mktemp("macos"))
    sweep = copy.deepcopy(SMALL_SWEEP) | {"blocks": 1}
    sweep["experiments"]["notebook"] = None
    sweep["experiments"]["scaling"]["models"] = MODELS
    sweep["experiments"]["memory"] = {"models": ["serial"], "builds": ["3.13"]}
    folder = project / "run"
    folder.mkdir()
    (folder / "sweep.yaml").write_text(yaml.safe_dump(sweep), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(project / "Snakefile")),
            *("--cores", "all", "--directory", str(folder), "--configfile", "sweep.yaml"),
        ],
        cwd=folder,
        env={
            **os.environ,
            "TERM": "dumb",
            "COLUMNS": "200",
            "PATH": f"{project / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(project / "workflow"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return Checkout(folder), done.stdout


def test_the_plan_the_run_and_the_report_say_what_is_left_out(ran: tuple[Checkout, str]) -> None:
    checkout, said = ran
    plan = checkout.plan()
    assert plan["machine"]["lacks"] == [*Lack]
    assert plan["machine"]["fingerprint"]["cpu_model"] == CPU
    reasons = {
        one["cell"].split("/")[1]: one["reason"]
        for experiment in plan["experiments"]
        for one in experiment["not_applicable"]
    }
    assert reasons["threads_pinned"] == f"the system {Lack.PINNING.meaning}"
    assert reasons["serial"] == f"the system {Lack.MEMORY.meaning}"
    report = checkout.html.read_text(encoding="utf-8")
    for lack in Lack:
        assert f"This system {lack.meaning}." in said
        assert f"This system {lack.meaning}." in report
    assert "No sentinel" in report


def test_what_it_can_is_measured_there(ran: tuple[Checkout, str]) -> None:
    checkout, _ = ran
    records = checkout.records().values()
    assert {record["cell"]["model"] for record in records} == {*MODELS} - {"threads_pinned"}
    assert {record["outcome"] for record in records} == {"ok"}
    for record in records:
        assert record["sentinel"] is None
        health = json.dumps(record["health"]["before"])
        assert health.count("null") > 10
        chunks = [one for repetition in record["repetitions"] for one in repetition["workers"]]
        assert {chunk["run_queue_ns"] for chunk in chunks} == {None}


def test_the_documentation_has_the_same_words() -> None:
    page = " ".join((ROOT / "docs/measuring.md").read_text(encoding="utf-8").split())
    for lack in Lack:
        assert lack.meaning.partition(": ")[2] in page
