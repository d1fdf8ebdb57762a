"""How disturbed each repetition of a data set was, by the sentinel's readings alone.

The rule is `records/quiet.py`; the measured time plays no part. A CPU's floor comes from all its
readings in the data set: one for those of all CPUs at once, and one for those taken in turn.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec
import pandas as pd

from threads_or_processes.records.quiet import ProbeMode, disturbance_ratio, floor_of

Positive = Annotated[int, msgspec.Meta(gt=0)]


class Watched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One repetition's readings: of all watched CPUs, and which of them took part.

    A data set without `manner` is of a time when CPUs were always read at once.
    """

    cpus: list[int]
    used: list[int]
    before_ns: list[Positive]
    after_ns: list[Positive]
    manner: str = ProbeMode.SIMULTANEOUS

    def __post_init__(self) -> None:
        if not 0 < len(self.cpus) == len(self.before_ns) == len(self.after_ns):
            raise ValueError("each CPU has a reading before and one after")


def with_disturbance(trials: pd.DataFrame) -> pd.DataFrame:
    """Add `disturbance_ratio` to the data set (`RepetitionRow`).

    It is the highest reading beside the repetition, on the CPUs that took part, over that CPU's
    floor (Float64); missing where there was no sentinel. Where programs had taken so many CPUs that
    there was not one for each worker, it is that of the best one that lacked.
    """
    watched = [
        None if pd.isna(text) else msgspec.json.decode(text, type=Watched)
        for text in trials["sentinel_json"]
    ]
    floors_ns = floors(one for one in watched if one is not None)
    ratios = [
        None
        if one is None
        else disturbance_ratio(
            cpus=one.cpus,
            floor_ns=[floors_ns[one.manner][cpu] for cpu in one.cpus],
            used=one.used,
            before_ns=one.before_ns,
            after_ns=one.after_ns,
            workers=workers,
        )
        for one, workers in zip(watched, trials["workers"], strict=True)
    ]
    return trials.assign(disturbance_ratio=pd.array(ratios, dtype="Float64"))


def floors(watched: Iterable[Watched]) -> dict[str, dict[int, float]]:
    """Each CPU's floor in ns, from all its readings of a manner: manner -> CPU -> floor."""
    readings: dict[str, dict[int, list[int]]] = {}
    for one in watched:
        of_manner = readings.setdefault(one.manner, {})
        for cpu, before, after in zip(one.cpus, one.before_ns, one.after_ns, strict=True):
            of_manner.setdefault(cpu, []).extend((before, after))
    return {
        manner: {cpu: float(floor_of(of_cpu)) for cpu, of_cpu in of_manner.items()}
        for manner, of_manner in readings.items()
    }
