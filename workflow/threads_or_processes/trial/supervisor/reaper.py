"""The guardian of a trial: the parent of the measured process, and the heir of what it leaves.

It outlives the measured process and the supervisor both, so that neither's death leaves anything:
it adopts the orphans of whatever daemonised itself (Linux), kills them all, removes their shared
memory and their folder. It sleeps while the trial runs.

Its standard input is the supervisor's hand: first the `Charge` as JSON, after its length; then a
byte means "end it now", and the end of the stream, which comes with the supervisor's own end too,
"end it, and leave nothing". On standard output it reports, once nothing of the trial runs any more.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import struct
import subprocess
from pathlib import Path
from typing import TypedDict

from threads_or_processes.trial.supervisor.descendants import adopt_orphans, end_children

HAND = 0
REPORT = 1
LENGTH = struct.Struct("Q")
# Where the kernel looks first when memory runs out: at the measured side, not at the pipeline.
OUT_OF_MEMORY_SCORE = "500"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux keeps POSIX shared memory


class Charge(TypedDict):
    """What a guardian starts and answers for; `order` is a file for the process's standard input.

    Output and errors go to the file `stderr`; `folder` is the working directory and is removed in
    the end; `shared_memory_prefix` begins the names of the trial's shared memory and semaphores.
    """

    command: list[str]
    environment: dict[str, str]
    folder: str
    order: str
    stderr: str
    pass_fds: list[int]
    shared_memory_prefix: str


class Report(TypedDict):
    """How the measured process ended: a negative `exit_code` is a signal's number."""

    exit_code: int


def main() -> None:
    """Keep one charge from its start until nothing is left of it."""
    charge = _received_charge()
    if charge is None:
        return  # the supervisor ended before it had anything to give
    # A polite request to end must not come between the end of the trial and the tidying up.
    signal.signal(signal.SIGTERM, lambda *_: None)
    adopts = adopt_orphans()
    try:
        exit_code = _run(charge, adopts=adopts)
        end_children()
        with contextlib.suppress(BrokenPipeError):  # the supervisor has ended
            os.write(REPORT, json.dumps(Report(exit_code=exit_code)).encode())
        os.close(REPORT)
        while os.read(HAND, 4096):  # the supervisor still reads what lies in the folder
            pass
    finally:
        end_children()
        unlink_shared_memory(charge["shared_memory_prefix"])
        shutil.rmtree(charge["folder"], ignore_errors=True)


def _run(charge: Charge, *, adopts: bool) -> int:
    """Start the measured process and wait until it ends or has to; returns its exit code."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with Path(charge["order"]).open("rb") as order, Path(charge["stderr"]).open("wb") as stderr:
        measured = subprocess.Popen(
            charge["command"],
            stdin=order,
            stdout=stderr,
            stderr=stderr,
            env=charge["environment"],
            cwd=charge["folder"],
            pass_fds=charge["pass_fds"],
            start_new_session=True,
        )
    for end in charge["pass_fds"]:
        os.close(end)
    with contextlib.suppress(OSError):
        Path(f"/proc/{measured.pid}/oom_score_adj").write_text(OUT_OF_MEMORY_SCORE)
    while measured.poll() is None:
        ready, _, _ = select.select([HAND, woken], [], [])
        if HAND in ready:
            measured.kill()
            break
        os.read(woken, 512)
    if not adopts:
        # Its orphans went to another parent; its process group is all that can be reached.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(measured.pid, signal.SIGKILL)
    return measured.wait()


def unlink_shared_memory(prefix: str) -> None:
    """Remove all files, folders and semaphores there whose names begin with a trial's prefix."""
    for pattern in (f"{prefix}*", f"sem.{prefix}*"):
        for segment in SHARED_MEMORY.glob(pattern):
            if segment.is_dir():
                shutil.rmtree(segment, ignore_errors=True)
            else:
                segment.unlink(missing_ok=True)


def _received_charge() -> Charge | None:
    header = _read(LENGTH.size)
    content = _read(LENGTH.unpack(header)[0]) if len(header) == LENGTH.size else b""
    charge: Charge | None = json.loads(content) if content else None
    return charge


def _read(size: int) -> bytes:
    """`size` bytes from the supervisor; fewer if it has ended."""
    content = b""
    while len(content) < size and (part := os.read(HAND, size - len(content))):
        content += part
    return content


if __name__ == "__main__":
    main()
