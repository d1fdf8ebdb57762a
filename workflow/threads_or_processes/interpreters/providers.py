"""Where interpreters come from: the user's paths, uv's or conda-forge's builds, or a source.

The first provider that can supply all builds is taken, never a mixture. What it supplies is
verified, given the libraries of the arms, and identified.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.cache import get_or_make, is_finished, read_facts
from threads_or_processes.interpreters.environment import ARM_LOCK, find_uv, make_environment
from threads_or_processes.interpreters.identity import identify
from threads_or_processes.interpreters.inspection import check_gil_stays_off, verify_build
from threads_or_processes.interpreters.process import (
    CompletedCommand,
    Processes,
    Progress,
    network_environment,
)
from threads_or_processes.interpreters.request import Build, Request, build_of
from threads_or_processes.interpreters.requirements import pin
from threads_or_processes.interpreters.source_build import SourceProvider
from threads_or_processes.records.interpreter import Identity, ProviderName

# Where there is no network this must be known in seconds; a slow download may take its time.
# A user's own settings go first.
_IMPATIENCE = {"UV_HTTP_CONNECT_TIMEOUT": "5", "UV_HTTP_TIMEOUT": "15", "UV_HTTP_RETRIES": "0"}
_CONDA_IMPATIENCE = {
    f"{tool}_REMOTE_{setting}": value
    for tool in ("CONDA", "MAMBA")
    for setting, value in (("CONNECT_TIMEOUT_SECS", "5"), ("MAX_RETRIES", "0"))
}
_DOWNLOAD_TIMEOUT_S = 900.0
# What is said to come next where an earlier provider can't supply all.
_NEXT = {
    ProviderName.CONDA: "conda-forge is tried",
    ProviderName.SOURCE: "interpreters are taken from the cache, or compiled here",
}
_CONDA_TOOLS = ("micromamba", "mamba", "conda")  # the fastest first; they share these options
_CONDA_CREATE = ("create", "--yes", "--quiet", "--override-channels", "--channel", "conda-forge")


class CannotSupplyError(Exception):
    """Not all that is asked for can be supplied this way; the text is the reason."""


class Provider(Protocol):
    """A source of interpreters."""

    @property
    def name(self) -> ProviderName:
        """Which one it is, as the config names it."""

    def supply(self, builds: Sequence[Build]) -> Mapping[Build, Path]:
        """The executables of all builds, or `CannotSupplyError`; never of some of them."""


@dataclass(frozen=True)
class LocalPaths:
    """Takes executables from the config; they are verified afterwards like all others."""

    paths: Mapping[Build, Path]
    name: ProviderName = ProviderName.GIVEN

    def supply(self, builds: Sequence[Build]) -> Mapping[Build, Path]:
        """The named executables; `UserError` when some are named and others are not."""
        if not self.paths:
            raise CannotSupplyError("interpreters.paths names none")
        unnamed = [build.name for build in builds if build not in self.paths]
        if unnamed:
            raise UserError(
                f"interpreters.paths names no executable for {', '.join(unnamed)}",
                where="interpreters.paths",
                hint="name one for every build, or none: builds of different "
                "origin are not compared",
            )
        return {build: self.paths[build].absolute() for build in builds}


@dataclass(frozen=True)
class UvBuilds:
    """Lets uv install interpreters into `cache`, apart from those the user manages with uv."""

    cache: Path
    uv: Path
    processes: Processes
    progress: Progress
    name: ProviderName = ProviderName.UV

    def supply(self, builds: Sequence[Build]) -> Mapping[Build, Path]:
        """Install all builds of a version together, once, so that they are of one patch level."""
        executables: dict[Build, Path] = {}
        for version in dict.fromkeys(build.version for build in builds):
            wanted = [build for build in builds if build.version == version]
            executables |= self._installed(wanted)
        return executables

    def _installed(self, builds: Sequence[Build]) -> Mapping[Build, Path]:
        names = [build.name for build in builds]

        def fill(entry: Path) -> Mapping[str, Any]:
            self.progress.say(f"{' and '.join(names)}: look for uv's managed builds")
            self._ask(["install", "--no-bin", *names], entry)
            return {name: self._find(name, entry) for name in names}

        entry = self.cache / "managed" / "+".join(names)
        if is_finished(entry):
            self.progress.say(f"{' and '.join(names)}: taken from the cache")
        get_or_make(entry, fill, on_wait=self.processes.check_open)
        return {build: Path(read_facts(entry)[build.name]) for build in builds}

    def _find(self, name: str, entry: Path) -> str:
        found = self._ask(["find", "--managed-python", "--no-project", name], entry)
        return found.stdout.strip()

    def _ask(self, command: Sequence[str], entry: Path) -> CompletedCommand:
        # uv breaks its messages into lines of that width.
        own = {"UV_PYTHON_INSTALL_DIR": str(entry), "COLUMNS": "10000"}
        env = network_environment(**own, **_waits(_IMPATIENCE))
        env.pop("UV_PYTHON_PREFERENCE", None)  # it contradicts --managed-python
        answer = self.processes.run(
            [str(self.uv), "python", *command], cwd=entry, env=env, timeout_s=_DOWNLOAD_TIMEOUT_S
        )
        if answer.status != 0:
            raise CannotSupplyError(_reason(answer))
        return answer


@dataclass(frozen=True)
class CondaBuilds:
    """Lets a conda tool make environments in `cache` from conda-forge, one for each build."""

    cache: Path
    processes: Processes
    progress: Progress
    name: ProviderName = ProviderName.CONDA

    @property
    def tool(self) -> str | None:
        """The program that makes them, if there is one on PATH."""
        return next(filter(None, map(shutil.which, _CONDA_TOOLS)), None)

    def supply(self, builds: Sequence[Build]) -> Mapping[Build, Path]:
        """The python of an environment for each build."""
        if self.tool is None:
            raise CannotSupplyError(f"none of {', '.join(_CONDA_TOOLS)} is on PATH")
        return {build: self._made(build, self.tool) for build in builds}

    def _made(self, build: Build, tool: str) -> Path:
        package = "python-freethreading" if build.free_threaded else "python"

        def fill(entry: Path) -> Mapping[str, Any]:
            self.progress.say(f"{build.name}: {Path(tool).name} looks for it on conda-forge")
            where = ["--prefix", str(entry / "environment"), f"{package}={build.version}"]
            answer = self.processes.run(
                [tool, *_CONDA_CREATE, *where],
                cwd=entry,
                env=network_environment(**_waits(_CONDA_IMPATIENCE)),
                timeout_s=_DOWNLOAD_TIMEOUT_S,
            )
            if answer.status != 0:
                raise CannotSupplyError(f"{build.name}: {_conda_reason(answer)}")
            return {}

        entry = self.cache / "conda" / build.name
        if is_finished(entry):
            self.progress.say(f"{build.name}: taken from the cache")
        get_or_make(entry, fill, on_wait=self.processes.check_open)
        return entry / "environment" / "bin" / "python"


def _waits(impatience: Mapping[str, str]) -> dict[str, str]:
    """How long a downloader waits for the network, where the user does not say."""
    return {name: os.environ.get(name, value) for name, value in impatience.items()}


def _conda_reason(answer: CompletedCommand) -> str:
    """The first line with an error; conda and mamba end with details of it, or with advice."""
    lines = [line.strip() for line in answer.stderr.splitlines() if line.strip()]
    at = next((number for number, line in enumerate(lines) if "error" in line.lower()), -2)
    # The lines after it say what it is about, such as the package that is not there.
    return " ".join(lines[at:][:3]) or f"it ended with {answer.status}"


def _reason(answer: CompletedCommand) -> str:
    """What uv failed at last, such as an address, and the innermost of the causes it lists."""
    lines = [line.strip() for line in answer.stderr.splitlines() if line.strip()]
    if not lines:
        return f"uv ended with {answer.status}"
    causes: list[str] = []
    for line in reversed(lines):
        if line.startswith("error: "):
            return ": ".join(dict.fromkeys(causes[-1:] + causes[:1])) or line[len("error: ") :]
        if line.startswith("cause: "):
            causes.append(line.removeprefix("cause: "))
    return lines[-1]


def provide(
    request: Request, cache: Path, progress: Progress, *, lock: Path = ARM_LOCK
) -> dict[str, Identity]:
    """The identity of every arm, by name, its interpreter and environment ready in `cache`.

    Raises `UserError` for what the user can fix; nothing half-made is left in use.
    """
    processes = Processes()
    try:
        uv = find_uv()
        candidates = providers(request, cache, uv, processes, progress)
        provider, executables = first_able(candidates, request.builds, progress)
        real = {
            build: verify_build(
                build,
                executables[build],
                _where(provider, build),
                processes,
                made_in=_entry_of(executables[build], cache),
            )
            for build in request.builds
        }
        progress.say("libraries: the same locked versions for every build")
        if request.requirements:
            progress.say(
                f"requirements: {', '.join(request.requirements)}; what has no wheel here is "
                "compiled, which can take minutes"
            )
        libraries = pin(
            request.requirements, real, lock=lock, cache=cache, uv=uv, processes=processes
        )
        environments = {
            build: make_environment(
                build, real[build], libraries=libraries, cache=cache, uv=uv, processes=processes
            )
            for build in request.builds
        }
        identities = {}
        for arm in request.arms:
            build = build_of(arm)
            if not arm.gil:
                python = environments[build].python
                back = check_gil_stays_off(build, python, _where(provider, build), processes, lock)
                if back:
                    progress.say(
                        f"warning: {', '.join(back)}, of your requirements, turns the GIL of "
                        f"{build.name} on; trials that import it end as wrong_gil"
                    )
            identities[arm.name] = identify(
                arm, provider, real[build], environments[build], processes
            )
        return identities
    finally:
        processes.close()


def providers(
    request: Request, cache: Path, uv: Path, processes: Processes, progress: Progress
) -> tuple[Provider, ...]:
    """The providers to try, in order. Paths, once given, are final."""
    given = LocalPaths(request.paths)
    managed = UvBuilds(cache, uv, processes, progress)
    conda = CondaBuilds(cache, processes, progress)
    source = SourceProvider(cache, request.tarball, request.build_kind, processes, progress)
    match request.provider:
        case ProviderName.GIVEN:
            return (given,)
        case ProviderName.UV:
            return (managed,)
        case ProviderName.CONDA:
            return (conda,)
        case ProviderName.SOURCE:
            return (source,)
        case ProviderName.AUTO:
            if request.is_compiled:
                return (source,)
            if request.paths:
                return (given,)
            return (managed, conda, source) if conda.tool else (managed, source)


def first_able(
    candidates: Sequence[Provider], builds: Sequence[Build], progress: Progress
) -> tuple[ProviderName, Mapping[Build, Path]]:
    """The first provider that can supply all builds; says why it passes one over, and what next."""
    reasons = []
    for provider, following in zip_longest(candidates, candidates[1:]):
        try:
            return provider.name, provider.supply(builds)
        except CannotSupplyError as reason:
            reasons.append(f"{provider.name}: {reason}")
            then = f"{_NEXT[following.name]}: " if following else ""
            progress.say(f"{then}provider {provider.name} cannot supply every build ({reason})")
    raise UserError(
        f"no provider can supply all interpreters ({'; '.join(reasons)})",
        where="interpreters.provider",
        hint="set the provider to auto, or name executables under interpreters.paths",
    )


def _entry_of(executable: Path, cache: Path) -> Path | None:
    """The folder that the cache made an interpreter in; None for one from elsewhere."""
    if not executable.is_relative_to(cache):
        return None
    return cache.joinpath(*executable.relative_to(cache).parts[:2])


def _where(provider: ProviderName, build: Build) -> str:
    if provider is ProviderName.GIVEN:
        return f"interpreters.paths.{build.name}"
    return f"{build.name} of provider {provider}"
