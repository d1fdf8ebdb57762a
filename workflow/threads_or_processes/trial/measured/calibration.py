"""How much work a batch holds: found once for a machine and workload, then frozen."""

from collections.abc import Callable

# The smallest of a few readings is the least disturbed one; calibration only sizes the work, no
# result rests on it.
READINGS = 5
SMALLEST_TELLING_NS = 5_000_000
# A batch that is still short at this size doesn't depend on it.
LARGEST_SIZE = 2**50


class SizeWithoutEffectError(Exception):
    """A task takes no longer with a larger size."""


def find_size(batch_ns_at: Callable[[int], int], target_ns: int) -> int:
    """The size at which a serial batch takes about `target_ns`.

    `batch_ns_at(size)` times one batch. The size doubles until a batch is long enough to tell,
    then one step in proportion follows. Sizes are whole and at least 1, so a workload whose
    smallest task is longer than asked stays at 1. Raises `SizeWithoutEffectError`.
    """
    size, shortest_ns = 1, _shortest(batch_ns_at, 1)
    while shortest_ns < min(SMALLEST_TELLING_NS, target_ns):
        size *= 2
        if size > LARGEST_SIZE:
            raise SizeWithoutEffectError(
                "its `size` says how much work a task does, but a larger one takes no longer"
            )
        shortest_ns = _shortest(batch_ns_at, size)
    return max(1, round(size * target_ns / shortest_ns))


def _shortest(batch_ns_at: Callable[[int], int], size: int) -> int:
    return max(1, min(batch_ns_at(size) for _ in range(READINGS)))
