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
    title="Reading one shared object",
    kind=KIND,
    unit="read",
    why="Settings, models, connections: all threads read the same object, and each use counts its "
    "references up and down.",
    expected="Threads gain nothing on 3.13. On 3.13t they get slower with each one, as the count "
    "wanders from core to core. Processes have a copy each and gain.",
)
def shared_object(task: int, size: int) -> int:
    """Read one object that all workers share; nothing is changed but its reference count."""
    return _read(_shared, size) + task


@register(
    title="Reading private copies",
    kind=KIND,
    unit="read",
    why="The same reads, of a copy that each task makes.",
    expected="Threads gain nothing on 3.13; on 3.13t they gain with each core, as processes do.",
    remedy_of="shared_object",
)
def private_copies(task: int, size: int) -> int:
    """Read an object that is this task's own."""
    return _read([_Settings()], size) + task
