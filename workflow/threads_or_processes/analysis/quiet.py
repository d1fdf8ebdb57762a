"""Which repetitions were quiet: judged by the sentinel's readings, never by the measured time.

The sentinel is the same small piece of work, timed on every CPU just before and just after each
repetition. A CPU's floor is a low percentile of its readings in the data set: it has one for those
taken of all CPUs at once, and one for those taken in turn. A repetition is quiet when no CPU that
took part read above its floor by more than the threshold, and other programs had left the workers
as many CPUs as they can use.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

#: Low enough to be the undisturbed mode even where that is rare, high enough not to be one lucky
#: reading.
FLOOR_PERCENTILE = 1
#: A reading so far above its floor is that of a sentinel which waited while another program ran.
TAKEN_RATIO = 2.0
#: A data set that doesn't say how its CPUs were read is of a time when it was all at once.
AT_ONCE = "at_once"


class Watched(NamedTuple):
    """One repetition's readings: of all watched CPUs, and which of them took part.

    `manner`: whether the CPUs were read at once, or in turn, as beside a single worker.
    """

    cpus: list[int]
    used: list[int]
    before_ns: list[int]
    after_ns: list[int]
    manner: str = AT_ONCE


def with_disturbance(trials: pd.DataFrame) -> pd.DataFrame:
    """Add `disturbance_ratio` to the data set (`RepetitionRow`).

    It is the highest reading beside the repetition, on the CPUs that took part, over that CPU's
    floor (Float64); missing where there was no sentinel. Where programs had taken so many CPUs that
    there was not one for each worker, it is that of the best one that lacked.
    """
    watched = [_parsed(text) for text in trials["sentinel_json"]]
    floors_ns = floors(one for one in watched if one is not None)
    ratios = [
        _disturbance(one, floors_ns[one.manner], workers) if one is not None else None
        for one, workers in zip(watched, trials["workers"], strict=True)
    ]
    return trials.assign(disturbance_ratio=pd.array(ratios, dtype="Float64"))


def floors(watched: Iterator[Watched]) -> dict[str, dict[int, float]]:
    """Each CPU's floor in ns, from all its readings of a manner: manner -> CPU -> floor."""
    readings: dict[str, dict[int, list[int]]] = {}
    for one in watched:
        of_manner = readings.setdefault(one.manner, {})
        for cpu, before, after in zip(one.cpus, one.before_ns, one.after_ns, strict=True):
            of_manner.setdefault(cpu, []).extend((before, after))
    return {
        manner: {
            cpu: float(np.percentile(of_cpu, FLOOR_PERCENTILE, method="lower"))
            for cpu, of_cpu in of_manner.items()
        }
        for manner, of_manner in readings.items()
    }


def _disturbance(one: Watched, floors_ns: Mapping[int, float], workers: int) -> float:
    """The worst reading over its floor; over all CPUs where those that took part aren't known."""
    judged = set(one.used) if one.used and set(one.used) <= set(one.cpus) else set(one.cpus)
    ratios = {
        cpu: max(before, after) / floors_ns[cpu]
        for cpu, before, after in zip(one.cpus, one.before_ns, one.after_ns, strict=True)
    }
    worst = max(ratios[cpu] for cpu in judged)
    wanted = sorted(ratios.values())[min(workers, len(ratios)) - 1]
    return max(worst, wanted) if wanted > TAKEN_RATIO else worst


def _parsed(text: Any) -> Watched | None:
    if pd.isna(text):
        return None
    value = json.loads(text)
    return Watched(**value)
