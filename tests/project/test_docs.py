"""The documents say what is there."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_pages_that_are_made_from_the_code_are_up_to_date() -> None:
    pages = runpy.run_path(str(ROOT / "tools/make-docs"))["pages"]
    for path, text in pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run tools/make-docs"


def folders(root: Path) -> set[str]:
    """The folders right in `root`, hidden ones apart, that hold something of the project."""
    found = (path for path in root.iterdir() if path.is_dir() and path.name[0] not in "._")
    return {folder.name for folder in found if any(sources(folder))}


def sources(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("[!.]*") if path.is_file() and path.suffix != ".pyc")


def test_the_map_shows_each_folder_of_the_repository_and_of_the_package() -> None:
    package = ROOT / "workflow/threads_or_processes"
    project_map, package_map = re.findall(
        r"^\| folder \|.*\n((?:\|.*\n)+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    shown = set(re.findall(r"`([^`]+)/`", project_map))
    inside = {f"workflow/{name}" for name in folders(ROOT / "workflow")}
    assert shown == folders(ROOT) - {"workflow"} | inside
    rooms = set(re.findall(r"^\| `([^`]+)/`", package_map, re.MULTILINE))
    below = {path.parent.relative_to(package) for path in sources(package)}
    assert rooms == {str(folder) for folder in below} - {"."}
