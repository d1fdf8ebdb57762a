"""The documents say what is there."""

import re
import runpy
import subprocess
from pathlib import Path

import pytest

from tests.faults import faults

ROOT = Path(__file__).parents[2]


def test_the_pages_that_are_made_from_the_code_are_up_to_date() -> None:
    pages = runpy.run_path(str(ROOT / "tools/make-docs"))["pages"]
    for path, text in pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run tools/make-docs"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an unpacked archive")
def test_the_map_shows_each_folder_of_the_repository_and_of_the_package() -> None:
    package = "workflow/threads_or_processes"
    project_map, package_map = re.findall(
        r"^\| (?:folder|package) \|.*\n((?:\|.*\n)+)",
        (ROOT / "docs/contributing.md").read_text("utf-8"),
        re.MULTILINE,
    )
    shown = set(re.findall(r"`([^`]+)/`", project_map))
    assert shown == folders() - {"workflow"} | {f"workflow/{name}" for name in folders("workflow")}
    packages = set(re.findall(r"^\| `([^`]+)/`", package_map, re.MULTILINE))
    below = {path.parent.relative_to(package) for path in tracked(package)}
    assert packages == {str(folder) for folder in below} - {"."}


def tracked(inside: str = ".") -> list[Path]:
    """The files that git knows, none in an unpacked archive: a user's own are not the project's."""
    if not (ROOT / ".git").exists():
        return []
    command = ["git", "-C", str(ROOT), "ls-files", inside]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [Path(line) for line in listed.splitlines()]


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them from its headings, and those written out."""
    text = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("page", [path for path in tracked() if path.suffix == ".md"], ids=str)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"`[^`]*`", "", (ROOT / page).read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        found = (ROOT / page).parent / file if file else ROOT / page
        assert found.exists(), target
        assert not anchor or anchor in headings(found), target


def folders(inside: str = ".") -> set[str]:
    """The folders right in a folder, hidden ones apart, that hold something of the project."""
    paths = [path.relative_to(inside).parts for path in tracked(inside)]
    return {parts[0] for parts in paths if len(parts) > 1 and parts[0][0] != "."}


def test_every_fault_of_the_page_has_tests_that_are_there() -> None:
    for fault in faults():
        assert fault.tests, fault.name
        for test in fault.tests:
            file, _, name = test.partition("::")
            text = (ROOT / file).read_text(encoding="utf-8")
            assert not name or f"\ndef {name.partition('[')[0]}(" in text, test


def test_the_page_of_faults_says_how_many_inputs_are_tried() -> None:
    page = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
    files = (ROOT / "tests").rglob("test_strangers.py")
    decorators = "".join(file.read_text(encoding="utf-8") for file in files)
    counts = [int(count) for count in re.findall(r"@more_or_fewer\(\d+, (\d+)\)", decorators)]
    (tried,) = re.findall(r"are tried where each takes long: ([^.]*)\.", page)
    said = [int(count.replace(",", "")) for count in re.findall(r"[\d,]*\d", tried)]
    assert sorted(said) == sorted(counts)
