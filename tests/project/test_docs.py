"""The documents say what is there."""

import re
import runpy
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_pages_that_are_made_from_the_code_are_up_to_date() -> None:
    pages = runpy.run_path(str(ROOT / "tools/make-docs"))["pages"]
    for path, text in pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run tools/make-docs"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an unpacked archive")
def test_the_map_shows_each_folder_of_the_repository_and_of_the_package() -> None:
    package = "workflow/threads_or_processes"
    project_map, package_map = re.findall(
        r"^\| folder \|.*\n((?:\|.*\n)+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    shown = set(re.findall(r"`([^`]+)/`", project_map))
    assert shown == folders() - {"workflow"} | {f"workflow/{name}" for name in folders("workflow")}
    packages = set(re.findall(r"^\| `([^`]+)/`", package_map, re.MULTILINE))
    below = {path.parent.relative_to(package) for path in tracked(package)}
    assert packages == {str(folder) for folder in below} - {"."}


def folders(inside: str = ".") -> set[str]:
    """The folders right in a folder, hidden ones apart, that hold something of the project."""
    paths = [path.relative_to(inside).parts for path in tracked(inside)]
    return {parts[0] for parts in paths if len(parts) > 1 and parts[0][0] != "."}


def tracked(inside: str) -> list[Path]:
    """The files that git knows: a user's own files are no part of the project."""
    command = ["git", "-C", str(ROOT), "ls-files", inside]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [Path(line) for line in listed.splitlines()]
