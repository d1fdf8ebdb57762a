"""Measured as a module of another workflow, under a prefix and somebody's own profile."""

import copy
import itertools
import json
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config  # type: ignore[import-untyped]

from tests.conftest import ROOT
from tests.pipeline.conftest import DEFAULTS, SMALL_SWEEP, Checkout
from tests.pipeline.quick.conftest import snakemake

SNAKEFILE = f"""
configfile: "sweep.yaml"

module measuring:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config
    prefix: "bench"

use rule * from measuring as measuring_*

rule everything:
    default_target: True
    input:
        rules.measuring_report.input,
        expand("own/{{number}}.txt", number=range(20)),

rule own:
    input:
        measuring.CAMPAIGN.calibrations,
    output:
        "own/{{number}}.txt",
    shell:
        "date +%s%N >> {{output}}; sleep 1; date +%s%N >> {{output}}"

onstart:
    measuring.onstart()

onsuccess:
    measuring.onsuccess()

onerror:
    measuring.onerror()
"""
#: What somebody may have for other workflows. The solver is Snakemake's own default.
PROFILE = {
    "cores": 4,
    "scheduler": "ilp",
    "retries": 2,
    "keep-going": True,
    "rerun-incomplete": True,
    "resources": ["machine=400", "mem_mb=1000"],
    "default-resources": ["mem_mb=10"],
    "set-threads": ["measuring_measure_trial=3"],
    "max-threads": 1,
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, interpreters: Path) -> tuple[Path, str]:
    """A folder in which it ran, and what the run said."""
    folder = tmp_path_factory.mktemp("outer")
    (folder / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    config = copy.deepcopy(DEFAULTS)
    update_config(config, SMALL_SWEEP | {"fail_on": ["not_tested"], "budget": "20min"})
    config["experiments"]["notebook"] = None
    (folder / "sweep.yaml").write_text(json.dumps(config), encoding="utf-8")
    (folder / "profile").mkdir()
    (folder / "profile/config.yaml").write_text(yaml.safe_dump(PROFILE), encoding="utf-8")
    return folder, snakemake(folder, SNAKEMAKE_PROFILE=str(folder / "profile"))


def test_it_says_what_the_workflow_itself_says(said: tuple[Path, str]) -> None:
    folder, words = said
    planned = len(Checkout(folder / "bench").plan()["trials"])
    assert f"{planned} trials planned; " in words
    assert f"{planned} of {planned} trials\n" in words
    assert "Results go to bench/results/" in words
    assert f"The report is bench/report/{SMALL_SWEEP['campaign']}.html" in words
    assert "fail_on in the config: exit code 3" in words
    assert {path.name for path in folder.iterdir()} >= {"bench", "own"}
    assert not {path.name for path in folder.iterdir()} & {"results", "report", "export"}
    assert [*folder.glob("bench/results/*/.lock")]


def test_trials_keep_their_order_and_nothing_runs_beside_them(said: tuple[Path, str]) -> None:
    folder, _ = said
    checkout = Checkout(folder / "bench")
    records = checkout.records()
    planned = [trial["record"] for trial in checkout.plan()["trials"]]
    assert sorted(records, key=lambda place: records[place]["started_unix_ns"]) == planned
    trials = [
        (record["started_unix_ns"], record["ended_monotonic_ns"] - record["started_monotonic_ns"])
        for record in records.values()
    ]
    spans = [
        *((start, start + length) for start, length in trials),
        *(tuple(map(int, file.read_text().split())) for file in (folder / "own").iterdir()),
    ]
    alone = {start for start, _ in trials}
    for one, other in itertools.combinations(sorted(spans), 2):
        assert one[1] < other[0] or not {one[0], other[0]} & alone


def test_what_was_lost_is_made_again(said: tuple[Path, str]) -> None:
    folder, _ = said
    next(folder.glob("bench/results/*/tables/claims.csv")).unlink()
    words = snakemake(folder, "--dry-run", "--", "measuring_report")
    assert "none of them left to measure" in words
    assert "rule measuring_estimate_tables:" in words
