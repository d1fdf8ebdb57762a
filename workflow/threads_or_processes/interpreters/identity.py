"""Who an arm is: facts that decide its speed, asked of the interpreter, with one digest."""

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.common.files import digest, sha256_file
from threads_or_processes.interpreters.environment import Environment
from threads_or_processes.interpreters.inspection import InterpreterInfo, inspect_with_libraries
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.request import Arm, ProviderName

SCHEMA_VERSION = 1
_INSTALL_PATHS = ("--prefix", "--exec-prefix")  # where an interpreter lies is not what it is


@dataclass(frozen=True, kw_only=True)
class Identity:
    """One arm as found; the fields are those of `interpreters/<arm>.json`."""

    arm: str
    provider: str
    executable: str
    flags: tuple[str, ...]
    executable_sha256: str
    version: str
    implementation: str
    free_threaded_build: bool
    gil_enabled: bool
    compiler: str
    config_args: str
    cflags: str
    optimisation: str
    pgo: bool
    lto: bool
    debug: bool
    libraries: Mapping[str, str]
    lock_sha256: str

    @property
    def identity_sha256(self) -> str:
        """Digest of everything but `executable`, which is only a path."""
        return digest({key: value for key, value in self._facts().items() if key != "executable"})

    def as_json(self) -> dict[str, Any]:
        """The content of `interpreters/<arm>.json`."""
        return self._facts() | {"identity_sha256": self.identity_sha256}

    def _facts(self) -> dict[str, Any]:
        return asdict(self) | {"schema_version": SCHEMA_VERSION, "flags": list(self.flags)}


def identify(
    arm: Arm,
    provider: ProviderName,
    real_executable: Path,
    environment: Environment,
    processes: Processes,
) -> Identity:
    """Ask the arm's own python, started with the arm's flags and its libraries imported."""
    answers = inspect_with_libraries(
        arm.build, environment.python, f"arm {arm.name}", processes, flags=arm.flags
    )
    return identity_from(
        arm,
        provider,
        answers,
        executable=environment.python,
        executable_sha256=sha256_file(real_executable),
        lock_sha256=environment.lock_sha256,
    )


def identity_from(
    arm: Arm,
    provider: ProviderName,
    answers: InterpreterInfo,
    *,
    executable: Path,
    executable_sha256: str,
    lock_sha256: str,
) -> Identity:
    """Put an interpreter's answers into the words of the project."""
    pgo = is_profile_guided(answers)
    return Identity(
        arm=arm.name,
        provider=provider.value,
        executable=str(executable),
        flags=arm.flags,
        executable_sha256=executable_sha256,
        version=answers.version,
        implementation=answers.implementation,
        free_threaded_build=answers.free_threaded_build,
        gil_enabled=answers.gil_after_imports,
        compiler=answers.compiler,
        config_args=without_install_paths(answers.config_args),
        cflags=answers.cflags,
        optimisation="optimised" if pgo else "plain",
        pgo=pgo,
        lto=is_link_time_optimised(answers),
        debug=answers.debug,
        libraries=dict(answers.libraries),
        lock_sha256=lock_sha256,
    )


def is_profile_guided(answers: InterpreterInfo) -> bool:
    """Whether the build was trained: by `configure`'s option, or by the compiler's own flag."""
    flags = f"{answers.cflags} {answers.core_cflags} {answers.config_args}"
    return (
        "--enable-optimizations" in shlex.split(answers.config_args)
        or "-fprofile-use" in flags
        or "-fprofile-instr-use" in flags
    )


def is_link_time_optimised(answers: InterpreterInfo) -> bool:
    """Whether the linker optimised across files: by `configure`'s option, or by `-flto`."""
    asked = [
        option
        for option in shlex.split(answers.config_args)
        if option.partition("=")[0] == "--with-lto" and option != "--with-lto=no"
    ]
    return bool(asked) or "-flto" in f"{answers.cflags} {answers.core_cflags}"


def without_install_paths(config_args: str) -> str:
    """`configure`'s options less those that say where the result is installed."""
    options = shlex.split(config_args)
    return shlex.join(o for o in options if o.partition("=")[0] not in _INSTALL_PATHS)
