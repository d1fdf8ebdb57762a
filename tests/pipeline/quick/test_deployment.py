"""In which Python the commands of the rules run, and which options of Snakemake are refused."""

import os
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.pipeline.quick.conftest import snakemake

# What Snakemake asks of conda: where it is, an environment of its own for a file, its activation.
CONDA = """#!/bin/sh
case "$*" in
*"info --json"*) echo '{{"conda_prefix": "{conda}", "platform": "linux-64"}}' ;;
*"--version"*) echo "conda 24.7.1" ;;
*"config"*) echo '{{"get": {{"channel_priority": "strict"}}}}' ;;
*"env create"*)
  while [ "$1" != --prefix ]; do shift; done
  mkdir -p "$2/bin" && cp {python} "$2/bin/python" ;;
esac
"""
ACTIVATE = 'export PATH="$1/bin:$PATH"\n'
# The environment's Python is the tests' own, and leaves a trace.
PYTHON = f"""#!/bin/sh
echo "in the environment" >> "$TRACE"
exec {sys.executable} "$@"
"""

# As far as Snakemake looks at a plugin before it plans; no real one is installed here.
STORAGE_PLUGIN = """
from snakemake_interface_storage_plugins.storage_object import StorageObjectRead, StorageObjectWrite
from snakemake_interface_storage_plugins.storage_provider import (
    StorageProviderBase,
    StorageQueryValidationResult,
)


class StorageProvider(StorageProviderBase):
    example_queries = rate_limiter_key = default_max_requests_per_second = None

    def use_rate_limiter(self):
        return False

    @classmethod
    def is_valid_query(cls, query):
        return StorageQueryValidationResult(query, True)


class StorageObject(StorageObjectRead, StorageObjectWrite):
    def local_suffix(self):
        return self.query


StorageProvider.__abstractmethods__ = StorageObject.__abstractmethods__ = frozenset()
"""


@pytest.fixture
def conda(tmp_path: Path) -> Path:
    """A folder of programs with a conda that makes environments without a network."""
    conda = tmp_path / "conda"
    (conda / "bin").mkdir(parents=True)
    (conda / "python").write_text(PYTHON, encoding="utf-8")
    text = CONDA.format(conda=conda, python=conda / "python")
    (conda / "bin/conda").write_text(text, encoding="utf-8")
    (conda / "bin/activate").write_text(ACTIVATE, encoding="utf-8")
    for program in (conda / "python", conda / "bin/conda"):
        program.chmod(0o755)
    return conda / "bin"


@pytest.mark.parametrize(("deployment", "runs"), [([], 0), (["--sdm", "conda"], 1)])
def test_a_command_runs_in_the_environment_that_its_rule_names(
    tmp_path: Path, conda: Path, deployment: list[str], runs: int
) -> None:
    trace = tmp_path / "trace"
    trace.touch()
    said = snakemake(
        tmp_path,
        *("--snakefile", str(ROOT / "Snakefile"), "--cores", "1", *deployment),
        *("--until", "unpack_dataset", "--config", f"dataset={ROOT / 'docs/example'}"),
        PATH=f"{conda}:{os.environ['PATH']}",
        TRACE=str(trace),
    )
    assert [*tmp_path.glob("results/*/plan.json")], said
    assert "The report is" not in said
    assert trace.read_text(encoding="utf-8") == "in the environment\n" * runs


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("set-resources", ["measure_trial:machine=1"]),
        ("set-resource-scopes", ["machine=local"]),
        ("groups", ["measure_trial=together"]),
        ("scheduler-subsample", 5),
        ("prioritize", ["report"]),
        ("no-hooks", True),
        ("default-storage-provider", "standin"),
    ],
)
def test_a_profile_under_which_trials_would_overlap_or_change_places_is_refused(
    tmp_path: Path, option: str, value: object
) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({option: value}), encoding="utf-8")
    plugin = tmp_path / "plugins/snakemake_storage_plugin_standin/__init__.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(STORAGE_PLUGIN, encoding="utf-8")
    said = snakemake(
        tmp_path,
        *("--snakefile", str(ROOT / "Snakefile"), "--dry-run"),
        *("--config", f"dataset={ROOT / 'docs/example'}"),
        SNAKEMAKE_PROFILE=str(tmp_path),
        PYTHONPATH=os.pathsep.join([os.environ["PYTHONPATH"], str(plugin.parents[1])]),
    )
    assert f"error: {option} can't be used with this workflow" in said
    assert "Traceback" not in said
