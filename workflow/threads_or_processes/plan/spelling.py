"""Arms and worker counts from their spelling in the config, and the borders that counts cross."""

import re
from collections.abc import Iterable, Sequence

from threads_or_processes.common.errors import UserError
from threads_or_processes.records.plan import Arm, Machine
from threads_or_processes.records.vocabulary import WorkerKind

#: No figure or table holds more numbers of workers; a person can still read so many.
MOST_COUNTS = 10

#: What an arm is, whatever its version: is it free-threaded, and is its GIL on?
ROLES = {
    "standard": (False, True),
    "free-threaded": (True, False),
    "free-threaded-gil": (True, True),
}

_ARM = re.compile(r"(?P<version>3\.\d+)(?P<free>t)?(?P<gil>-gil)?")


def parse_arm(name: str) -> Arm:
    """Read an arm's spelling; `UserError` when it is none."""
    match = _ARM.fullmatch(name)
    if match is None or (match["gil"] and not match["free"]):
        raise UserError(
            f"{name!r} is not a build",
            where="config key builds",
            hint='write "3.13", "3.13t" or "3.13t-gil" (any 3.x version)',
        )
    free_threaded = match["free"] is not None
    return Arm(
        name=name,
        version=match["version"],
        free_threaded=free_threaded,
        gil=not free_threaded or match["gil"] is not None,
    )


def role_of(arm: Arm) -> str:
    """What an arm is, whatever its version."""
    return next(role for role, what in ROLES.items() if what == (arm.free_threaded, arm.gil))


def worker_counts(asked: str | Sequence[int | str], machine: Machine) -> list[int]:
    """Resolve `auto` or a list of numbers and words for a machine; ascending, each count once.

    `auto` is one worker, every border of the machine, twice its usable CPUs, and powers of two
    between: of four from 16 on. The words are `cores` (physical), `cpus` and `2x` (twice as many).
    CPUs are those that can work at a time: a quota below the logical ones counts in their place,
    rounded up.
    """
    if asked == "auto":
        return _with_powers(machine, [k for k in range(1, 64) if k <= 4 or k % 2 == 0])
    cpus = machine.usable_cpus
    words = {"cores": min(machine.physical_cores, cpus), "cpus": cpus, "2x": 2 * cpus}
    return sorted({words.get(str(count)) or int(count) for count in asked})


def few_counts(machine: Machine) -> list[int]:
    """What `auto` is where time is short: powers of four between the borders."""
    return _with_powers(machine, range(2, 64, 2))


def _with_powers(machine: Machine, exponents: Iterable[int]) -> list[int]:
    """One worker, every border of a machine, twice its usable CPUs, and powers of two between.

    Of more than `MOST_COUNTS`, the powers that lie nearest to another count are left out.
    """
    usable = machine.usable_cpus
    borders = {round(most) for kind, most in _borders(machine) if kind is not WorkerKind.OVER_QUOTA}
    kept = {1, usable, 2 * usable, *(most for most in borders if most < usable)}
    cores = min(machine.physical_cores, usable)
    powers = {2**k for k in exponents if 2**k <= cores} - kept
    while len(kept) + len(powers) > MOST_COUNTS:
        counts = sorted(kept | powers)
        nearness = {
            count: max(below / count, count / above)
            for below, count, above in zip(counts, counts[1:], counts[2:], strict=False)
        }
        powers.remove(max(sorted(powers), key=nearness.__getitem__))
    return sorted(kept | powers)


def kind_of(workers: int, machine: Machine) -> WorkerKind:
    """The last border of a machine that so many workers cross."""
    crossed = [kind for kind, most in _borders(machine) if workers > most]
    return crossed[-1] if crossed else WorkerKind.WITHIN_CORES


def _borders(machine: Machine) -> list[tuple[WorkerKind, float]]:
    """The borders that a machine has, in their order, each with the most workers within it."""
    borders: list[tuple[WorkerKind, float | None]] = [
        (WorkerKind.NUMA, machine.topology.node_cores),
        (WorkerKind.SLOWER_CORES, machine.topology.fast_cores),
        (WorkerKind.SMT, machine.physical_cores),
        (WorkerKind.OVER_QUOTA, machine.cpu_quota),
        (WorkerKind.OVERSUBSCRIBED, machine.logical_cpus),
    ]
    return [(kind, most) for kind, most in borders if most is not None]
