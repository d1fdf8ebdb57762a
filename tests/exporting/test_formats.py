"""What other tools read: real pyperf, frictionless and roc-validator say so."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyperf
import pytest
from frictionless import Package, Report, Resource, Schema
from threads_or_processes.analysis.dataset import read_dataset
from threads_or_processes.common.files import read_json
from threads_or_processes.exporting.sums import files_in

#: What the context of RO-Crate 1.1 says of the words that are used; its address needs a network.
CONTEXT = {
    **{
        word: f"http://schema.org/{word}"
        for word in (
            *("CreateAction", "CreativeWork", "Dataset", "SoftwareApplication"),
            *("about", "datePublished", "description", "encodingFormat", "endTime", "hasPart"),
            *("instrument", "license", "mentions", "name", "result", "softwareRequirements"),
            *("softwareVersion", "startTime", "url", "version"),
        )
    },
    "File": "http://schema.org/MediaObject",
    "conformsTo": "http://purl.org/dc/terms/conformsTo",
}


def run(folder: Path, *command: str) -> str:
    """What an installed tool says; it must end well."""
    tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": tools},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_pyperf_has_the_values_that_the_report_is_made_from(exported: Path) -> None:
    values = pd.read_csv(exported / "tables/values.csv").set_index(["cell", "block"])
    bases = pd.read_csv(exported / "tables/cells.csv").set_index("cell")["basis"]
    trials = read_dataset(exported / "trials.parquet")
    is_warmup = trials["phase"] == "warmup"
    warmups = trials[is_warmup].groupby(["cell", "block"])["wall_ns"].apply(list).to_dict()
    seen = set()
    for name in files_in(exported / "pyperf"):
        build, _, file = name.partition("/")
        suite = pyperf.BenchmarkSuite.load(str(exported / "pyperf" / name))
        for benchmark in suite.get_benchmarks():
            workload, workers, timing = benchmark.get_name().split("/")
            cell = f"{workload}/{Path(file).stem}/{workers}/{build}/{timing}"
            for one in benchmark.get_runs():
                trial = cell, one.get_metadata()["block"]
                expected = values.loc[trial, f"{bases[cell]}_ns"] / 1e9
                loops = one.get_metadata()["loops"]
                assert pd.Series(one.values).median() * loops == pytest.approx(expected, rel=1e-6)
                wall_ns = list(warmups.get(trial, []))
                assert [(n, round(s * n * 1e9)) for n, s in one.warmups] == [
                    (1, w) for w in wall_ns
                ]
                assert one.get_metadata()["repetitions"] == "undisturbed"
                seen.add(trial)
    assert seen == set(values.index[values["quiet_ns"].notna()])
    assert ("json/threads/2/3.13/warm", 2) not in seen  # it failed


def test_pyperf_reads_and_compares_the_files(exported: Path) -> None:
    folder = exported / "pyperf/3.13"
    assert "json/2/warm" in run(folder, "pyperf", "stats", "threads.json")
    assert "###" in run(folder, "pyperf", "hist", "threads.json")
    files = ("pyperf/3.13/serial.json", "pyperf/3.13t/serial.json")
    assert "Mean +- std dev: [" in run(exported, "pyperf", "compare_to", *files)


def problems(report: Report) -> list[list[object]]:
    """What frictionless finds: nothing where all is valid."""
    found: list[list[object]] = report.flatten(["name", "rowNumber", "fieldName", "message"])
    return found


# frictionless leaves compressed files open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_data_packages_are_valid(exported: Path) -> None:
    tables = Package(str(exported / "tables/datapackage.json"))
    assert not problems(tables.validate())
    described = {resource.path for resource in tables.resources}
    assert described == files_in(exported / "tables") - {"datapackage.json"}
    trials = Package(str(exported / "datapackage.json")).get_resource("trials")
    assert not problems(trials.validate())


def test_a_table_that_is_not_as_described_is_invalid(exported: Path, tmp_path: Path) -> None:
    for name in ("cells.csv", "datapackage.json"):
        shutil.copy(exported / "tables" / name, tmp_path)
    cells = tmp_path / "cells.csv"
    cells.write_text(cells.read_text("utf-8").replace(",warm,1,", ",hot,1,", 1), encoding="utf-8")
    resource = Package(str(tmp_path / "datapackage.json")).get_resource("cells")
    assert {row[2] for row in problems(resource.validate())} == {None, "timing"}


def test_parquet_is_as_the_table_schema_of_the_data_set_says(exported: Path) -> None:
    resources = read_json(exported / "datapackage.json")["resources"]
    tables = {one["path"]: one["schema"] for one in resources if one.get("format") == "parquet"}
    assert tables.keys() == {"trials.parquet", "repetitions.parquet"}
    for file, described in tables.items():
        table = pd.read_parquet(exported / file).astype(object)
        rows = table.where(table.notna(), None).to_dict("records")
        schema = Schema.from_descriptor(described)
        assert not problems(Resource(data=rows, schema=schema).validate()), file


def test_the_crate_is_a_process_run_crate(exported: Path, tmp_path: Path) -> None:
    shutil.copytree(exported, tmp_path / "crate")
    file = tmp_path / "crate/ro-crate-metadata.json"
    crate = json.loads(file.read_text(encoding="utf-8"))
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    file.write_text(json.dumps({**crate, "@context": CONTEXT}), encoding="utf-8")
    validate = ("rocrate-validator", "-y", "validate", "-l", "required", "-p", "process-run-crate")
    assert "is a valid process-run-crate" in run(tmp_path, *validate, "crate")
    described = {entity["@id"] for entity in crate["@graph"]}
    whole = {name for name in files_in(exported) if "/" not in name}
    assert whole <= described
    assert {f"{folder.name}/" for folder in exported.iterdir() if folder.is_dir()} <= described
