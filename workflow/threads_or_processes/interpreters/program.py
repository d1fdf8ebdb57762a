"""The content of an interpreter: its executable, and the shared library that may hold its code."""

import re
import subprocess
from pathlib import Path

from threads_or_processes.common.files import sha256_program
from threads_or_processes.interpreters.process import clean_environment

_NEEDS_LIBRARY = re.compile(rb"libpython3[\w.]*\.so")
_TELL_LIBRARY = """
for line in open("/proc/self/maps"):
    path = line.rstrip().partition("/")[2]
    if "libpython3" in path and ".so" in path:
        print("/" + path)
        break
"""
_TELL_EXECUTABLE = "import os, sys; print(os.path.realpath(sys._base_executable))"


def program_sha256(executable: Path) -> str:
    """SHA-256 (hex) of an executable; where its code is in a shared library, of both together.

    Of a script, such as a shim of pyenv, that of the executable it starts now.
    """
    content = executable.read_bytes()
    if _NEEDS_LIBRARY.search(content):
        return sha256_program(executable, _told(executable, _TELL_LIBRARY))
    started = _told(executable, _TELL_EXECUTABLE) if is_script(executable) else None
    return sha256_program(executable, None) if started is None else program_sha256(started)


def is_script(program: Path) -> bool:
    """Whether a program starts another one: a shim or a wrapper."""
    with program.open("rb") as file:
        return file.read(2) == b"#!"


def _told(executable: Path, program: str) -> Path | None:
    """The path that an interpreter prints; None if it prints none."""
    try:
        said = subprocess.run(
            [executable, "-I", "-S", "-c", program],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
            cwd="/",
            env=clean_environment(),
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None  # what is wrong with it is told when it is looked at
    return Path(said) if said else None
