"""Interpreters for other machines: packed where they were made, unpacked on another's own disk.

All machines then run the same binaries, and none of them needs a compiler or a network.
"""

import io
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import read_json, sha256_file
from threads_or_processes.interpreters.cache import get_or_make
from threads_or_processes.interpreters.environment import Environment
from threads_or_processes.interpreters.identity import identify
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.records.interpreter import Identity, without_place
from threads_or_processes.records.plan import Arm

MAKE_IT_THERE = "set machines.<name>.interpreters to on_node, so that it is made there"
#: In the parcel: where its files were, and the identities.
_CONTENTS = "parcel.json"


def pack(identities: Mapping[str, Identity], cache: Path, parcel: Path) -> None:
    """Write a tar file with the identities, and with all of their interpreters that `cache` holds.

    An interpreter outside the cache, as of `interpreters.paths`, must exist on every machine.
    """
    executables = [Path(identity["executable"]) for identity in identities.values()]
    entries = {
        entry
        for executable in executables
        for file in (executable, executable.resolve())
        if (entry := _entry_of(file, cache)) is not None
    }
    contents = json.dumps({"cache": str(cache), "identities": identities}).encode()
    parcel.parent.mkdir(parents=True, exist_ok=True)
    unfinished = parcel.with_name(f".{parcel.name}.part")
    with tarfile.open(unfinished, "w") as tar:
        about = tarfile.TarInfo(_CONTENTS)
        about.size = len(contents)
        tar.addfile(about, io.BytesIO(contents))
        for entry in sorted(entries):
            tar.add(cache / entry, arcname=str(entry))
    unfinished.replace(parcel)


def unpack(parcel: Path, arms: Sequence[Arm], local: Path) -> dict[str, Identity]:
    """The arms' identities, by name, with their interpreters below `local`, ready to run.

    Raises `UserError` for an interpreter that doesn't run here as it did where it was packed.
    """
    place = get_or_make(
        local / f"threads-or-processes-{os.getuid()}" / sha256_file(parcel)[:16],
        lambda entry: _extract(parcel, entry),
    )
    contents = read_json(place / _CONTENTS)
    processes = Processes()
    try:
        return {
            arm.name: _checked(
                arm, contents["identities"][arm.name], contents["cache"], place, processes
            )
            for arm in arms
        }
    finally:
        processes.close()


def _entry_of(file: Path, cache: Path) -> Path | None:
    """The cache's entry that holds a file, such as `builds/<key>`."""
    if not file.is_relative_to(cache):
        return None
    return Path(*file.relative_to(cache).parts[:2])


def _extract(parcel: Path, place: Path) -> Mapping[str, Any]:
    """Unpack, and let the environments find their interpreter at its new place.

    CPython finds its library by the place of its executable (docs.python.org, `sys.prefix`). An
    environment names its interpreter in pyvenv.cfg and in the links of its bin folder.
    """
    with tarfile.open(parcel) as tar:
        # Made by `pack`; links of environments are absolute, which other filters refuse.
        tar.extractall(place, filter="fully_trusted")  # noqa: S202
    cache = read_json(place / _CONTENTS)["cache"]
    for settings in place.glob("environments/*/venv/pyvenv.cfg"):
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace(cache, str(place)), encoding="utf-8")
        for link in (settings.parent / "bin").iterdir():
            if link.is_symlink() and str(target := link.readlink()).startswith(f"{cache}/"):
                link.unlink()
                link.symlink_to(place / target.relative_to(cache))
    return {"parcel": parcel.name}


def _checked(arm: Arm, packed: Identity, cache: str, place: Path, processes: Processes) -> Identity:
    """The identity of an unpacked arm; `UserError` if it is another than the packed one."""
    executable = Path(packed["executable"])
    if executable.is_relative_to(cache):
        executable = place / executable.relative_to(cache)
    if not executable.exists():
        raise UserError(
            f"the interpreter of {arm.name} is not on this machine",
            where=str(executable),
            hint="put it there: what interpreters.paths names must exist on every machine",
        )
    try:
        found = identify(
            arm,
            packed["provider"],
            executable.resolve(),
            Environment(executable, packed["lock_sha256"]),
            processes,
        )
    except UserError as error:
        raise UserError(
            f"the interpreter of {arm.name} does not run here ({error.what})",
            where=str(executable),
            hint=MAKE_IT_THERE,
        ) from None
    here = without_place(found)
    different = [
        key
        for key, value in without_place(packed).items()
        if key != "identity_sha256" and here.get(key) != value
    ]
    if different:
        raise UserError(
            f"the interpreter of {arm.name} differs here in {', '.join(different)}",
            where=str(executable),
            hint=MAKE_IT_THERE,
        )
    return found
