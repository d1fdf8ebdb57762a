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


def program_sha256(executable: Path) -> str:
    """SHA-256 (hex) of an executable; where its code is in a shared library, of both together."""
    return sha256_program(executable, _library_of(executable))


def _library_of(executable: Path) -> Path | None:
    """The libpython that an executable loads; only one that names it is asked, by running it."""
    if not _NEEDS_LIBRARY.search(executable.read_bytes()):
        return None
    try:
        said = subprocess.run(
            [executable, "-I", "-S", "-c", _TELL_LIBRARY],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
            env=clean_environment(),
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None  # what is wrong with it is told when it is looked at
    return Path(said) if said else None
