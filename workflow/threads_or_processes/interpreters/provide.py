"""From a request to identified interpreters: choose a provider, verify, furnish, identify."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.environment import ARM_LOCK, find_uv, make_environment
from threads_or_processes.interpreters.given import GivenProvider
from threads_or_processes.interpreters.identity import Identity, identify
from threads_or_processes.interpreters.inquiry import check_gil_stays_off, check_is
from threads_or_processes.interpreters.managed import ManagedProvider
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.progress import Progress
from threads_or_processes.interpreters.provider import CannotSupplyError, Provider
from threads_or_processes.interpreters.request import Build, ProviderName, Request
from threads_or_processes.interpreters.requirements import pin
from threads_or_processes.interpreters.source import SourceProvider


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
            build: check_is(build, executables[build], _where(provider, build), processes)
            for build in request.builds
        }
        progress.say("libraries: the same locked versions for every arm")
        if request.requirements:
            progress.say(
                f"requirements: {', '.join(request.requirements)}; what has no wheel for an arm is "
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
        for arm in request.arms:
            if not arm.gil:
                python = environments[arm.build].python
                check_gil_stays_off(arm.build, python, _where(provider, arm.build), processes)
        return {
            arm.name: identify(arm, provider, real[arm.build], environments[arm.build], processes)
            for arm in request.arms
        }
    finally:
        processes.close()


def providers(
    request: Request, cache: Path, uv: Path, processes: Processes, progress: Progress
) -> tuple[Provider, ...]:
    """The providers to try, in order. Paths, once given, are final."""
    given = GivenProvider(request.paths)
    managed = ManagedProvider(cache, uv, processes, progress)
    source = SourceProvider(cache, request.tarball, request.build_kind, processes, progress)
    match request.provider:
        case ProviderName.GIVEN:
            return (given,)
        case ProviderName.UV:
            return (managed,)
        case ProviderName.SOURCE:
            return (source,)
        case ProviderName.AUTO:
            return (given,) if request.paths else (managed, source)


def first_able(
    candidates: Sequence[Provider], builds: Sequence[Build], progress: Progress
) -> tuple[ProviderName, Mapping[Build, Path]]:
    """The first provider that can supply all builds; says why when it passes one over."""
    reasons = []
    for provider in candidates:
        try:
            return provider.name, provider.supply(builds)
        except CannotSupplyError as reason:
            reasons.append(f"{provider.name}: {reason}")
            progress.say(f"provider {provider.name} cannot supply every build ({reason})")
    raise UserError(
        f"no interpreters could be had ({'; '.join(reasons)})",
        where="interpreters.provider",
        hint="set the provider to auto, or name executables under interpreters.paths",
    )


def _where(provider: ProviderName, build: Build) -> str:
    if provider is ProviderName.GIVEN:
        return f"interpreters.paths.{build.name}"
    return f"{build.name} of provider {provider}"
