"""The workflow inside another one, as a `module` whose rules get a prefix."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config  # type: ignore[import-untyped]

from tests.conftest import ROOT
from tests.pipeline.quick.conftest import snakemake

SNAKEFILE = f"""
configfile: "sweep.yaml"

module measuring:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config
    prefix: "bench"

use rule * from measuring as measuring_*
"""
#: Of an outer workflow with handlers of its own, which may call the module's.
HANDLERS = """
onstart:
    measuring.onstart()
    print("begun outside", file=sys.stderr)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    return tmp_path


def configure(folder: Path, *overlays: str, **settings: object) -> None:
    """Write the default config with overlays, as Snakemake lays them over it."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    for overlay in overlays:
        update_config(config, yaml.safe_load((ROOT / overlay).read_text(encoding="utf-8")))
    (folder / "sweep.yaml").write_text(json.dumps(config | settings), encoding="utf-8")


def last_line(said: str) -> str:
    return said.splitlines()[-1]


def test_a_dry_run_counts_the_trials_as_the_workflow_itself_does(folder: Path) -> None:
    configure(folder, "overlays/precise.yaml")
    within = snakemake(folder, "--dry-run", "--quiet", "all", "--", "measuring_report")
    alone = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")),
            *("--directory", str(folder), "--configfile", "sweep.yaml", "--dry-run", "--quiet"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert last_line(within) == last_line(alone.stderr)
    assert "trials planned; about" in last_line(within)
    assert "more for precision" in last_line(within)


@pytest.mark.parametrize("handlers", ["", HANDLERS])
def test_a_run_begins_as_the_workflow_itself_does(folder: Path, handlers: str) -> None:
    (folder / "Snakefile").write_text(SNAKEFILE + handlers, encoding="utf-8")
    configure(folder, dataset=str(ROOT / "docs/example"))
    said = snakemake(
        folder, "--cores", "1", "--until", "measuring_unpack_dataset", "--", "measuring_report"
    )
    assert said.count("Nothing is measured here") == 1
    assert ("begun outside" in said) == bool(handlers)
    assert [*folder.glob("bench/results/*/.lock")]
    assert [*folder.glob("bench/results/*/plan.json")]


def test_a_prefix_that_moves_some_files_alone_is_refused(folder: Path) -> None:
    snakefile = folder / "Snakefile"
    replaced = SNAKEFILE.replace('prefix: "bench"', 'replace_prefix: {"results": "elsewhere"}')
    snakefile.write_text(replaced, encoding="utf-8")
    configure(folder, dataset=str(ROOT / "docs/example"))
    said = snakemake(folder, "--dry-run", "--", "measuring_report")
    assert "error: replace_prefix would move some files of this workflow" in said
    assert "Traceback" not in said
    assert not (folder / "elsewhere").exists()
