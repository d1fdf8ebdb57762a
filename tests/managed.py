"""Interpreters as uv's host has them: archives in the layout `install_only`, and a list of them."""

import json
import platform
import tarfile
from pathlib import Path

from threads_or_processes.common.files import sha256_file
from threads_or_processes.records.interpreter import Identity

#: Where the list says that they are; UV_PYTHON_INSTALL_MIRROR stands in its place.
HOST = "https://github.com/astral-sh/python-build-standalone/releases/download"
_RELEASE = "20260101"
_LEFT_OUT = {"test", "idlelib", "__pycache__"}


def write_mirror(folder: Path, builds: list[Identity]) -> None:
    """Pack real builds into `folder`, and list them in `downloads.json`."""
    release = folder / "mirror" / _RELEASE
    release.mkdir(parents=True)
    listed = dict(_packed(identity, release) for identity in builds)
    (folder / "downloads.json").write_text(json.dumps(listed), encoding="utf-8")


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
