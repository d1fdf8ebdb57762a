"""Worker counts from their spelling in the config, and what each asks of the machine."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from threads_or_processes.records.vocabulary import WorkerKind


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
