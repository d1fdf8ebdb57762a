"""What is asked for: arms, and where their interpreters may come from."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import sha256_file

_VERSION = re.compile(r"3\.\d+(\.\d+)?")
# A distribution's name (PEP 508), and the rest of the line; so no option of an installer.
_REQUIREMENT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(?![\w.-])[^\n\r]*")
_Choice = TypeVar("_Choice", bound=StrEnum)


class ProviderName(StrEnum):
    """Where interpreters come from; `auto` is the first that can supply all of them."""

    AUTO = "auto"
    GIVEN = "given"
    UV = "uv"
    SOURCE = "source"


class BuildKind(StrEnum):
    """How the source provider compiles.

    `optimised_if_cached`: optimised builds when all of them are in the cache, else plain ones.
    """

    OPTIMISED = "optimised"
    PLAIN = "plain"
    OPTIMISED_IF_CACHED = "optimised_if_cached"


@dataclass(frozen=True, order=True)
class Build:
    """One executable to find or make: a version (line `3.13` or exact `3.13.5`) and its kind."""

    version: str
    free_threaded: bool

    @property
    def name(self) -> str:
        """As uv and people spell it: `3.13`, `3.13t`."""
        return self.version + ("t" if self.free_threaded else "")

    @property
    def line(self) -> str:
        """The version line, `3.13` for `3.13.5`."""
        return ".".join(self.version.split(".")[:2])

    def accepts(self, version: str) -> bool:
        """Whether an interpreter of that version (`3.13.5`, `3.13.0rc1`) is what was asked for."""
        return re.match(re.escape(self.version) + r"(?!\d)", version) is not None


@dataclass(frozen=True)
class Arm:
    """A build with its GIL setting."""

    name: str
    build: Build
    gil: bool

    @property
    def flags(self) -> tuple[str, ...]:
        """Interpreter options that set the GIL.

        Without it a free-threaded build gets none: `-X gil=0` would hide an extension module that
        needs the GIL, and run it unprotected.
        """
        return ("-X", "gil=1") if self.build.free_threaded and self.gil else ()


@dataclass(frozen=True)
class Request:
    """Arms and the ways to supply them; made by `request_from`."""

    arms: tuple[Arm, ...]
    provider: ProviderName
    paths: Mapping[Build, Path]
    tarball: Path | None
    build_kind: BuildKind
    requirements: tuple[str, ...]

    @property
    def builds(self) -> tuple[Build, ...]:
        """The distinct executables behind the arms, in the order of the arms."""
        return tuple(dict.fromkeys(arm.build for arm in self.arms))


def request_from(value: Mapping[str, Any]) -> Request:
    """Parse {arms, provider, paths, tarball, build, requirements}; only `arms` must be there.

    Raises `UserError` that names the key of the config.
    """
    arms = tuple(_arm_from(arm) for arm in value["arms"])
    paths = _paths_by_build(arms, value.get("paths") or {})
    provider = _chosen("interpreters.provider", ProviderName, value.get("provider", "auto"))
    if paths and provider in {ProviderName.UV, ProviderName.SOURCE}:
        raise UserError(
            f"interpreters.paths names executables, but provider {provider} does not use them",
            where="interpreters.provider",
            hint="set the provider to given, or remove interpreters.paths",
        )
    tarball = value.get("tarball")
    return Request(
        arms=arms,
        provider=provider,
        paths=paths,
        tarball=Path(tarball).expanduser() if tarball else None,
        build_kind=_chosen("interpreters.build", BuildKind, value.get("build", "optimised")),
        requirements=_requirements_from(value.get("requirements") or ()),
    )


def _arm_from(value: Mapping[str, Any]) -> Arm:
    name, version = str(value["name"]), str(value["version"])
    if not _VERSION.fullmatch(version):
        raise UserError(
            f"arm {name}: {version!r} is not a Python version",
            where="interpreters.arms",
            hint="write a line such as '3.13' or an exact version such as '3.13.5', in quotes",
        )
    build = Build(version, free_threaded=bool(value["free_threaded"]))
    if not build.free_threaded and not value["gil"]:
        raise UserError(
            f"arm {name}: a standard build cannot run without its GIL",
            where="interpreters.arms",
            hint=f"ask for the free-threaded build, {version}t",
        )
    return Arm(name, build, gil=bool(value["gil"]))


def _requirements_from(value: Sequence[object]) -> tuple[str, ...]:
    """Each once and in order, so that the same requirements are pinned once."""
    texts = {str(entry).strip() for entry in value}
    for text in texts:
        if not _REQUIREMENT.fullmatch(text):
            raise UserError(
                f"{text!r} is not a requirement",
                where="requirements",
                hint="write it as for pip, such as 'rapidfuzz' or 'polars==1.2'",
            )
    return tuple(sorted(texts))


def _chosen(key: str, choices: type[_Choice], value: object) -> _Choice:
    try:
        return choices(str(value))
    except ValueError:
        raise UserError(
            f"{value!r} is not a choice here", where=key, hint=f"use one of: {', '.join(choices)}"
        ) from None


def _paths_by_build(arms: Sequence[Arm], given: Mapping[str, Any]) -> Mapping[Build, Path]:
    """Paths under the names of builds or arms; two names of one build must agree."""
    builds = {arm.build.name: arm.build for arm in arms} | {arm.name: arm.build for arm in arms}
    paths: dict[Build, Path] = {}
    for name, value in given.items():
        build = builds.get(str(name))
        if build is None:
            raise UserError(
                f"a path is given for {name!r}, which no arm uses",
                where=f"interpreters.paths.{name}",
                hint=f"use one of: {', '.join(sorted(builds))}",
            )
        path = Path(str(value)).expanduser()
        if paths.setdefault(build, path) != path:
            raise UserError(
                f"two paths are given for {build.name}: {paths[build]} and {path}",
                where=f"interpreters.paths.{name}",
                hint="give one; arms of the same build share its executable",
            )
    return paths


def fingerprints(named: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 (hex) of each file that a config names, by config key, links resolved.

    Cheap enough for every start of the workflow; a changed interpreter changes its fingerprint.
    Raises `UserError` for a path that is not a readable file.
    """
    found = {}
    for key, path in named.items():
        try:
            found[key] = sha256_file(Path(path).expanduser())
        except OSError as error:
            raise UserError(
                f"{path} cannot be read ({error.strerror})",
                where=key,
                hint="name a file that is there, or remove the key",
            ) from None
    return found
