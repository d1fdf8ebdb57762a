"""Reference counts: the shared state that a program has without knowing."""

from threads_or_processes.trial.workloads.registry import register

KIND = "shared state"


class _Settings:
    """A plain object with some attributes, as any program has many."""

    def __init__(self) -> None:
        self.rate = 3
        self.limit = 5


# An object of the main thread's. Instances are counted like any other object: neither immortal, as
# constants are, nor exempt, as functions and classes are in 3.13t.
_shared = [_Settings()]


def _use(settings: _Settings) -> int:
    return settings.rate + settings.limit


def _read(source: list[_Settings], size: int) -> int:
    """Take the object from its list and read it, `size` times."""
    total = 0
    for _ in range(size):
        total += _use(source[0])
    return total


@register(
    title="Reads of one shared object",
    kind=KIND,
    contended=True,
    unit="read",
    why="Settings, models, connections: all threads read the same object, and each use changes "
    "its reference count.",
    expected="Threads: no speedup on 3.13. A slowdown on 3.13t, where the count moves from core "
    "to core. Processes, each with its own copy: a speedup.",
)
def shared_object(task: int, size: int) -> int:
    """Read one object that all workers share; nothing is changed but its reference count."""
    return _read(_shared, size) + task


@register(
    title="Reads of private copies",
    kind=KIND,
    unit="read",
    why="The same reads, from a copy that each task makes.",
    expected="Threads: no speedup on 3.13; on 3.13t a speedup with each core, as with processes.",
    remedy_of="shared_object",
)
def private_copies(task: int, size: int) -> int:
    """Read an object that is this task's own."""
    return _read([_Settings()], size) + task
