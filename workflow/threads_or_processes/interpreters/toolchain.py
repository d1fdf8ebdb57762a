"""What compiling CPython needs: found, or named together with the command that installs it."""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.process import Processes

_COMPILERS = ("gcc", "cc", "clang")  # the order in which configure looks for one


@dataclass(frozen=True)
class Compiler:
    """A C compiler: its command, the first line of its `--version`, its target triple."""

    command: str
    version: str
    target: str


@dataclass(frozen=True)
class Need:
    """Something a build needs: what it is to a person, and Debian's package of it."""

    thing: str
    package: str


COMPILER = Need("a C compiler", "gcc")
MAKE = Need("make", "make")
# Not every header that CPython can use: those of the modules that trials and installers import.
HEADERS = (
    Need("stdio.h", "libc6-dev"),
    Need("zlib.h", "zlib1g-dev"),
    Need("bzlib.h", "libbz2-dev"),
    Need("lzma.h", "liblzma-dev"),
    Need("openssl/ssl.h", "libssl-dev"),
    Need("ffi.h", "libffi-dev"),
)
WANTED_MODULES = ("zlib", "bz2", "lzma", "hashlib", "ssl", "ctypes", "json", "pickle", "decimal")


def find_compiler(processes: Processes) -> Compiler | None:
    """The compiler that `configure` would choose, or None."""
    command = next((name for name in _COMPILERS if shutil.which(name)), None)
    if command is None:
        return None
    version = processes.run([command, "--version"]).stdout.partition("\n")[0]
    target = processes.run([command, "-dumpmachine"]).stdout.strip()
    return Compiler(command, version, target)


def missing_needs(compiler: Compiler | None, processes: Processes) -> tuple[Need, ...]:
    """What is not there; without a compiler the headers cannot be tried and count as missing."""
    tools = () if shutil.which("make") else (MAKE,)
    if compiler is None:
        return (COMPILER, *tools, *HEADERS)
    return (*tools, *(need for need in HEADERS if not _has_header(compiler, need, processes)))


def _has_header(compiler: Compiler, need: Need, processes: Processes) -> bool:
    command = [compiler.command, "-E", "-x", "c", "-include", need.thing, "/dev/null"]
    return processes.run(command).status == 0


def missing_error(missing: Sequence[Need], distribution_ids: Collection[str]) -> UserError:
    """The message for missing needs; `distribution_ids` are ID and ID_LIKE of os-release."""
    things = ", ".join(need.thing for need in missing)
    packages = " ".join(need.package for need in missing)
    if {"debian", "ubuntu"} & set(distribution_ids):
        hint = f"as root: apt-get install {packages}"
    else:
        hint = f"install the packages that hold them (on Debian they are: {packages})"
    return UserError(
        f"building Python from source needs {things}; not found here",
        where="the compiler and its headers",
        hint=f"{hint}; or name ready interpreters under interpreters.paths",
    )
