"""Arms: an interpreter build with its GIL setting, spelled `3.13`, `3.13t` or `3.13t-gil`."""

import re
from dataclasses import asdict, dataclass
from typing import Any

from threads_or_processes.common.errors import UserError

_SPELLING = re.compile(r"(?P<version>3\.\d+)(?P<free>t)?(?P<gil>-gil)?")


@dataclass(frozen=True)
class Arm:
    """One arm; `gil` is whether the interpreter runs with its GIL."""

    name: str
    version: str
    free_threaded: bool
    gil: bool

    @classmethod
    def parse(cls, name: str) -> "Arm":
        """Read an arm's spelling; `UserError` when it is none."""
        match = _SPELLING.fullmatch(name)
        if match is None or (match["gil"] and not match["free"]):
            raise UserError(
                f"{name!r} is not an arm",
                where="config key arms",
                hint='write "3.13", "3.13t" or "3.13t-gil" (any 3.x version)',
            )
        free_threaded = match["free"] is not None
        return cls(
            name=name,
            version=match["version"],
            free_threaded=free_threaded,
            gil=not free_threaded or match["gil"] is not None,
        )

    @property
    def build(self) -> str:
        """The build that the arm runs on: `3.13t` for `3.13t-gil`."""
        return self.name.removesuffix("-gil")

    def as_record(self) -> dict[str, Any]:
        """The arm as it stands in the plan's file."""
        return asdict(self)
