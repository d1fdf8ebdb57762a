"""The libraries of the arms: their lock, and a user's own requirements, pinned once for all arms.

What a requirement was pinned to is kept in the cache, so that a later run neither asks the package
index nor changes versions; deleting `requirements/` there pins them again.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import digest, sha256_file
from threads_or_processes.interpreters.cache import get_or_make
from threads_or_processes.interpreters.process import Processes, network_environment
from threads_or_processes.interpreters.request import Build, fingerprints

_WHERE = "requirements"
_RESOLVE_TIMEOUT_S = 600.0
_LOCAL = re.compile(r"@\s*(?P<url>file:\S+)")
_FOLDER = re.compile(r"file:\S*/")
_PINNED = re.compile(r"^[a-z0-9.-]+==[^\s;]+", re.MULTILINE)


@dataclass(frozen=True)
class Libraries:
    """What every arm imports: the arms' lock, and `pins` of what the user asked for besides."""

    lock: Path
    requirements: tuple[str, ...] = ()
    pins: Path | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of all that is installed; the folders of local files are not part of it."""
        own = sha256_file(self.lock)
        if self.pins is None:
            return own
        return digest([own, _FOLDER.sub("", self.pins.read_text(encoding="utf-8"))])


def local_files(requirements: Iterable[str]) -> dict[str, str]:
    """The paths that requirements of the form `name @ file:///path` name, by requirement."""
    return {
        f"{_WHERE}: {requirement}": unquote(urlsplit(match["url"]).path)
        for requirement in requirements
        for match in [_LOCAL.search(requirement)]
        if match
    }


def pin(
    requirements: Sequence[str],
    executables: Mapping[Build, Path],
    *,
    lock: Path,
    cache: Path,
    uv: Path,
    processes: Processes,
) -> Libraries:
    """Pin the requirements and all they need, by version and hash, as the lock allows.

    Resolved for the build that has the fewest wheels, the free-threaded one of the oldest version:
    what suits it the others can have too. Versions that need no compiling are taken first, even
    if older: a library compiled for one arm only would be another difference between the arms.
    Raises `UserError` for what cannot be resolved.
    """
    if not requirements:
        return Libraries(lock)
    build = min(executables, key=lambda b: (_numbers(b.version), not b.free_threaded))
    key = digest(
        {
            "requirements": list(requirements),
            "files_sha256": fingerprints(local_files(requirements)),
            "lock_sha256": sha256_file(lock),
            "python": build.name,
        }
    )

    def fill(entry: Path) -> Mapping[str, Any]:
        asked, pins = entry / "requirements.in", entry / "requirements.lock"
        asked.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        command = [
            *("pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-emit-index-url"),
            *("--generate-hashes", "--constraints", str(lock)),
            *("--python", str(executables[build]), str(asked), "-o", str(pins)),
        ]
        for limits in (["--only-binary", ":all:"], []):
            answer = processes.run(
                [str(uv), *command, *limits],
                cwd=entry,
                env=network_environment(),
                timeout_s=_RESOLVE_TIMEOUT_S,
            )
            if answer.status == 0:
                break
        else:
            raise requirements_error(build, requirements, lock, answer.stderr)
        _refuse_unusable(pins.read_text(encoding="utf-8"), build)
        return {"requirements": list(requirements), "python": build.name}

    entry = get_or_make(cache / "requirements" / key[:16], fill, on_wait=processes.check_open)
    return Libraries(lock, tuple(requirements), entry / "requirements.lock")


def requirements_error(
    build: Build, requirements: Sequence[str], lock: Path, said: str
) -> UserError:
    """The message for requirements that uv could not resolve or install; `said` are its words."""
    own = [text for text in requirements if _mentions(said, _name(text))] or list(requirements)
    pins = _PINNED.findall(lock.read_text(encoding="utf-8"))
    clashing = [pin for pin in pins if pin in said]
    if clashing:
        hint = (
            f"every build has {', '.join(clashing)} (workflow/envs/arm.lock); ask for a version of "
            "your requirement that goes with it"
        )
    else:
        hint = (
            "check its name and version, that the package index can be reached, and that it has "
            f"a wheel for {build.name} or can be built here from its source; or leave it out, or "
            f"the builds of {build.name}"
        )
    return UserError(
        f"{', '.join(own)} cannot be installed for {build.name}: uv said\n{_ends(said)}",
        where=_WHERE,
        hint=hint,
    )


def _refuse_unusable(pins: str, build: Build) -> None:
    if not pins.strip():
        raise UserError(
            f"the requirements ask for nothing on Python {build.name}",
            where=_WHERE,
            hint="leave out those whose marker (after `;`) is of another Python or system",
        )
    packages = re.split(r"\n(?=\S)", pins.strip())
    unhashed = [package.split()[0] for package in packages if "--hash=" not in package]
    if unhashed:
        raise UserError(
            f"{', '.join(unhashed)} has no hash, so results would not be reproducible",
            where=_WHERE,
            hint="name a released version, or build a wheel of it and name that: "
            "'name @ file:///path/to/the.whl'",
        )


def _ends(said: str) -> str:
    """The beginning names the package and the end the cause; between them lies a build's log."""
    lines = said.strip().splitlines()
    return "\n".join(lines if len(lines) <= 10 else [*lines[:3], "…", *lines[-6:]])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def locked_names(lock: Path) -> set[str]:
    """The distributions that a lock pins."""
    return {_name(pin) for pin in _PINNED.findall(lock.read_text(encoding="utf-8"))}


def is_locked(distribution: str, locked: Collection[str]) -> bool:
    """Whether a distribution is one of `locked_names`."""
    return _normal(distribution) in locked


def _name(requirement: str) -> str:
    return _normal(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])


def _normal(name: str) -> str:
    """A distribution's name in its one spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<![a-z0-9-]){re.escape(name)}(?![a-z0-9-])", _normal(text)) is not None
