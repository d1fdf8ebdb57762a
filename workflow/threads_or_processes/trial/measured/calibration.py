"""How much work a batch holds: found once for a machine and workload, then frozen."""

from collections.abc import Callable

from threads_or_processes.trial.measured.remembering import RemembersError, many_times

# The smallest of a few readings is the least disturbed one; calibration only sizes the work, no
# result rests on it.
READINGS = 5
SMALLEST_TELLING_NS = 5_000_000
# A batch that is still short at this size doesn't depend on it.
LARGEST_SIZE = 2**50
# Caches and imports warm up once, and a disturbance rarely hits the first readings of four sizes.
SLOW_STARTS = 4


class SizeWithoutEffectError(Exception):
    """A task takes no longer with a larger size."""


def find_size(
    batch_ns_at: Callable[[int], int], target_ns: int, *, may_remember: bool = False
) -> int:
    """The size at which a serial batch takes about `target_ns`.

    `batch_ns_at(size)` times one batch. The size doubles until a batch is long enough to tell,
    then one step in proportion follows. Sizes are whole and at least 1, so a workload whose
    smallest task is longer than asked stays at 1. Raises `SizeWithoutEffectError`.

    A function that remembers never gets there: of each size only the first batch is long, and it
    doubles each time. With `may_remember`, `RemembersError` is raised when the first batch took
    many times as long as the shortest of its repetitions at `SLOW_STARTS` sizes in a row. What a
    process does once (an import, a table, specialised code) slows down one of them. Simulated with
    50 disturbances a second that last 20 ms, 1 in 20,000 functions that remember nothing was
    refused.
    """
    size, slow_starts = 1, 0
    while True:
        first_ns, *again_ns = (max(1, batch_ns_at(size)) for _ in range(READINGS))
        slow_starts = slow_starts + 1 if many_times(first_ns, min(again_ns)) else 0
        if may_remember and slow_starts == SLOW_STARTS:
            raise RemembersError(first_ns, min(again_ns))
        shortest_ns = min(first_ns, *again_ns)
        if shortest_ns >= min(SMALLEST_TELLING_NS, target_ns):
            return max(1, round(size * target_ns / shortest_ns))
        size *= 2
        if size > LARGEST_SIZE:
            raise SizeWithoutEffectError(
                "its `size` says how much work a task does, but a larger one takes no longer"
            )
