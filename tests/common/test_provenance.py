"""The commit of the programs, as it goes into the data set's package."""

import subprocess
from pathlib import Path

import pytest
from threads_or_processes.common.provenance import UNKNOWN, git_commit, version


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message", "First")
    git(tmp_path, "tag", "v1.0.2")
    return tmp_path


def test_a_checkout_has_its_commit(checkout: Path) -> None:
    head = subprocess.run(
        ["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    assert git_commit(checkout) == head.stdout.strip()


def test_a_changed_file_is_told(checkout: Path) -> None:
    (checkout / "file").write_text("two")
    assert git_commit(checkout).endswith("-dirty")


def test_without_a_checkout_it_is_unknown(tmp_path: Path) -> None:
    assert git_commit(tmp_path) == UNKNOWN


def test_a_folder_in_somebody_else_s_checkout_has_no_commit(checkout: Path) -> None:
    inside = checkout / "unpacked"
    inside.mkdir()
    assert git_commit(inside) == UNKNOWN


def test_without_git_it_is_unknown(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git_commit(checkout) == UNKNOWN


def test_the_version_is_that_of_the_tag(checkout: Path) -> None:
    git(checkout, "tag", "visited")
    assert version(checkout) == "1.0.2"
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Second")
    assert version(checkout) == f"1.0.2-1-g{git_commit(checkout)[:10]}"


def test_without_a_tag_the_version_is_unknown(checkout: Path) -> None:
    git(checkout, "tag", "--delete", "v1.0.2")
    assert version(checkout) == UNKNOWN
