"""Measured as two modules of another workflow, under prefixes and somebody's own profile."""

import copy
import itertools
import json
import re
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config  # type: ignore[import-untyped]

from tests.conftest import ROOT
from tests.pipeline.conftest import DEFAULTS, SMALL_SWEEP, Checkout
from tests.pipeline.quick.conftest import run_snakemake, snakemake

SNAKEFILE = f"""
configfile: "sweep.yaml"

module measuring:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config["bench"]
    prefix: "bench"

use rule * from measuring as measuring_*

module more:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config["second"]
    prefix: "second"

use rule * from more as more_*

rule everything:
    default_target: True
    input:
        rules.measuring_report.input,
        rules.more_collect_trials.output,
        expand("own/{{number}}.txt", number=range(20)),

rule own:
    input:
        measuring.CAMPAIGN.calibrations,
    output:
        "own/{{number}}.txt",
    shell:
        "date +%s%N >> {{output}}; sleep 1; date +%s%N >> {{output}}"
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
    asked = {"fail_on": ["not_tested"], "budget": "20min", "baseline": "v1"}
    update_config(config, SMALL_SWEEP | asked)
    config["experiments"]["notebook"] = None
    both = {"bench": config, "second": config | {"fail_on": [], "blocks": 1, "baseline": None}}
    (folder / "sweep.yaml").write_text(json.dumps(both), encoding="utf-8")
    (folder / "profile").mkdir()
    (folder / "profile/config.yaml").write_text(yaml.safe_dump(PROFILE), encoding="utf-8")
    done = run_snakemake(folder, SNAKEMAKE_PROFILE=str(folder / "profile"))
    assert done.returncode == 3, done.stdout
    return folder, done.stdout


def test_it_says_what_the_workflow_itself_says(said: tuple[Path, str]) -> None:
    folder, words = said
    planned = len(Checkout(folder / "bench").plan()["trials"])
    assert f"{planned} trials planned; " in words
    assert f"{planned} of {planned} trials\n" in words
    for prefix in ("bench", "second"):
        assert words.count(f"Results go to {prefix}/results/") == 1
        assert [*folder.glob(f"{prefix}/results/*/.lock")]
    assert words.count(f"The report is bench/report/{SMALL_SWEEP['campaign']}.html") == 1
    assert "fail_on in the config: exit code 3" in words
    assert not {path.name for path in folder.iterdir()} & {"results", "report", "export"}


def test_the_report_names_files_where_they_are(said: tuple[Path, str]) -> None:
    folder, _ = said
    report = next(folder.glob("bench/report/*.html")).read_text(encoding="utf-8")
    named = set(re.findall(r"<code>([^<]*results/[^<]*)</code>", report))
    assert named
    for path in named:
        assert (folder / path).exists()


def test_trials_keep_their_order_and_nothing_runs_beside_them(said: tuple[Path, str]) -> None:
    folder, _ = said
    trials = []
    for prefix in ("bench", "second"):
        checkout = Checkout(folder / prefix)
        records = checkout.records()
        planned = [trial["record"] for trial in checkout.plan()["trials"]]
        assert sorted(records, key=lambda place: records[place]["started_unix_ns"]) == planned
        trials += [
            (one["started_unix_ns"], one["ended_monotonic_ns"] - one["started_monotonic_ns"])
            for one in records.values()
        ]
    spans = [
        *((start, start + length) for start, length in trials),
        *(tuple(map(int, file.read_text().split())) for file in (folder / "own").iterdir()),
    ]
    alone = {start for start, _ in trials}
    for one, other in itertools.combinations(sorted(spans), 2):
        assert one[1] < other[0] or not {one[0], other[0]} & alone


def test_it_is_compared_with_its_baseline_exported_and_packed(said: tuple[Path, str]) -> None:
    folder, words = said
    place = f"bench/results/baselines/{SMALL_SWEEP['campaign']}/v1"
    assert f"There is no baseline v1 yet: this run's data are kept in {place}" in words
    assert {file.name for file in (folder / place).iterdir()} == {
        "trials.csv.gz",
        "datapackage.json",
    }
    before = Checkout(folder / "bench").trial_ids()
    again = snakemake(folder, "--cores", "all", "--", "measuring_pack")
    assert "Compared with baseline v1" in again
    (archive,) = folder.glob("bench/export/*.tar.gz")
    assert f"Packed into bench/export/{archive.name}" in again
    (report,) = folder.glob("bench/export/*/report.html")
    assert "before-after" in report.read_text(encoding="utf-8")
    assert Checkout(folder / "bench").trial_ids() == before
    assert not (folder / "export").exists()


def test_what_was_lost_is_made_again(said: tuple[Path, str]) -> None:
    folder, _ = said
    next(folder.glob("bench/results/*/tables/claims.csv")).unlink()
    words = snakemake(folder, "--dry-run", "--", "measuring_report")
    assert "none of them left to measure" in words
    assert "rule measuring_estimate_tables:" in words
