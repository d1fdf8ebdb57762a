"""What is ahead is said by the runs that do it or would do it, once, and by nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# `run:` makes Snakemake read the file again, in a process of its own for each job.
SNAKEFILE = """
import sys
from snakemake.logging import logger
from threads_or_processes.pipeline.announcing import records_ahead, round_ahead, tell_after_dry_run

def text():
    return f"ahead: {sorted(records_ahead(workflow))}, round {round_ahead(workflow)}"

tell_after_dry_run(logger, workflow, text)

onstart:
    print(text(), file=sys.stderr)

rule report:
    input: "precision/1"
    output: "report"
    shell: "cp {input} {output}"

rule judge_precision:
    input: "trials/1", "trials/2"
    output: "precision/{round}"
    shell: "cat {input} > {output}"

rule measure_trial:
    output: "trials/{block}"
    run:
        with open(output[0], "w") as record:
            record.write("measured")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    return tmp_path


def snakemake(folder: Path, *arguments: str) -> str:
    """Run Snakemake; returns what it said on both streams."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--directory", str(folder), *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("arguments", [["-n"], ["-n", "--quiet"]])
def test_a_dry_run_ends_with_it(folder: Path, arguments: list[str]) -> None:
    said = snakemake(folder, *arguments)
    assert said.count("ahead: ") == 1
    assert said.endswith("ahead: ['trials/1', 'trials/2'], round 1\n")


def test_a_run_says_it_once_and_means_what_is_left(folder: Path) -> None:
    first = snakemake(folder, "--cores", "1", "trials/2")
    assert "ahead: ['trials/2'], round None\n" in first
    said = snakemake(folder, "--cores", "1")
    lines = [line for line in said.splitlines() if "ahead" in line]
    assert lines == ["ahead: ['trials/1'], round 1"]


@pytest.mark.parametrize("asked", ["--lint", "--summary"])
def test_what_runs_nothing_says_nothing(folder: Path, asked: str) -> None:
    said = snakemake(folder, asked)
    assert "report" in said
    assert "ahead: [" not in said
