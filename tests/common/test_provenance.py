"""The commit of the programs, as it goes into the data set's package."""

import subprocess
from pathlib import Path

import pytest
from threads_or_processes.common.provenance import UNKNOWN, git_commit


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", tmp_path, *identity, *arguments], check=True)

    git("init", "--quiet")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "--quiet", "--message", "First")
    git("tag", "v1")
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
