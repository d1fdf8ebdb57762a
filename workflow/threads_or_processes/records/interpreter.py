"""The interpreters under test: what is asked for, what was found, and whether they compare."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final, Literal, NotRequired, TypedDict

from threads_or_processes.records.fields import Field
from threads_or_processes.records.plan import Arm
from threads_or_processes.records.trial import Sha256

IDENTITY_SCHEMA_VERSION: Final = 1
PARITY_SCHEMA_VERSION: Final = 1


class ProviderName(StrEnum):
    """Where interpreters come from; `auto` is the first that can supply all of them."""

    AUTO = "auto"
    GIVEN = "given"
    UV = "uv"
    CONDA = "conda"
    SOURCE = "source"


class BuildKind(StrEnum):
    """How the source provider compiles.

    `optimised_if_cached`: optimised builds when all of them are in the cache, else plain ones.
    """

    OPTIMISED = "optimised"
    PLAIN = "plain"
    OPTIMISED_IF_CACHED = "optimised_if_cached"


@dataclass(frozen=True, kw_only=True)
class InterpreterRequest:
    """What the pipeline asks of `threads_or_processes.interpreters`, as JSON."""

    arms: tuple[Arm, ...]
    provider: ProviderName = ProviderName.AUTO
    build: BuildKind = BuildKind.OPTIMISED
    paths: dict[str, str] = field(default_factory=dict)
    tarball: str | None = None
    requirements: tuple[str, ...] = ()


class Identity(TypedDict):
    """An arm as found: `interpreters/<arm>.json`."""

    schema_version: Literal[1]
    arm: str
    provider: ProviderName
    executable: NotRequired[
        Annotated[str, Field("python of the arm's environment; left out of archived data sets")]
    ]
    flags: Annotated[list[str], Field("interpreter options that set the GIL")]
    executable_sha256: Annotated[
        Sha256, Field("of the real executable, with its libpython if it has one")
    ]
    version: str
    implementation: str
    free_threaded_build: bool
    gil_enabled: Annotated[bool, Field("with the flags, after the libraries were imported")]
    compiler: str
    config_args: Annotated[str, Field("options of configure, without places of installation")]
    cflags: str
    optimisation: Literal["optimised", "plain"]
    pgo: bool
    lto: bool
    debug: bool
    libraries: Annotated[dict[str, str], Field("versions by name")]
    lock_sha256: Sha256
    identity_sha256: Annotated[Sha256, Field("of everything here but the executable's path")]


class ParityCheck(TypedDict):
    """One property of the interpreters, side by side."""

    field: str
    values: Annotated[dict[str, str | bool], Field("by arm")]
    equal: bool


class Parity(TypedDict):
    """Whether the arms differ in anything but what is asked: `interpreters/parity.json`."""

    schema_version: Literal[1]
    verdict: Literal["match", "mismatch"]
    checks: list[ParityCheck]
    threats: Annotated[list[str], Field("a sentence for each mismatch")]


def plain_arms(identities: Iterable[Identity]) -> list[str]:
    """The arms whose interpreters were built without optimisation."""
    return [one["arm"] for one in identities if one["optimisation"] == "plain"]


def without_place(identity: Identity) -> Identity:
    """An identity without the path at which the interpreter happens to lie."""
    kept = identity.copy()
    kept.pop("executable", None)
    return kept
