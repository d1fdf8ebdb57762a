"""The source that the builds come from: a tarball the user names, or the distribution's."""

import platform
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import sha256_file
from threads_or_processes.interpreters.apt import NoSourcePackageError, fetch_source
from threads_or_processes.interpreters.cache import get_or_make, read_facts
from threads_or_processes.interpreters.process import Processes, Progress
from threads_or_processes.interpreters.request import Build

_PATCHLEVEL = "Include/patchlevel.h"
_PY_VERSION = re.compile(r'^#define\s+PY_VERSION\s+"([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Tarball:
    """A source tarball with the SHA-256 (hex) of its bytes."""

    path: Path
    sha256: str


def named_tarball(path: Path, build: Build) -> Tarball:
    """The tarball that the user names; `UserError` when it is not a source of `build`'s version."""
    where = "interpreters.tarball"
    try:
        version = _python_version(path)
    except FileNotFoundError:
        raise UserError(
            f"there is no file {path}", where=where, hint="name a CPython source tarball"
        ) from None
    except (OSError, tarfile.TarError, EOFError) as error:
        raise UserError(
            f"{path} cannot be read as a tarball ({error})",
            where=where,
            hint="name a CPython source tarball, such as Python-3.13.5.tar.xz",
        ) from None
    if version is None or not build.accepts(version):
        found = f"of Python {version}" if version else "of something other than CPython"
        raise UserError(
            f"{path} is the source {found}, but {build.version} is asked for",
            where=where,
            hint=f"name a tarball of {build.version}, or change the version of the builds",
        )
    return Tarball(path, sha256_file(path))


def distribution_tarball(
    build: Build, cache: Path, *, processes: Processes, progress: Progress
) -> Tarball:
    """The distribution's newest source of that version line, fetched once and then kept.

    Kept, so that a newer package does not change the interpreters under results half made.
    """

    def fetch(entry: Path) -> Mapping[str, Any]:
        progress.say(f"{build.version}: fetch the source package from the distribution's mirror")
        try:
            path, package_version = fetch_source(
                build, entry, os_release=os_release(), processes=processes
            )
        except NoSourcePackageError as reason:
            raise UserError(
                f"no source of Python {build.version} was found: {reason}",
                where="interpreters.provider (source)",
                hint="name a tarball under interpreters.tarball, or ready interpreters under "
                "interpreters.paths",
            ) from None
        progress.say(f"{build.version}: source is {path.name} ({package_version})")
        return {
            "tarball": path.name,
            "sha256": sha256_file(path),
            "package_version": package_version,
        }

    entry = get_or_make(cache / "sources" / build.version, fetch, on_wait=processes.check_open)
    recorded = read_facts(entry)
    return Tarball(entry / recorded["tarball"], recorded["sha256"])


def unpack(tarball: Tarball, folder: Path) -> Path:
    """Unpack into `folder`; the path of the source tree's root.

    `UserError` for a tarball with names, links or devices outside of it, or without a `configure`.
    """
    try:
        with tarfile.open(tarball.path) as archive:
            archive.extractall(folder, filter="data")
        return next(path.parent for path in folder.glob("*/configure"))
    except (tarfile.TarError, EOFError, StopIteration) as error:
        raise UserError(
            f"the source tarball can't be unpacked ({str(error) or 'it has no configure'})",
            where=str(tarball.path),
            hint="get the tarball again from where it is from",
        ) from None


def os_release() -> Mapping[str, str]:
    """The fields of os-release(5); empty where there is none."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _python_version(path: Path) -> str | None:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name.partition("/")[2] == _PATCHLEVEL:
                stream = archive.extractfile(member)
                match = _PY_VERSION.search(stream.read().decode()) if stream else None
                return match[1] if match else None
    return None
