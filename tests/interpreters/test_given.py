"""Executables that people name: links, shims, venvs, and installations that were moved."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.inspection import verify_build
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.program import program_sha256
from threads_or_processes.interpreters.request import fingerprints
from threads_or_processes.records.interpreter import Identity

from tests.interpreters.builders import STANDARD, script
from tests.managed import base_executable

WHERE = "interpreters.paths.3.13"


@pytest.fixture
def python(identities: dict[str, Identity]) -> Path:
    """A real standard build."""
    return base_executable(identities["3.13"])


def verified(path: Path, processes: Processes) -> Path:
    return verify_build(STANDARD, path, WHERE, processes)


def refused(path: Path, processes: Processes) -> UserError:
    with pytest.raises(UserError) as caught:
        verified(path, processes)
    assert caught.value.where == WHERE
    return caught.value


def test_a_link_is_followed(python: Path, processes: Processes, tmp_path: Path) -> None:
    (tmp_path / "first").symlink_to(python)
    (tmp_path / "second").symlink_to("first")
    assert verified(tmp_path / "second", processes) == python
    assert program_sha256(tmp_path / "second") == program_sha256(python)


def test_a_venv_stands_for_the_interpreter_it_was_made_from(
    python: Path, processes: Processes, tmp_path: Path
) -> None:
    def venv(made_by: Path, name: str, *options: str) -> Path:
        command = [str(made_by), "-m", "venv", "--without-pip", *options, str(tmp_path / name)]
        subprocess.run(command, check=True)
        return tmp_path / name / "bin/python"

    for made in (inner := venv(python, "links"), venv(python, "copies", "--copies")):
        assert verified(made, processes) == python
    assert verified(venv(inner, "of-a-venv"), processes) == python


def test_an_installation_may_be_moved_as_a_whole(
    python: Path, processes: Processes, tmp_path: Path
) -> None:
    kept = shutil.ignore_patterns("*.a", "__pycache__", "include", "share", "config-*")
    shutil.copytree(python.parents[1], tmp_path / "moved", symlinks=True, ignore=kept)
    moved = tmp_path / "moved/bin" / python.name
    assert verified(moved, processes) == moved


def test_an_executable_without_its_library_is_refused(
    python: Path, processes: Processes, tmp_path: Path
) -> None:
    """It looks where it was compiled for, so that place is overwritten."""
    before = os.fsencode(python.parents[1])
    after = b"/nowhere".ljust(len(before), b"x")
    alone = tmp_path / "bin/python3.13"
    alone.parent.mkdir()
    alone.write_bytes(python.read_bytes().replace(before, after))
    alone.chmod(0o755)
    error = refused(alone, processes)
    assert "No module named 'encodings'" in error.what
    assert error.hint.startswith("its standard library is gone: move the whole installation")


def test_a_link_to_nothing_is_named_with_its_target(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to("/removed/bin/python3.13")
    with pytest.raises(UserError, match=r"it links to /removed/bin/python3\.13, which is not th"):
        fingerprints({WHERE: str(tmp_path / "python")})


def test_a_pyenv_shim_stands_for_the_version_that_pyenv_chose(
    python: Path, processes: Processes, tmp_path: Path
) -> None:
    pyenv = shutil.which("pyenv")
    if pyenv is None:
        pytest.skip("no pyenv")
    environment = {**os.environ, "PYENV_ROOT": str(tmp_path)}
    for version in ("3.13.15", "other"):
        (tmp_path / "versions" / version / "bin").mkdir(parents=True)
    (tmp_path / "versions/3.13.15/bin/python3.13").symlink_to(python)
    script(tmp_path / "versions/other/bin/python3.13", f'exec {sys.executable} "$@"')
    subprocess.run([pyenv, "rehash"], env=environment, check=True)
    shim = tmp_path / "shims/python3.13"
    error = refused(shim, processes)
    assert "pyenv: python3.13: command not found" in error.what
    assert "`pyenv which python3.13` prints it" in error.hint
    subprocess.run([pyenv, "global", "3.13.15"], env=environment, check=True)
    assert verified(shim, processes) == python
    assert program_sha256(shim) == program_sha256(python)
    subprocess.run([pyenv, "global", "other"], env=environment, check=True)
    assert program_sha256(shim) != program_sha256(python)
