"""Interpreters as uv's host has them, archives and a list, and a stand-in for conda's tools."""

import json
import platform
import tarfile
from pathlib import Path

from threads_or_processes.common.files import sha256_file
from threads_or_processes.records.interpreter import Identity

#: Where the list says that they are; UV_PYTHON_INSTALL_MIRROR stands in its place.
HOST = "https://github.com/astral-sh/python-build-standalone/releases/download"
_RELEASE = "20260101"
_MICROMAMBA = """#!/bin/sh
echo "$*" >> {log}
options="create --yes --quiet --override-channels --channel conda-forge"
[ "$1 $2 $3 $4 $5 $6" = "$options" ] || exit 109
[ "$7" = --prefix ] && [ $# = 9 ] || exit 109
case "$9" in
  python=3.13) python={standard} ;;
  python-freethreading=3.13) python={free} ;;
  *) echo "error    libmamba Could not solve for environment specs
    The following package could not be found
    └─ $9* does not exist (perhaps a typo or a missing channel).
critical libmamba Could not solve for environment specs" >&2
    exit 1 ;;
esac
mkdir -p "$8/conda-meta" "$8/bin" && ln -s "$python" "$8/bin/python"
"""
_LEFT_OUT = {"test", "idlelib", "__pycache__"}


def write_mirror(folder: Path, builds: list[Identity]) -> None:
    """Pack real builds into `folder`, and list them in `downloads.json`."""
    release = folder / "mirror" / _RELEASE
    release.mkdir(parents=True)
    listed = dict(_packed(identity, release) for identity in builds)
    (folder / "downloads.json").write_text(json.dumps(listed), encoding="utf-8")


def write_micromamba(folder: Path, standard: Identity, free: Identity) -> Path:
    """A stand-in whose environments are links to real builds; `folder/log` has its commands."""
    program = folder / "micromamba"
    text = _MICROMAMBA.format(
        log=folder / "log", standard=base_executable(standard), free=base_executable(free)
    )
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return program


def settings_of(folder: Path) -> dict[str, str]:
    """Settings of uv that take the place of its own list and host."""
    return {
        "UV_PYTHON_DOWNLOADS_JSON_URL": (folder / "downloads.json").as_uri(),
        "UV_PYTHON_INSTALL_MIRROR": (folder / "mirror").as_uri(),
    }


def base_executable(identity: Identity) -> Path:
    """The interpreter behind an environment."""
    return Path(identity["executable"]).resolve()


def _packed(identity: Identity, release: Path) -> tuple[str, dict[str, object]]:
    free = identity["free_threaded_build"]
    executable = base_executable(identity)
    version, machine = identity["version"], platform.machine()
    kind = "-freethreaded" if free else ""
    name = f"cpython-{version}+{_RELEASE}-{machine}-unknown-linux-gnu{kind}-install_only.tar.gz"
    with tarfile.open(release / name, "w:gz", compresslevel=1) as archive:
        archive.add(executable.parents[1], "python", filter=_of_use)
        for link in ("python", "python3"):
            member = tarfile.TarInfo(f"python/bin/{link}")
            member.type, member.linkname = tarfile.SYMTYPE, f"python3.13{'t' if free else ''}"
            archive.addfile(member)
    major, minor, patch = map(int, version.split("."))
    return f"cpython-{version}{'+freethreaded' if free else ''}-linux-{machine}-gnu", {
        "name": "cpython",
        "arch": {"family": machine, "variant": None},
        "os": "linux",
        "libc": "gnu",
        "major": major,
        "minor": minor,
        "patch": patch,
        "prerelease": "",
        "url": f"{HOST}/{_RELEASE}/{name.replace('+', '%2B')}",
        "sha256": sha256_file(release / name),
        "variant": "freethreaded" if free else None,
        "build": _RELEASE,
    }


def _of_use(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """What `install_only` has, less what no test needs."""
    path = Path(member.name)
    left_out = path.suffix == ".a" or _LEFT_OUT & {*path.parts}
    return (
        None if left_out or member.name in {"python/bin/python", "python/bin/python3"} else member
    )
