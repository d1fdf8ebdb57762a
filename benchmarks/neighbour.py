"""A declared neighbour: a busy loop on each CPU that comes and goes, as other programs do."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence

#: Neighbours of a shared machine stay for 0.1 s to several seconds.
MEAN_S = 1.0


@contextlib.contextmanager
def neighbours_on(cpus: Sequence[int]) -> Iterator[None]:
    """One on each of `cpus`, there for half of the time, each at times of its own."""
    children = [_start(cpu) for cpu in cpus]
    try:
        yield
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _start(cpu: int) -> int:
    child = os.fork()
    if child == 0:
        try:
            os.sched_setaffinity(0, {cpu})
            _come_and_go(random.Random(cpu))  # noqa: S311 - a design, not a secret
        finally:
            os._exit(0)
    return child


def _come_and_go(draw: random.Random) -> None:
    """Busy and asleep in turns, each for an exponential time, until killed."""
    while True:
        end_s = time.monotonic() + draw.expovariate(1 / MEAN_S)
        while time.monotonic() < end_s:
            pass
        time.sleep(draw.expovariate(1 / MEAN_S))
