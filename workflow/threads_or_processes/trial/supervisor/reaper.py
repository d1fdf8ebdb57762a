"""The reaper of a trial: the parent of the measured process, which inherits what it leaves.

It outlives the measured process and the supervisor both, so that neither's death leaves anything:
it adopts the orphans of whatever daemonised itself (Linux), kills them all, removes their shared
memory and their folder. It sleeps while the trial runs.

It is forked from the supervisor, with all that it needs in memory: an interpreter of its own would
take 50 ms of CPU time to start, for every trial. A byte on the control pipe means "start it", the
next one "end it now". The end of the stream, which comes with the supervisor's own end too, means
"end it, and leave nothing". On the report pipe it writes the measured process's exit code, once
nothing of the trial runs any more, or why the system did not let it start that process. The end of
that stream is its own end.
"""

import contextlib
import ctypes
import errno
import os
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from threads_or_processes.trial.measured.proc import PROC, children, system_text

# Where the kernel looks first when memory runs out: at the measured side, not at the pipeline.
OUT_OF_MEMORY_SCORE = "500"
PR_SET_CHILD_SUBREAPER = 36
# A resource tracker ends by itself, once those it serves are gone: it unlinks their semaphores.
TRACKER_PATIENCE_S = 2.0
#: A process that was told to end or killed, and still is there, is not waited for any longer.
ENDS_WITHIN_S = 30.0
POLL_S = 0.002
POLITE = (
    *(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
)
# They begin a report that says why the measured process could not be started: the system refused
# it, or its program is broken.
REFUSED, BROKEN = "!", "?"
BREAKS = (errno.ENOEXEC, errno.ENOENT, errno.EACCES)
LONGEST_REPORT_BYTES = 512  # a pipe takes so many at once
# Begins the name of a trial's marker (leftovers.py).
MARKER = "marker."
# The variable of a trial's environment that holds how the names of its shared memory begin.
PREFIX_VARIABLE = "SHARED_MEMORY_PREFIX"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux keeps POSIX shared memory


@dataclass(frozen=True, kw_only=True)
class ReaperRequest:
    """What a reaper starts and answers for; `spec` is open for the process's standard input.

    Output and errors go to the open file `stderr`; `folder` is the working directory and is removed
    in the end; `shared_memory_prefix` begins the names of the trial's shared memory and semaphores.
    """

    command: list[str]
    environment: dict[str, str]
    folder: Path
    spec: int
    stderr: int
    pass_fds: tuple[int, ...]
    shared_memory_prefix: str


def fork_reaper(
    request: ReaperRequest, control: int, report: int, *, not_its: tuple[int, ...]
) -> int:
    """Fork a reaper that listens to `control` and writes to `report`; returns its process id.

    `not_its` are the supervisor's ends of its pipes. The machine's lock stays with the reaper,
    so that no other trial begins before this one is gone.
    """
    return fork(lambda: _live(request, control, report, not_its))


def fork(live: Callable[[], NoReturn]) -> int:
    """Fork a child that lives by a function, and ends when a pipe closes; returns its process id.

    A polite request to end is for this process alone. In the child, it must not come between the
    end of a trial and the tidying up, nor while it waits for its next task.
    """
    with postponed(POLITE):  # Python drops what is raised while its hooks of a fork run
        pid = os.fork()
        if pid == 0:
            for number in POLITE:
                signal.signal(number, lambda *_: None)
            live()
    return pid


@contextlib.contextmanager
def postponed(numbers: Collection[int]) -> Iterator[None]:
    """Postpone signals, where what a handler raises would be lost or leave something behind."""
    arrived: list[int] = []
    handlers = {
        number: signal.signal(number, lambda received, _: arrived.append(received))
        for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for number in arrived:
        signal.raise_signal(number)


def _live(request: ReaperRequest, control: int, report: int, not_its: tuple[int, ...]) -> NoReturn:
    try:
        os.setsid()  # an interrupt at the terminal is for the supervisor
        for end in not_its:
            os.close(end)
        _keep(request, control, report)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    finally:
        os._exit(0)


def _keep(request: ReaperRequest, control: int, report: int) -> None:
    """Keep one request until nothing is left of it."""
    adopts = adopt_orphans()
    try:
        if os.read(control, 1):
            try:
                words = str(_run(request, control, adopts=adopts))
            except OSError as error:
                words = f"{BROKEN if error.errno in BREAKS else REFUSED}{error}"
            end_children()
            with contextlib.suppress(BrokenPipeError):  # the supervisor has ended
                os.write(report, words.encode(errors="replace")[:LONGEST_REPORT_BYTES])
            while os.read(control, 1):  # the supervisor still reads what lies in the folder
                pass
    finally:
        end_children()
        unlink_shared_memory(request.shared_memory_prefix)
        shutil.rmtree(request.folder, ignore_errors=True)


def _run(request: ReaperRequest, control: int, *, adopts: bool) -> int:
    """Start the measured process and wait until it ends or has to; returns its exit code."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    measured = subprocess.Popen(
        request.command,
        stdin=request.spec,
        stdout=request.stderr,
        stderr=request.stderr,
        env=request.environment,
        cwd=request.folder,
        pass_fds=request.pass_fds,
        start_new_session=True,
    )
    for end in request.pass_fds:
        os.close(end)
    with contextlib.suppress(OSError):
        (PROC / str(measured.pid) / "oom_score_adj").write_text(OUT_OF_MEMORY_SCORE)
    while measured.poll() is None:
        ready, _, _ = select.select([control, woken], [], [])
        if control in ready:
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
    for pattern in (f"{prefix}*", f"sem.{prefix}*", f"{MARKER}{prefix}"):
        for segment in SHARED_MEMORY.glob(pattern):
            if segment.is_dir():
                shutil.rmtree(segment, ignore_errors=True)
            else:
                segment.unlink(missing_ok=True)


def adopt_orphans(*, adopt: bool = True) -> bool:
    """Become the parent of every descendant whose own parent ends; whether the system can that."""
    if sys.platform != "linux":
        return False
    failure: int = ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)
    return not failure


def end_children(spared: Collection[int] = ()) -> None:
    """Kill and reap this process's children but those spared, until none of the others is left.

    Where orphans are adopted, whoever loses its parent to this becomes a child and is next. Only
    children that were not yet reaped are killed, so their numbers can't have gone to strangers.
    """
    patient_until_s = time.monotonic() + TRACKER_PATIENCE_S
    while left := set(map(int, children("self"))).difference(spared):
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if time.monotonic() > patient_until_s or not _is_tracker(pid):
                    os.kill(pid, signal.SIGKILL)
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(POLL_S)


def _is_tracker(pid: int) -> bool:
    """Whether this is the resource tracker of multiprocess, multiprocessing or loky."""
    return "resource_tracker import main" in system_text(PROC / str(pid) / "cmdline")
