"""The identity of an arm: the facts that decide its speed, and one digest of them."""

import shlex
from pathlib import Path

from threads_or_processes.common.signing import identity_digest
from threads_or_processes.interpreters.environment import Environment
from threads_or_processes.interpreters.inspection import InterpreterInfo, inspect_with_libraries
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.program import program_sha256
from threads_or_processes.interpreters.request import build_of, flags_of
from threads_or_processes.records.interpreter import (
    IDENTITY_SCHEMA_VERSION,
    Identity,
    ProviderName,
)
from threads_or_processes.records.plan import Arm

_INSTALL_PATHS = ("--prefix", "--exec-prefix")  # where an interpreter lies is not what it is


def identify(
    arm: Arm,
    provider: ProviderName,
    real_executable: Path,
    environment: Environment,
    processes: Processes,
) -> Identity:
    """Ask the arm's own python, started with the arm's flags and its libraries imported."""
    info = inspect_with_libraries(
        build_of(arm), environment.python, f"build {arm.name}", processes, flags=flags_of(arm)
    )
    return identity_from(
        arm,
        provider,
        info,
        executable=environment.python,
        executable_sha256=program_sha256(real_executable),
        lock_sha256=environment.lock_sha256,
    )


def identity_from(
    arm: Arm,
    provider: ProviderName,
    info: InterpreterInfo,
    *,
    executable: Path,
    executable_sha256: str,
    lock_sha256: str,
) -> Identity:
    """The identity of an arm from what its interpreter says."""
    pgo = is_profile_guided(info)
    identity = Identity(
        schema_version=IDENTITY_SCHEMA_VERSION,
        arm=arm.name,
        provider=provider,
        executable=str(executable),
        flags=list(flags_of(arm)),
        executable_sha256=executable_sha256,
        version=info.version,
        implementation=info.implementation,
        free_threaded_build=info.free_threaded_build,
        gil_enabled=info.gil_before_imports,  # a requirement may bring it back
        compiler=info.compiler,
        config_args=without_install_paths(info.config_args),
        cflags=info.cflags,
        optimisation="optimised" if pgo else "plain",
        pgo=pgo,
        lto=is_link_time_optimised(info),
        debug=info.debug,
        libraries=dict(info.libraries),
        lock_sha256=lock_sha256,
        identity_sha256="",
    )
    identity["identity_sha256"] = identity_digest(identity)
    return identity


def is_profile_guided(info: InterpreterInfo) -> bool:
    """Whether the build was trained: by `configure`'s option, or by the compiler's own flag."""
    flags = f"{info.cflags} {info.core_cflags} {info.config_args}"
    return (
        "--enable-optimizations" in shlex.split(info.config_args)
        or "-fprofile-use" in flags
        or "-fprofile-instr-use" in flags
    )


def is_link_time_optimised(info: InterpreterInfo) -> bool:
    """Whether the linker optimised across files: by `configure`'s option, or by `-flto`."""
    asked = [
        option
        for option in shlex.split(info.config_args)
        if option.partition("=")[0] == "--with-lto" and option != "--with-lto=no"
    ]
    return bool(asked) or "-flto" in f"{info.cflags} {info.core_cflags}"


def without_install_paths(config_args: str) -> str:
    """`configure`'s options less those that say where the result is installed."""
    options = shlex.split(config_args)
    return shlex.join(o for o in options if o.partition("=")[0] not in _INSTALL_PATHS)
