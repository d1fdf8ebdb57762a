"""What is published of a small made-up campaign."""

import shutil
from pathlib import Path

import pytest
from threads_or_processes.exporting.folder import export

from tests.analysis.archives import collect_into, tables_of
from tests.factories import make_campaign, make_cells


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `export` writes it; don't touch."""
    campaign = make_campaign(
        make_cells(workloads=["json"], blocks=6),
        failures={("json/threads/2/3.13/warm", 2): "raised"},
        disturbed_ratio=0.1,
        compilations=2,
    )
    results = collect_into(tmp_path_factory.mktemp("measured"), campaign)
    tables_of(results, "trials.parquet", results / "tables")
    (results / "figures").mkdir()
    report = results / "page.html"
    report.write_text("<title>a report</title>", encoding="utf-8")
    out = tmp_path_factory.mktemp("export") / "a-machine"
    export(results, report, shutil.copyfile(report, results / "page.md"), out)
    return out
