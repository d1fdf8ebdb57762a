"""What our own pipeline does beside a trial: nothing, or it is known how much.

Snakemake tidies up after one job while the next already runs. So the supervisor waits until the
processes that started it are idle, and counts what they use while the trial runs.
"""

import contextlib
import os
import time
from collections.abc import Sequence

from threads_or_processes.trial.measured.proc import PROC, process_stat, thread_states

# A process that tidies up uses a CPU, or waits for one or for a disk: five milliseconds tell.
WINDOW_S = 0.005
# Less than this in a window is idle: waking up to look at a pipe costs some microseconds.
IDLE_NS = 100_000
BUSY_STATES = frozenset("RD")
MOST_PATIENCE_S = 10.0


def ancestors() -> list[int]:
    """The processes above this one, nearest first, up to but without the first of the system."""
    found = []
    pid = os.getppid()
    while pid > 1:
        found.append(pid)
        stat = process_stat(PROC / str(pid))
        pid = stat.parent if stat else 0
    return found


def cpu_ns(pids: Sequence[int]) -> int:
    """CPU time that these processes have used since they were born, all threads; 0 if unknown."""
    total = 0
    for pid in pids:
        # The clock of another process, as clock_getcpuclockid(3) spells it on Linux.
        with contextlib.suppress(OSError):
            total += time.clock_gettime_ns((~pid << 3) | 2)
    return total


def await_idle(pids: Sequence[int], patience_s: float = MOST_PATIENCE_S) -> int:
    """Wait until these processes are idle for a window; returns how long that took, in ns."""
    begun = time.monotonic_ns()
    used = cpu_ns(pids)
    while time.monotonic_ns() - begun < patience_s * 1e9:
        time.sleep(WINDOW_S)
        now = cpu_ns(pids)
        if now - used < IDLE_NS and not any(thread_states(str(pid)) & BUSY_STATES for pid in pids):
            break
        used = now
    return time.monotonic_ns() - begun
