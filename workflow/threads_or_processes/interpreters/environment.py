"""An arm's environment: its interpreter and the libraries that every arm shares."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import digest
from threads_or_processes.interpreters.cache import get_or_make
from threads_or_processes.interpreters.process import (
    CompletedCommand,
    Processes,
    last_lines,
    network_environment,
)
from threads_or_processes.interpreters.program import program_sha256
from threads_or_processes.interpreters.request import Build
from threads_or_processes.interpreters.requirements import Libraries, requirements_error

ARM_LOCK = Path(__file__).parents[2] / "envs" / "arm.lock"
_OPTIONS = ("--quiet", "--require-hashes", "--compile-bytecode")
_INSTALL_TIMEOUT_S = 1800.0  # a requirement may have to be compiled


@dataclass(frozen=True)
class Environment:
    """A virtual environment's python, and the SHA-256 (hex) of the libraries in it."""

    python: Path
    lock_sha256: str


def make_environment(
    build: Build,
    executable: Path,
    *,
    libraries: Libraries,
    cache: Path,
    uv: Path,
    processes: Processes,
) -> Environment:
    """The cached environment of `executable` with the libraries; made when absent.

    The lock is installed from wheels only; a user's requirement may be compiled from its source.
    Raises `UserError` when something cannot be installed.
    """
    lock_sha256 = libraries.sha256
    key = digest(
        {
            "executable": str(executable),
            "executable_sha256": program_sha256(executable),
            "lock_sha256": lock_sha256,
        }
    )

    def fill(entry: Path) -> Mapping[str, Any]:
        python = entry / "venv" / "bin" / "python"
        make = ["venv", "--no-project", "--python", str(executable), str(entry / "venv")]
        sync = ["pip", "sync", "--only-binary", ":all:", *_OPTIONS, str(libraries.lock)]
        for command in (make, [*sync, "--python", str(python)]):
            answer = _uv(uv, command, entry, processes)
            if answer.status != 0:
                raise _lock_error(build, command, answer)
        if libraries.pins:
            add = ["pip", "install", "--no-deps", *_OPTIONS, "-r", str(libraries.pins)]
            for command in (add, ["pip", "check"]):
                answer = _uv(uv, [*command, "--python", str(python)], entry, processes)
                if answer.status != 0:
                    raise requirements_error(
                        build, libraries.requirements, libraries.lock, answer.stderr
                    )
        return {"build": build.name, "lock_sha256": lock_sha256}

    entry = cache / "environments" / f"{build.name}-{key[:16]}"
    get_or_make(entry, fill, on_wait=processes.check_open)
    return Environment(entry / "venv" / "bin" / "python", lock_sha256)


def find_uv() -> Path:
    """The `uv` of the pipeline's environment, else the one on PATH; `UserError` if none."""
    try:
        import uv

        return Path(uv.find_uv_bin())
    except (ImportError, FileNotFoundError):
        on_path = shutil.which("uv")
    if on_path is None:
        raise UserError(
            "uv is not installed",
            where="the pipeline's environment",
            hint="make env, or activate the environment of environment.yml",
        )
    return Path(on_path)


def _uv(uv: Path, command: Sequence[str], cwd: Path, processes: Processes) -> CompletedCommand:
    return processes.run(
        [str(uv), *command], cwd=cwd, env=network_environment(), timeout_s=_INSTALL_TIMEOUT_S
    )


def _lock_error(build: Build, command: Sequence[str], answer: CompletedCommand) -> UserError:
    return UserError(
        f"the libraries of {build.name} could not be installed: uv {command[0]} said\n"
        + last_lines(answer.stderr, 5),
        where=f"environment of {build.name}",
        hint="see that the package index can be reached, then run again; a library "
        "(workflow/envs/arm.in) without a wheel for this interpreter is not compiled",
    )
