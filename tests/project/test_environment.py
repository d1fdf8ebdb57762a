"""The environment is described once, without a place to fetch from; so is the version."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "requirements.lock", ROOT / "workflow/envs/arm.lock"]
CONDA_NAMES = {"matplotlib-base": "matplotlib"}


def conda_versions() -> dict[str, str]:
    """Each package of environment.yml with its version."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    from_pip = next(entry["pip"] for entry in listed if isinstance(entry, dict))
    plain = [entry for entry in listed if isinstance(entry, str)]
    pairs = [re.split("==?", entry) for entry in [*plain, *from_pip] if "=" in entry]
    return {CONDA_NAMES.get(name, name): version for name, version in pairs}


def locked_versions(python: str) -> dict[str, str]:
    """Each package of requirements.lock with its version on a Python version."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pinned = [Requirement(line.rstrip(" \\")) for line in lines if re.match("[a-z0-9]", line)]
    here = {"python_full_version": f"{python}.0", "python_version": python}
    return {
        requirement.name: str(requirement.specifier).removeprefix("==")
        for requirement in pinned
        if requirement.marker is None or requirement.marker.evaluate(here)
    }


def direct_dependencies() -> set[str]:
    """What pyproject.toml asks for by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    return {Requirement(entry).name for entry in asked}


def test_environment_yml_holds_the_direct_dependencies_at_the_locked_versions() -> None:
    conda = conda_versions()
    python = conda.pop("python")
    locked = locked_versions(python)
    assert conda == {name: locked[name] for name in direct_dependencies()}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_by_hash_and_names_no_place(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    packages = re.split(r"\n(?=[a-z0-9])", text.partition("\n\n")[2] or text)
    pinned = [package for package in packages if re.match(r"[a-z0-9.-]+==", package)]
    assert pinned
    assert all("--hash=sha256:" in package for package in pinned)


@pytest.mark.usefixtures("interpreters")
def test_the_locks_resolve_for_each_platform() -> None:
    told = subprocess.check_output([ROOT / "tools/check-platforms"], text=True)
    platforms = {line.partition(":")[0] for line in told.splitlines() if "all locks" in line}
    assert platforms == {
        f"{machine}-{system}"
        for machine in ("x86_64", "aarch64")
        for system in ("unknown-linux-gnu", "apple-darwin")
    }


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an unpacked archive")
def test_the_version_is_that_of_the_newest_tag_and_in_the_changelog() -> None:
    declared = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    tags = subprocess.run(
        ["git", "-C", str(ROOT), "tag", "--list", "v*", "--sort=-v:refname"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    for tag in tags[:1]:
        assert tag == f"v{declared['version']}"
        assert f"## {tag.removeprefix('v')}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
