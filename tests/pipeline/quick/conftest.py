"""Snakemake on small Snakefiles of the tests' own."""

import os
import subprocess
import sys
from pathlib import Path


def snakemake(folder: Path, *arguments: str, **environment: str) -> str:
    """Run Snakemake on a folder's Snakefile; returns what it said on both streams."""
    return run_snakemake(folder, *arguments, **environment).stdout


def run_snakemake(
    folder: Path, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """The same with its exit status; both streams in `stdout`."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--directory", str(folder), *arguments],
        cwd=folder,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "200", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
