"""An arm's environment: its interpreter and the libraries that every arm shares, from one lock."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.errors import UserError
from workflow.files import digest, sha256_file
from workflow.interpreters.cache import filled
from workflow.interpreters.process import Processes, last_lines, network_environment
from workflow.interpreters.request import Build

ARM_LOCK = Path(__file__).parent.parent / "envs" / "arm.lock"
_INSTALL_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Environment:
    """A virtual environment's python, and the SHA-256 (hex) of the lock it was filled from."""

    python: Path
    lock_sha256: str


def make_environment(
    build: Build,
    executable: Path,
    *,
    lock: Path,
    cache: Path,
    uv: Path,
    processes: Processes,
) -> Environment:
    """The cached environment of `executable` with the locked libraries; made when absent.

    Raises `UserError` when the libraries cannot be installed.
    """
    lock_sha256 = sha256_file(lock)
    key = digest(
        {
            "executable": str(executable),
            "executable_sha256": sha256_file(executable),
            "lock_sha256": lock_sha256,
        }
    )

    def fill(entry: Path) -> Mapping[str, Any]:
        python = entry / "venv" / "bin" / "python"
        make = ["venv", "--no-project", "--python", str(executable), str(entry / "venv")]
        sync = ["pip", "sync", "--require-hashes", "--compile-bytecode", str(lock)]
        for command in (make, [*sync, "--python", str(python)]):
            _uv(uv, command, entry, build, processes)
        return {"build": build.name, "lock_sha256": lock_sha256}

    entry = cache / "environments" / f"{build.name}-{key[:16]}"
    filled(entry, fill, on_wait=processes.check_open)
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
            mend="make env, or activate the environment of environment.yml",
        )
    return Path(on_path)


def _uv(uv: Path, command: Sequence[str], cwd: Path, build: Build, processes: Processes) -> None:
    answer = processes.ask(
        [str(uv), *command], cwd=cwd, env=network_environment(), timeout_s=_INSTALL_TIMEOUT_S
    )
    if answer.status != 0:
        raise UserError(
            f"the libraries of {build.name} could not be installed: uv {command[0]} said\n"
            + last_lines(answer.stderr, 5),
            where=f"environment of {build.name}",
            mend="see that the package index can be reached, then run again",
        )
