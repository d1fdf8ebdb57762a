"""Interpreters that the user names under `interpreters.paths`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import sha256_file
from threads_or_processes.interpreters.provider import CannotSupplyError
from threads_or_processes.interpreters.request import Build, ProviderName


@dataclass(frozen=True)
class GivenProvider:
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
                hint="name one for every build of the arms, or none: builds of different "
                "origin are not compared",
            )
        return {build: self.paths[build].absolute() for build in builds}


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
