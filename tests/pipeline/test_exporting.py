"""`snakemake pack`, tools/unpack, and the commands of docs/how-to.md for what they leave."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from threads_or_processes.analysis.package import read_package
from threads_or_processes.pipeline.results import others

from tests.factories import make_campaign, make_cells
from tests.pipeline.conftest import CAMPAIGN, ROOT, Checkout
from tests.pipeline.test_archive import analyse
from tests.pipeline.test_comparing import put

EXAMPLE = ROOT / "docs" / "example"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that is made of the example in the docs; don't touch."""
    folder = tmp_path_factory.mktemp("packed")
    done = analyse(EXAMPLE, folder, "--", "pack")
    assert done.returncode == 0, done.stdout
    (archive,) = folder.glob("export/*.tar.gz")
    assert f"Packed into export/{archive.name}" in done.stdout
    return archive


@pytest.fixture(scope="module")
def exported(packed: Path) -> Path:
    """The folder that it is of; don't touch."""
    return packed.with_name(packed.name.removesuffix(".tar.gz"))


def test_the_example_in_the_docs_can_be_made_again_from_its_two_files(exported: Path) -> None:
    page = (exported / "report.html").read_text(encoding="utf-8")
    (report_id,) = re.findall(r"Report id <code[^>]*>([0-9a-f]{64})<", page)
    assert report_id in (EXAMPLE / "report.html").read_text(encoding="utf-8")
    assert sum(file.stat().st_size for file in EXAMPLE.iterdir()) < 2_000_000


def test_an_export_has_no_hidden_file_and_names_no_place_on_its_machine(exported: Path) -> None:
    for file in exported.rglob("*"):
        assert not file.name.startswith(".")
        assert not file.is_file() or str(exported.parents[1]).encode() not in file.read_bytes()


def unpack(archive: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(ROOT / "tools/unpack"), str(archive)],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_archive_is_unpacked_next_to_own_results(packed: Path, tmp_path: Path) -> None:
    done = unpack(packed, tmp_path)
    assert done.returncode == 0, done.stderr
    machine = read_package(EXAMPLE / "datapackage.json").machine
    assert done.stdout == f"{packed} -> results/{machine}\n"
    assert [folder.name for folder in others(tmp_path / "results/own", "example", "own")] == [
        machine
    ]
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(packed.read_bytes()[:-1000])
    done = unpack(damaged, tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the archive can't be used")
    assert f"where: {damaged}" in done.stderr


def test_what_was_measured_is_packed_and_compared_on_another_machine(
    measured: Checkout, tmp_path: Path
) -> None:
    here, there = measured.copy(tmp_path / "here"), tmp_path / "there"
    done = here.run("pack")
    assert done.returncode == 0, done.stdout
    (archive,) = here.folder.glob("export/*.tar.gz")
    cells = make_cells(workloads=["mandelbrot"], blocks=2)
    own = put(there, make_campaign(cells, campaign=CAMPAIGN))
    assert unpack(archive, there).returncode == 0
    done = analyse(own, there)
    assert done.returncode == 0, done.stdout
    (page,) = there.glob("report/compare*.html")
    machine = here.plan()["machine"]["name"]
    assert all(name in page.read_text(encoding="utf-8") for name in (own.name, machine))


def section() -> str:
    """Of the how-to."""
    page = (ROOT / "docs/how-to.md").read_text(encoding="utf-8")
    return page.partition("## Use the data elsewhere\n")[2].partition("\n## ")[0]


def test_the_commands_of_the_how_to_work_in_the_folder(exported: Path) -> None:
    commands = section().partition("Commands for that folder:\n")[2].partition("\n### ")[0]
    lines = [line.strip() for line in commands.splitlines() if line.startswith("    ")]
    assert {line.split()[0] for line in lines} == {"sha256sum", "frictionless", "pyperf"}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euxc", "\n".join(lines)],
        cwd=exported,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "| mandelbrot/1/warm " in done.stdout


def test_the_snippet_of_the_how_to_draws_the_report_s_figure(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", section(), re.DOTALL)
    (tmp_path / "tables").symlink_to(exported / "tables")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with plt.ioff():
        exec(snippet, names)
    assert (tmp_path / "json.png").stat().st_size > 10_000
    drawn = names["grid"].data.sort_values(["arm", "model", "work_ns"])
    figure = pd.read_csv(exported / "figures/amounts-json.csv")
    figure = figure.sort_values(["arm", "model", "work_ns"])
    assert list(drawn["speedup_ratio"]) == list(figure["speedup_ratio"])
    np.testing.assert_allclose(drawn["work_ns"], figure["work_ns"], rtol=0.02)  # it rounds
    lines = [line for axis in names["grid"].axes.flat for line in axis.lines]
    heights = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in lines])
    assert set(figure["speedup_ratio"]) <= set(heights)
    plt.close("all")
