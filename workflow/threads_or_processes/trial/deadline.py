"""When measuring ends. A trial that would begin later is left out, and its record says only that.

So the steps after the trials can begin. The next run removes such records and measures the trials.
"""

import os
import time
from pathlib import Path

from threads_or_processes.common.files import LEFT_OUT, write_bytes

#: In the environment of a run's processes: the end, in seconds of the system's monotonic clock.
_ENDS_S = "TRIALS_END_S"


def end_measuring_in(seconds: float) -> None:
    """Set the end for this process and those that it starts, unless it is set."""
    os.environ.setdefault(_ENDS_S, str(time.monotonic() + seconds))


def left_s() -> float:
    """The seconds that are left for measuring; infinite without an end."""
    return float(os.environ.get(_ENDS_S, "inf")) - time.monotonic()


def leave_out(record: Path) -> None:
    """Note that a trial was not measured."""
    write_bytes(record, LEFT_OUT)
