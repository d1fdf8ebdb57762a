"""Arms: an interpreter build with its GIL setting, spelled `3.13`, `3.13t` or `3.13t-gil`."""

import re

from threads_or_processes.common.errors import UserError
from threads_or_processes.records.plan import Arm

_SPELLING = re.compile(r"(?P<version>3\.\d+)(?P<free>t)?(?P<gil>-gil)?")


def parse_arm(name: str) -> Arm:
    """Read an arm's spelling; `UserError` when it is none."""
    match = _SPELLING.fullmatch(name)
    if match is None or (match["gil"] and not match["free"]):
        raise UserError(
            f"{name!r} is not an arm",
            where="config key arms",
            hint='write "3.13", "3.13t" or "3.13t-gil" (any 3.x version)',
        )
    free_threaded = match["free"] is not None
    return Arm(
        name=name,
        version=match["version"],
        free_threaded=free_threaded,
        gil=not free_threaded or match["gil"] is not None,
    )
