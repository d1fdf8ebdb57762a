"""SHA256SUMS: what a folder holds, for `sha256sum --check`."""

import re
from collections.abc import Iterable
from pathlib import Path

from threads_or_processes.common.files import sha256_file, write_text

SUMS_FILE = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  ([^\\\n]+)")


def write_sums(folder: Path) -> None:
    """Write the hashes of all that a folder holds, by name."""
    files = sorted(files_in(folder) - {SUMS_FILE})
    lines = [f"{sha256_file(folder / name)}  {name}\n" for name in files]
    write_text(folder / SUMS_FILE, "".join(lines))


def files_in(folder: Path) -> set[str]:
    """The names of all files in a folder and below."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def problem_with(folder: Path) -> str | None:
    """What is not as SHA256SUMS of a folder says, in words that name the file; None if all is."""
    found = files_in(folder)
    if SUMS_FILE not in found:
        return f"it has no {SUMS_FILE}"
    try:
        sums = _sums((folder / SUMS_FILE).read_text(encoding="utf-8").splitlines())
    except ValueError as error:
        return f"{SUMS_FILE} can't be read: {error}"
    if missing := sums.keys() - found:
        return f"{min(missing)} is missing"
    if unknown := found - sums.keys() - {SUMS_FILE}:
        return f"{min(unknown)} is not in {SUMS_FILE}"
    changed = (name for name, sha256 in sums.items() if sha256_file(folder / name) != sha256)
    return next((f"{name} has another content than {SUMS_FILE} says" for name in changed), None)


def _sums(lines: Iterable[str]) -> dict[str, str]:
    """The hash of each file by name; raises ValueError for a line of another form."""
    found = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number} is no hash and name")
        found[match[2]] = match[1]
    return found
