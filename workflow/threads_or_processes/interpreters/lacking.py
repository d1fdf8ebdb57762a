"""Which interpreters a run has to download or compile first; needs no network."""

from collections.abc import Sequence
from pathlib import Path

from threads_or_processes.interpreters.cache import is_finished
from threads_or_processes.interpreters.request import Build, Request
from threads_or_processes.records.interpreter import BuildKind, ProviderName


def lacking(request: Request, cache: Path) -> Sequence[Build]:
    """The builds that the cache does not hold, where this project supplies them.

    Builds of another source or compiler count as held: to tell them apart takes seconds.
    """
    is_auto = request.provider == ProviderName.AUTO and not request.paths
    if not (is_auto or request.provider == ProviderName.SOURCE):
        return ()

    def lacking_of(kind: BuildKind) -> Sequence[Build]:
        return [one for one in request.builds if not _holds(cache, f"builds/{one.name}-{kind}-*")]

    match request.build_kind:
        case BuildKind.OPTIMISED_IF_CACHED:
            missing = lacking_of(BuildKind.OPTIMISED) and lacking_of(BuildKind.PLAIN)
        case kind:
            missing = lacking_of(kind)
    # uv's are kept by version, conda-forge's by build.
    by_others = ("managed/{0.version}*", "conda/{0.name}") if is_auto else ()
    return [
        one for one in missing if not any(_holds(cache, form.format(one)) for form in by_others)
    ]


def _holds(cache: Path, pattern: str) -> bool:
    return any(map(is_finished, cache.glob(pattern)))
