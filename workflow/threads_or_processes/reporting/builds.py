"""The interpreters that were measured, and whether they may be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import read_json
from threads_or_processes.records.plan import Arm
from threads_or_processes.reporting.formatting import plain


@dataclass(frozen=True, kw_only=True)
class Build:
    """The identity of an arm: `record` holds all of it but the path it happens to lie at."""

    arm: str
    version: str
    implementation: str
    free_threaded: bool
    optimised: bool
    record: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ParityCheck:
    """One property of the builds, side by side."""

    field: str
    values: Mapping[str, Any]
    equal: bool


@dataclass(frozen=True, kw_only=True)
class Parity:
    """Whether the builds differ in anything but what is being asked."""

    matches: bool
    checks: tuple[ParityCheck, ...]
    threats: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Builds:
    """The interpreters of a campaign, in the order of its arms."""

    builds: tuple[Build, ...]
    parity: Parity

    def of(self, arm: str) -> Build:
        """The build of an arm."""
        return next(build for build in self.builds if build.arm == arm)


def parse_build(record: Mapping[str, Any]) -> Build:
    """A build from interpreters/<arm>.json; the path of the executable is no part of it."""
    return Build(
        arm=record["arm"],
        version=plain(record["version"], 40),
        implementation=plain(record["implementation"], 40),
        free_threaded=bool(record["free_threaded_build"]),
        optimised=record["optimisation"] == "optimised",
        record={key: value for key, value in record.items() if key != "executable"},
    )


def parse_parity(record: Mapping[str, Any]) -> Parity:
    """A parity verdict from interpreters/parity.json."""
    return Parity(
        matches=record["verdict"] == "match",
        checks=tuple(
            ParityCheck(field=check["field"], values=check["values"], equal=check["equal"])
            for check in record["checks"]
        ),
        threats=tuple(plain(threat, limit=400) for threat in record["threats"]),
    )


def read_builds(folder: Path, arms: Sequence[Arm]) -> Builds:
    """Read the identity of every arm and the parity verdict from `interpreters/`."""
    path = folder
    try:
        builds = []
        for arm in arms:
            path = folder / f"{arm.name}.json"
            builds.append(parse_build(read_json(path)))
        path = folder / "parity.json"
        return Builds(builds=tuple(builds), parity=parse_parity(read_json(path)))
    except (KeyError, TypeError) as error:
        raise UserError(
            f"an interpreter's identity lacks what the report needs ({error})",
            where=str(path),
            hint="delete the file and run snakemake again; it will be made anew",
        ) from None
