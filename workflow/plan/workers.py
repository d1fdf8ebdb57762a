"""Worker counts from their spelling in the config."""

from collections.abc import Sequence


def worker_counts(asked: str | Sequence[int | str], logical_cpus: int) -> list[int]:
    """Resolve `auto` or a list of numbers and the word `cpus`; ascending, each count once.

    `auto` is 1, 2, 4, ... up to the CPUs, the CPUs themselves, and twice as many.
    """
    if asked == "auto":
        powers = [2**k for k in range(logical_cpus.bit_length()) if 2**k <= logical_cpus]
        return sorted({*powers, logical_cpus, 2 * logical_cpus})
    return sorted({logical_cpus if count == "cpus" else int(count) for count in asked})
