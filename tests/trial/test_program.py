"""An interpreter that is replaced while a campaign is measured is noticed, and nothing mixed in."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import sha256_program
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.trial.measured.proc import loaded_library
from threads_or_processes.trial.supervisor.trial import is_same_program

from tests.trial.conftest import RunTrial


@pytest.fixture
def moved(identities: dict[str, Identity], tmp_path: Path) -> Any:
    """The identity of 3.13 whose executable is a copy to change, newer than its environment."""
    given = Path(identities["3.13"]["executable"])
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    shutil.copy(given.parents[1] / "pyvenv.cfg", environment)
    (environment / "lib").symlink_to(given.parents[1] / "lib")
    shutil.copy(given.resolve(), tmp_path / "python3.13")
    (environment / "bin/python").symlink_to(tmp_path / "python3.13")
    return {**identities["3.13"], "executable": str(environment / "bin/python")}


def test_a_trial_on_a_program_of_other_content_has_no_record(
    trial: RunTrial, moved: Any, tmp_path: Path
) -> None:
    assert trial("mandelbrot", identity=moved)["outcome"] == "ok"
    with (tmp_path / "python3.13").open("ab") as program:
        program.write(b"\0")
    with pytest.raises(UserError, match="has other files than when this campaign began") as caught:
        trial("mandelbrot", identity=moved)
    assert caught.value.where == moved["executable"]


def test_a_trial_on_a_replaced_shared_library_has_no_record(
    trial: RunTrial, identities: dict[str, Identity], moved: Any, tmp_path: Path
) -> None:
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    some = next(line.split()[-1] for line in maps if "/libm.so" in line or "/libm-" in line)
    program, library = tmp_path / "python3.13", tmp_path / "libpython3.13.so.1.0"
    shutil.copy(some, library)
    program.write_text(
        f'#!/bin/sh\nLD_PRELOAD={library} exec {identities["3.13"]["executable"]} "$@"\n'
    )
    moved["executable_sha256"] = sha256_program(program, library)
    assert trial("mandelbrot", identity=moved)["outcome"] == "ok"
    with library.open("ab") as replaced:
        replaced.write(b"\0")
    with pytest.raises(UserError, match="has other files than when this campaign began"):
        trial("mandelbrot", identity=moved)


def test_a_shared_library_is_compared_with_the_program(moved: Any, tmp_path: Path) -> None:
    library = tmp_path / "libpython3.13.so.1.0"
    library.write_bytes(b"code")
    digest = sha256_program(tmp_path / "python3.13", library)
    moved["executable_sha256"] = digest
    assert is_same_program(moved, str(library))
    library.write_bytes(b"other")
    assert not is_same_program(moved, str(library))
    assert not is_same_program(moved, f"{library} (deleted)")


def test_what_is_older_than_its_environment_is_not_read(moved: Any, tmp_path: Path) -> None:
    moved["executable_sha256"] = "of another"
    assert not is_same_program(moved, None)
    program, environment = tmp_path / "python3.13", tmp_path / "venv/pyvenv.cfg"
    while environment.stat().st_ctime_ns <= program.stat().st_ctime_ns:  # times are of some ms
        environment.touch()
    assert is_same_program(moved, None)


def test_the_library_is_the_one_that_is_loaded(tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.write_text(
        "7f00-7f01 r-xp 00000000 fe:00 1    /usr/bin/python3.13\n"
        "7f02-7f03 r-xp 00000000 fe:00 2    /opt/my python/lib/libpython3.13.so.1.0\n"
        "7f04-7f05 rw-p 00000000 00:00 0\n"
    )
    assert loaded_library(maps) == "/opt/my python/lib/libpython3.13.so.1.0"
    maps.write_text("")
    assert loaded_library(maps) is None
