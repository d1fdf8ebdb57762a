"""Are the arms comparable? Same release, compiler, flags and libraries, or a named threat."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from threads_or_processes.common.files import canonical_json
from threads_or_processes.records.interpreter import (
    PARITY_SCHEMA_VERSION,
    Identity,
    Parity,
    ParityCheck,
)

# What --disable-gil itself changes, and options that change no code of the interpreter.
_FREE_THREADING = ("--disable-gil", "-DPy_GIL_DISABLED", "-DPy_GIL_DISABLED=1")
_HARMLESS = ("ensurepip", "suffix", "prefix", "test-modules", "static-libpython", "pkg-config")


@dataclass(frozen=True)
class Property:
    """Something that must agree: how it is read from an identity, and why it matters."""

    name: str
    read: Callable[[Identity], str | bool]
    consequence: str
    is_of_each_line: bool = False
    """Whether builds of 3.13 must agree, and those of 3.14, but not all of them."""


def _compared_cflags(identity: Identity) -> str:
    return " ".join(flag for flag in identity["cflags"].split() if flag not in _FREE_THREADING)


def _compared_options(identity: Identity) -> str:
    options = (o for o in shlex.split(identity["config_args"]) if o.startswith("--"))
    return " ".join(
        sorted(
            o for o in options if o not in _FREE_THREADING and not any(h in o for h in _HARMLESS)
        )
    )


def _listed_libraries(identity: Identity) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(identity["libraries"].items()))


PROPERTIES = (
    Property(
        *("version", lambda i: i["version"], "a difference may come from the version"),
        is_of_each_line=True,
    ),
    Property("compiler", lambda i: i["compiler"], "a difference may come from the compiler"),
    Property("cflags", _compared_cflags, "a difference may come from the compiler's flags"),
    Property("options", _compared_options, "a difference may come from the build's options"),
    Property(
        "pgo", lambda i: i["pgo"], "profile-guided optimisation alone can make the difference"
    ),
    Property("lto", lambda i: i["lto"], "link-time optimisation alone can make the difference"),
    Property("debug", lambda i: i["debug"], "a debug build is several times slower"),
    Property("libraries", _listed_libraries, "the code run is not the same"),
)


def compare(identities: Sequence[Identity]) -> Parity:
    """The content of `parity.json`: a check for each property, a verdict, a sentence a mismatch."""
    checks = [_check(prop, identities) for prop in PROPERTIES]
    threats = [
        _threat(prop, check["values"])
        for prop, check in zip(PROPERTIES, checks, strict=True)
        if not check["equal"]
    ]
    return {
        "schema_version": PARITY_SCHEMA_VERSION,
        "verdict": "mismatch" if threats else "match",
        "checks": checks,
        "threats": threats,
    }


def _check(prop: Property, identities: Sequence[Identity]) -> ParityCheck:
    together: dict[str, set[str]] = {}
    for identity in identities:
        line = identity["version"].rpartition(".")[0] if prop.is_of_each_line else ""
        together.setdefault(line, set()).add(canonical_json(prop.read(identity)))
    return {
        "field": prop.name,
        "values": {identity["arm"]: prop.read(identity) for identity in identities},
        "equal": all(len(values) <= 1 for values in together.values()),
    }


def _threat(prop: Property, values: Mapping[str, str | bool]) -> str:
    listed = "; ".join(f"{arm}: {_shown(value)}" for arm, value in values.items())
    return f"The builds differ in {prop.name} ({listed}): {prop.consequence}."


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "none"
