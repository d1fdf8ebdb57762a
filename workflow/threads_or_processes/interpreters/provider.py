"""The protocol that every way of getting interpreters follows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from threads_or_processes.interpreters.request import Build, ProviderName


class CannotSupplyError(Exception):
    """Not all that is asked for can be supplied this way; the text is the reason."""


class Provider(Protocol):
    """A source of interpreters."""

    @property
    def name(self) -> ProviderName:
        """Which one it is, as the config names it."""

    def supply(self, builds: Sequence[Build]) -> Mapping[Build, Path]:
        """The executables of all builds, or `CannotSupplyError`; never of some of them."""
