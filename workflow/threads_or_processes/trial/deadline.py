"""Trials that a run's budget leaves out: those that would begin later, and those named in a file.

The record of such a trial says only that, so that the steps after the trials can begin. The next
run removes such records and measures the trials.
"""

import os
import time
from pathlib import Path

from threads_or_processes.common.files import LEFT_OUT, write_bytes

#: In the environment of a run's processes: the end, in seconds of the system's monotonic clock.
_ENDS_S = "TRIALS_END_S"
#: Likewise: the file that names records, a line with the end of the path of each, if it is there.
_LEFT_OUT = "TRIALS_LEFT_OUT"


def begin(seconds: float, left_out: Path) -> None:
    """Set both for this process and those that it starts, unless they are set."""
    os.environ.setdefault(_ENDS_S, str(time.monotonic() + seconds))
    os.environ.setdefault(_LEFT_OUT, str(left_out.resolve()))


def left_s() -> float:
    """The seconds that are left for measuring; infinite without an end."""
    return float(os.environ.get(_ENDS_S, "inf")) - time.monotonic()


def is_over(record: Path) -> bool:
    """Whether a trial is to be left out."""
    if left_s() <= 0:
        return True
    file = Path(os.environ.get(_LEFT_OUT, os.devnull))
    if not file.is_file():
        return False
    return any(str(record).endswith(end) for end in file.read_text(encoding="utf-8").splitlines())


def leave_out(record: Path) -> None:
    """Note that a trial was not measured."""
    write_bytes(record, LEFT_OUT)
