"""What an executable is, is asked of itself; what is not as said is refused with the fix."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.inspection import (
    check_gil_stays_off,
    inspect_interpreter,
    verify_build,
)
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.request import Build

from tests.interpreters.builders import FREE, STANDARD, script

WHERE = "interpreters.paths.3.13t"
ANSWERS = {
    "base_executable": sys.executable,
    "implementation": "CPython",
    "version": "3.13.5",
    "free_threaded_build": True,
    "gil_before_imports": False,
    "gil_after_imports": False,
    "gil_culprits": [],
    "broken": {},
    "compiler": "GCC 12.2.0",
    "config_args": "",
    "cflags": "",
    "core_cflags": "",
    "debug": False,
    "libraries": {},
}


def speaker(path: Path, **changes: Any) -> Path:
    """A program that answers as an interpreter with those facts would."""
    answer = json.dumps(ANSWERS | changes)
    return script(path, f"cat <<'END'\n{answer}\nEND")


def own_build() -> Build:
    return Build(f"{sys.version_info.major}.{sys.version_info.minor}", free_threaded=False)


def test_a_real_interpreter_answers_and_its_real_file_is_found(processes: Processes) -> None:
    answers = inspect_interpreter(Path(sys.executable), processes)
    assert answers.version == sys.version.split()[0]
    assert answers.gil_after_imports
    real = verify_build(own_build(), Path(sys.executable), WHERE, processes)
    assert real == Path(sys._base_executable).resolve()  # type: ignore[attr-defined]


def test_a_wrapper_script_is_seen_through(processes: Processes, tmp_path: Path) -> None:
    wrapper = script(tmp_path / "python", f'exec {sys.executable} "$@"')
    assert verify_build(own_build(), wrapper, WHERE, processes) == verify_build(
        own_build(), Path(sys.executable), WHERE, processes
    )


def test_the_pipelines_own_python_is_not_an_arm_of_another_version(processes: Processes) -> None:
    other = Build("3.9", free_threaded=False)
    with pytest.raises(UserError) as caught:
        verify_build(other, Path(sys.executable), "interpreters.paths.3.9", processes)
    version = sys.version.split()[0]
    assert str(caught.value) == (
        f"{sys.executable} is CPython {version}, standard build; "
        "3.9 asks for a CPython 3.9, standard build\n"
        "  where: interpreters.paths.3.9\n"
        "  fix:   name the executable of a CPython 3.9, standard build"
    )


@pytest.mark.parametrize(
    ("build", "changes", "found"),
    [
        (FREE, {"free_threaded_build": False}, "is CPython 3.13.5, standard build"),
        (STANDARD, {}, "is CPython 3.13.5, free-threaded build"),
        (FREE, {"version": "3.14.1"}, "is CPython 3.14.1, free-threaded build"),
        (FREE, {"implementation": "PyPy"}, "is PyPy 3.13.5, free-threaded build"),
    ],
)
def test_what_was_found_is_said(
    processes: Processes, tmp_path: Path, build: Build, changes: dict[str, Any], found: str
) -> None:
    with pytest.raises(UserError, match=found) as caught:
        verify_build(build, speaker(tmp_path / "python", **changes), WHERE, processes)
    assert caught.value.where == WHERE
    assert caught.value.hint.startswith("name the executable of a CPython 3.13, ")


def test_what_fits_is_accepted(processes: Processes, tmp_path: Path) -> None:
    assert verify_build(FREE, speaker(tmp_path / "python"), WHERE, processes).exists()


def test_a_path_must_be_there(processes: Processes, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no file"):
        verify_build(FREE, tmp_path / "nothing", WHERE, processes)


def test_a_path_must_be_a_program(processes: Processes, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a program")
    for path in (tmp_path / "text", tmp_path):
        with pytest.raises(UserError, match="is not a program"):
            verify_build(FREE, path, WHERE, processes)


def test_a_program_must_be_a_python(processes: Processes, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not a Python 3 \(it said: what do you want\)"):
        verify_build(
            FREE, script(tmp_path / "x", "echo what do you want; exit 1"), WHERE, processes
        )


def test_a_gil_that_came_back_is_an_error_that_names_the_module(
    processes: Processes, tmp_path: Path
) -> None:
    python = speaker(tmp_path / "python", gil_after_imports=True, gil_culprits=["oldmodule"])
    with pytest.raises(UserError, match=r"the GIL of 3\.13t came back on.*oldmodule") as caught:
        check_gil_stays_off(FREE, python, WHERE, processes)
    assert caught.value.where == WHERE


def test_a_library_that_does_not_import_is_an_error(processes: Processes, tmp_path: Path) -> None:
    python = script(tmp_path / "python", "echo ImportError: no such symbol >&2; exit 1")
    with pytest.raises(UserError, match="ImportError: no such symbol"):
        check_gil_stays_off(FREE, python, WHERE, processes)
