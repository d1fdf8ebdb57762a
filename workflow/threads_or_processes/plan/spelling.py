"""Arms and worker counts from their spelling in the config, and what counts ask of a machine."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.records.plan import Arm
from threads_or_processes.records.vocabulary import WorkerKind

_ARM = re.compile(r"(?P<version>3\.\d+)(?P<free>t)?(?P<gil>-gil)?")


def parse_arm(name: str) -> Arm:
    """Read an arm's spelling; `UserError` when it is none."""
    match = _ARM.fullmatch(name)
    if match is None or (match["gil"] and not match["free"]):
        raise UserError(
            f"{name!r} is not an arm",
            where="config key arms",
            hint='write "3.13", "3.13t" or "3.13t-gil" (any 3.x version)',
        )
    free_threaded = match["free"] is not None
    return Arm(
        name=name,
        version=match["version"],
        free_threaded=free_threaded,
        gil=not free_threaded or match["gil"] is not None,
    )


def worker_counts(asked: str | Sequence[int | str], machine: Mapping[str, Any]) -> list[int]:
    """Resolve `auto` or a list of numbers and words for a machine; ascending, each count once.

    `machine` is its fingerprint. `auto` is 1, 2, 4, ... up to the physical cores, the cores
    themselves, the logical CPUs and twice these; a quota below the CPUs joins, rounded up. The
    words are `cores` (physical), `cpus` (logical) and `2x` (twice the logical CPUs).
    """
    words = {
        "cores": _cores(machine),
        "cpus": machine["logical_cpus"],
        "2x": 2 * machine["logical_cpus"],
    }
    if asked != "auto":
        return sorted({words.get(str(count)) or int(count) for count in asked})
    powers = {2**k for k in range(words["cores"].bit_length())}
    quota = machine.get("cpu_quota")
    limit = {math.ceil(quota)} if quota and quota < words["cpus"] else set()
    return sorted(powers | limit | set(words.values()))


def kind_of(workers: int, machine: Mapping[str, Any]) -> WorkerKind:
    """What so many workers ask of a machine, the strongest word that is true of them.

    Oversubscribed wins over a quota, a quota over what the cores can hold.
    """
    quota = machine.get("cpu_quota")
    if workers > machine["logical_cpus"]:
        return WorkerKind.OVERSUBSCRIBED
    if quota is not None and workers > quota:
        return WorkerKind.OVER_QUOTA
    return WorkerKind.SMT if workers > _cores(machine) else WorkerKind.WITHIN_CORES


def _cores(machine: Mapping[str, Any]) -> int:
    """The physical cores; where they are unknown, each logical CPU counts as one."""
    cores: int = machine.get("physical_cores") or machine["logical_cpus"]
    return cores
