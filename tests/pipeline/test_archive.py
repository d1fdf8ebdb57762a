"""`snakemake --config dataset=PATH`: the report of what another machine has measured."""

import csv
import gzip
import io
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.analysis.archives import collect_into, tables_of
from tests.factories import make_campaign, make_cells, make_claim
from tests.pipeline.conftest import ROOT
from tests.reporting.worlds import World, campaign, edited

MACHINE = "synthetic-2cpu-00000000"


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """Results as they lie where they were measured, tables included."""
    cells = make_cells(workloads=["json"], arms=["3.13", "3.13t"], blocks=3)
    claim = make_claim("json/threads/2/3.13t/warm", "json/serial/1/3.13t/warm")
    results = collect_into(tmp_path / "results" / MACHINE, make_campaign(cells, claims=[claim]))
    tables_of(results, "trials.parquet", results / "tables")
    return results


def analyse(dataset: Path, folder: Path, *settings: str) -> "subprocess.CompletedProcess[str]":
    """Run the pipeline on a data set where no interpreter under test is to be found."""
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    return subprocess.run(
        [*snakemake, "--directory", str(folder), "--config", f"dataset={dataset}", *settings],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TERM": "dumb", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_an_archived_data_set_gives_the_same_tables_and_report(
    measured: Path, tmp_path: Path
) -> None:
    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in measured.rglob("*") if path.is_file()}

    before = contents()
    done = analyse(Path("results") / MACHINE, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "Nothing is measured here" in done.stdout
    assert contents() == before  # though the folder beside it was written by the same rules
    (archived,) = tmp_path.glob(f"results/{MACHINE}-archived-*")
    tables = {path.name: path.read_bytes() for path in (archived / "tables").iterdir()}
    assert tables == {path.name: path.read_bytes() for path in (measured / "tables").iterdir()}
    page = (tmp_path / "report" / f"{archived.name}.html").read_text(encoding="utf-8")
    assert page == World(measured).html()
    # The verdicts are looked at where nothing is left to do, too.
    with (archived / "tables/claims.csv").open(encoding="utf-8") as file:
        claim = next(csv.DictReader(file))
    gated = analyse(Path("results") / MACHINE, tmp_path, f'fail_on=["{claim["verdict"]}"]')
    assert gated.returncode == 3, gated.stdout
    assert claim["sentence"] in gated.stdout
    assert "Traceback" not in gated.stdout
    other = {"refuted", "inconclusive", "not_tested"} - {claim["verdict"]}
    open_gate = analyse(Path("results") / MACHINE, tmp_path, f'fail_on=["{min(other)}"]')
    assert open_gate.returncode == 0, open_gate.stdout


def test_two_archived_data_sets_are_compared(tmp_path: Path) -> None:
    """Compression takes 1.5 times as long since numpy has another version."""
    collect_into(tmp_path / "before", campaign(blocks=8))
    collect_into(tmp_path / "after", edited())
    done = analyse(Path("after/trials.csv.gz"), tmp_path, "baseline=before/trials.csv.gz")
    assert done.returncode == 0, done.stdout
    assert "Compared with baseline before" in done.stdout
    (archived,) = tmp_path.glob("results/*-archived-*")
    changes = pd.read_csv(archived / "baseline/changes.csv")
    tables = pd.read_csv(archived / "tables/cells.csv")
    assert {*changes["cell"]} == {*tables["cell"]}
    slower = changes["workload"] == "compress"
    assert {*changes["reading"][slower]} == {"slower"}
    assert changes["ratio"][slower].between(1.45, 1.55).all()
    assert changes["ratio"][~slower].between(0.95, 1.05).all()
    differences = pd.read_csv(archived / "baseline/differences.csv").to_dict("records")
    assert [(row["kind"], row["what"]) for row in differences] == [("library", "3.13: numpy")]
    page = (tmp_path / "report" / f"{archived.name}.html").read_text(encoding="utf-8")
    (section,) = re.findall(r"<section[^>]*before-after.*?</section>", page, re.DOTALL)
    assert f"{slower.sum()} are slower" in section


def test_a_broken_data_set_gives_one_message_and_no_report(measured: Path, tmp_path: Path) -> None:
    file = measured / "trials.csv.gz"
    rows = list(csv.reader(io.StringIO(gzip.decompress(file.read_bytes()).decode())))
    rows[3][rows[0].index("wall_ns")] = "-1"
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    file.write_bytes(gzip.compress(text.getvalue().encode()))
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    done = analyse(measured, folder)
    assert done.returncode != 0
    assert "-1 is less than 1" in done.stdout
    assert f"{file}, row 3, column wall_ns" in done.stdout
    assert "Traceback" not in done.stdout
    assert not [*folder.glob("report/*"), *folder.glob("results/*/t*")]
