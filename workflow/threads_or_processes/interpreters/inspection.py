"""Asking an interpreter what it is, and holding the answer against what was asked for."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.environment import ARM_LOCK
from threads_or_processes.interpreters.process import Processes, last_lines
from threads_or_processes.interpreters.program import is_script
from threads_or_processes.interpreters.request import Build
from threads_or_processes.interpreters.requirements import is_locked, locked_names

_PROBE = Path(__file__).with_name("probe.py")
# After these come hints and stacks.
_IS_ERROR = re.compile(r"error|not found", re.IGNORECASE)


@dataclass(frozen=True)
class InterpreterInfo:
    """What an interpreter said of itself; the fields are those that `probe.py` prints.

    `broken` holds why, for each distribution of which nothing can be imported.
    """

    base_executable: str
    implementation: str
    version: str
    free_threaded_build: bool
    gil_before_imports: bool
    gil_after_imports: bool
    gil_culprits: tuple[str, ...]
    broken: dict[str, str]
    compiler: str
    config_args: str
    cflags: str
    core_cflags: str
    debug: bool
    libraries: dict[str, str]
    gil_distributions: Sequence[str] = ()

    @property
    def kind(self) -> str:
        """The interpreter in words, for messages."""
        build = "free-threaded" if self.free_threaded_build else "standard"
        return f"{self.implementation} {self.version}, {build} build"


class NotPythonError(Exception):
    """The program did not behave as a Python 3; the text is what it said instead."""


def inspect_interpreter(
    executable: Path, processes: Processes, *, flags: Sequence[str] = (), imports: bool = False
) -> InterpreterInfo:
    """Ask an interpreter, started with `flags`; raises `NotPythonError`."""
    arguments = ["import"] if imports else []
    answer = processes.run([str(executable), "-I", *flags, str(_PROBE), *arguments])
    try:
        facts: dict[str, Any] = json.loads(answer.stdout)
        facts["gil_culprits"] = tuple(facts["gil_culprits"])
        return InterpreterInfo(**facts)
    except (ValueError, TypeError, KeyError):
        said = answer.stderr or answer.stdout
        errors = [line for line in said.splitlines() if _IS_ERROR.search(line)]
        said_instead = "\n".join(errors[-2:]) or last_lines(said, 3) or f"exit {answer.status}"
        raise NotPythonError(said_instead) from None


def inspect_with_libraries(
    build: Build, python: Path, where: str, processes: Processes, *, flags: Sequence[str] = ()
) -> InterpreterInfo:
    """Ask the python of an arm's environment, its libraries imported; `UserError` if one fails."""
    hint = (
        f"delete {python.parents[2]} and run again; if it stays so, that library "
        "(workflow/envs/arm.in, or a requirement of yours) does not support this interpreter"
    )
    try:
        info = inspect_interpreter(python, processes, flags=flags, imports=True)
    except NotPythonError as said:
        raise UserError(
            f"a library does not import in {build.name}: {said}", where=where, hint=hint
        ) from None
    if info.broken:
        listed = "; ".join(f"{name}: {why}" for name, why in info.broken.items())
        raise UserError(
            f"a library does not import in {build.name}: {listed}", where=where, hint=hint
        )
    return info


def verify_build(
    build: Build, executable: Path, where: str, processes: Processes, *, made_in: Path | None = None
) -> Path:
    """Verify that `executable` is what `build` says; the real file behind links and wrappers.

    Raises `UserError` that names `where` (a key of the config), what was found, and the fix:
    `made_in` is the folder of the cache in which this program made it, None for a user's own.
    """
    hint = (
        f"delete {made_in} and run snakemake again; the interpreters there are damaged"
        if made_in
        else f"name the executable of a {_in_words(build)}"
    )
    if not executable.exists():
        raise UserError(f"there is no file {executable}", where=where, hint=hint)
    if not executable.is_file() or not _is_executable(executable):
        raise UserError(f"{executable} is not a program one can run", where=where, hint=hint)
    try:
        info = inspect_interpreter(executable, processes)
    except NotPythonError as said:
        raise UserError(
            f"{executable} is not a Python 3 (it said: {said})",
            where=where,
            hint=hint if made_in else _remedy(executable, str(said)) or hint,
        ) from None
    fits = (
        info.implementation == "CPython"
        and build.accepts(info.version)
        and info.free_threaded_build == build.free_threaded
    )
    if not fits:
        raise UserError(
            f"{executable} is {info.kind}; {build.name} asks for a {_in_words(build)}",
            where=where,
            hint=hint,
        )
    return Path(info.base_executable).resolve()


def check_gil_stays_off(
    build: Build, python: Path, where: str, processes: Processes, lock: Path = ARM_LOCK
) -> tuple[str, ...]:
    """Import the arm's libraries without `-X gil`, which would hide a library that needs the GIL.

    Returns the modules of a user's requirements that switched it on: that is an outcome of the
    trials that import them. Raises `UserError` that names any other module that did.
    """
    info = inspect_with_libraries(build, python, where, processes)
    if info.gil_after_imports:
        locked = locked_names(lock)
        if info.gil_distributions and not any(is_locked(n, locked) for n in info.gil_distributions):
            return info.gil_culprits
        culprits = ", ".join(info.gil_culprits) or "the interpreter itself, before any import"
        raise UserError(
            f"the GIL of {build.name} came back on; switched on by: {culprits}",
            where=where,
            hint="use a version of that library (workflow/envs/arm.in, or a requirement of yours) "
            f"that supports free threading; or leave out the library, or {build.name} "
            "without a GIL",
        )
    return ()


def _remedy(executable: Path, said: str) -> str:
    """What to do about a path of the user's that starts no Python; empty for nothing special."""
    if is_script(executable):
        return (
            "name the executable that this script starts; for a shim of pyenv, "
            f"`pyenv which {executable.name}` prints it"
        )
    if "encodings" in said:
        return "its standard library is gone: move the whole installation, or install it again"
    return ""


def _in_words(build: Build) -> str:
    kind = "free-threaded" if build.free_threaded else "standard"
    return f"CPython {build.version}, {kind} build"


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o111)
