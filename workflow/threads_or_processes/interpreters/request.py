"""What is asked for: arms, and where their interpreters may come from."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import sha256_file
from threads_or_processes.records.interpreter import (
    BuildKind,
    InterpreterRequest,
    ProviderName,
)
from threads_or_processes.records.plan import Arm

_VERSION = re.compile(r"3\.\d+(\.\d+)?")
# A distribution's name (PEP 508), and the rest of the line; so no option of an installer.
_REQUIREMENT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(?![\w.-])[^\n\r]*")


@dataclass(frozen=True, order=True)
class Build:
    """One executable to find or make: a version (line `3.13` or exact `3.13.5`) and its kind.

    A later `compilation` of the same has another link order.
    """

    version: str
    free_threaded: bool
    compilation: int = 1

    @property
    def name(self) -> str:
        """As uv and people spell it: `3.13`, `3.13t`; a later compilation is `3.13t-2`."""
        again = f"-{self.compilation}" if self.compilation > 1 else ""
        return f"{self.version}{'t' if self.free_threaded else ''}{again}"

    @property
    def line(self) -> str:
        """The version line, `3.13` for `3.13.5`."""
        return ".".join(self.version.split(".")[:2])

    def accepts(self, version: str) -> bool:
        """Whether an interpreter of that version (`3.13.5`, `3.13.0rc1`) is what was asked for."""
        return re.match(re.escape(self.version) + r"(?!\d)", version) is not None


def build_of(arm: Arm) -> Build:
    """The build that an arm runs."""
    return Build(arm.version, free_threaded=arm.free_threaded, compilation=arm.compilation)


def flags_of(arm: Arm) -> tuple[str, ...]:
    """Interpreter options that set an arm's GIL.

    A free-threaded build without its GIL gets none: `-X gil=0` would hide an extension module that
    needs the GIL, and run it unprotected.
    """
    return ("-X", "gil=1") if arm.free_threaded and arm.gil else ()


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
        return tuple(dict.fromkeys(map(build_of, self.arms)))

    @property
    def is_compiled(self) -> bool:
        """Whether only compiling here supplies it: nobody else has another link order."""
        return any(build.compilation > 1 for build in self.builds)


def request_from(asked: InterpreterRequest) -> Request:
    """Check what is asked for as a whole; `UserError` names the key of the config."""
    for arm in asked.arms:
        _check_arm(arm)
    paths = _paths_by_build(asked.arms, asked.paths)
    if paths and asked.provider not in {ProviderName.AUTO, ProviderName.GIVEN}:
        raise UserError(
            f"interpreters.paths names executables, but provider {asked.provider} does not use "
            "them",
            where="interpreters.provider",
            hint="set the provider to given, or remove interpreters.paths",
        )
    request = Request(
        arms=asked.arms,
        provider=asked.provider,
        paths=paths,
        tarball=_expanded(asked.tarball, "interpreters.tarball") if asked.tarball else None,
        build_kind=asked.build,
        requirements=_checked_requirements(asked.requirements),
    )
    is_of_others = asked.provider not in {ProviderName.AUTO, ProviderName.SOURCE}
    if request.is_compiled and (paths or is_of_others):
        raise UserError(
            "interpreters that are not compiled here have one compilation only",
            where="interpreters.compilations",
            hint="set interpreters.provider to source and remove interpreters.paths, or set "
            "compilations to 1",
        )
    return request


def _check_arm(arm: Arm) -> None:
    if not _VERSION.fullmatch(arm.version):
        raise UserError(
            f"build {arm.name}: {arm.version!r} is not a Python version",
            where="interpreters.arms",
            hint="write a line such as '3.13' or an exact version such as '3.13.5', in quotes",
        )
    if not arm.free_threaded and not arm.gil:
        raise UserError(
            f"build {arm.name}: a standard build cannot run without its GIL",
            where="interpreters.arms",
            hint=f"ask for the free-threaded build, {arm.version}t",
        )


def _checked_requirements(requirements: Sequence[str]) -> tuple[str, ...]:
    """Each once and in order, so that the same requirements are pinned once."""
    texts = {text.strip() for text in requirements}
    for text in texts:
        if not _REQUIREMENT.fullmatch(text):
            raise UserError(
                f"{text!r} is not a requirement",
                where="requirements",
                hint="write it as for pip, such as 'rapidfuzz' or 'polars==1.2'",
            )
    return tuple(sorted(texts))


def _paths_by_build(arms: Sequence[Arm], given: Mapping[str, str]) -> Mapping[Build, Path]:
    """Paths under the names of builds or arms; two names of one build must agree."""
    by_arm = {arm.name: build_of(arm) for arm in arms}
    builds = {build.name: build for build in by_arm.values()} | by_arm
    paths: dict[Build, Path] = {}
    for name, value in given.items():
        build = builds.get(name)
        if build is None:
            raise UserError(
                f"a path is given for {name!r}, which is not used",
                where=f"interpreters.paths.{name}",
                hint=f"use one of: {', '.join(sorted(builds))}",
            )
        path = _expanded(value, f"interpreters.paths.{name}")
        if paths.setdefault(build, path) != path:
            raise UserError(
                f"two paths are given for {build.name}: {paths[build]} and {path}",
                where=f"interpreters.paths.{name}",
                hint="give one; a free-threaded build has one executable, with its GIL on or off",
            )
    return paths


def _expanded(path: str, key: str) -> Path:
    """A path of the config, its `~` replaced."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UserError(
            f"{path} is below a home that does not exist", where=key, hint="write the whole path"
        ) from None


def fingerprints(
    named: Mapping[str, str], sha256_of: Callable[[Path], str] = sha256_file
) -> dict[str, str]:
    """SHA-256 (hex) of each file that a config names, by config key, links resolved.

    Of interpreters `sha256_of` is `program_sha256`. Cheap enough for every start of the workflow;
    a changed interpreter changes its fingerprint.
    Raises `UserError` for a path that is not a readable file.
    """
    found = {}
    for key, path in named.items():
        try:
            found[key] = sha256_of(_expanded(path, key))
        except OSError as error:
            raise UserError(
                f"{path} cannot be read ({_dangling(Path(path)) or error.strerror})",
                where=key,
                hint="name a file that is there, or remove the key",
            ) from None
    return found


def _dangling(path: Path) -> str:
    """Where a link leads whose target is gone, as in a venv whose Python was removed."""
    if not path.is_symlink() or path.exists():
        return ""
    return f"it links to {path.readlink()}, which is not there"
