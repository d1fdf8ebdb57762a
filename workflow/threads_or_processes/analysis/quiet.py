"""How disturbed each repetition of a data set was, by the sentinel's readings alone.

The rule is `records/quiet.py`; the measured time plays no part. A CPU's floor comes from all its
readings in the data set: one for those of all CPUs at once, and one for those taken in turn.
"""

import operator
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd

from threads_or_processes.analysis.frames import as_list, as_rows
from threads_or_processes.records.imputation import (
    Chunk,
    JudgedRepetition,
    stand_ins,
    undisturbed_walls_ns,
)
from threads_or_processes.records.quiet import (
    ProbeMode,
    chunk_ratios,
    cpu_ratios,
    disturbance_ratio,
    judges_chunks,
    most_disturbance,
    place_of_floor,
)

#: Nanoseconds of 13 days; a thousand of them still fit into 64 bits together.
MOST = 2**50
Positive = Annotated[int, msgspec.Meta(gt=0, le=MOST)]
Cpu = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
Count = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
Whole = Annotated[int, msgspec.Meta(ge=-MOST, le=MOST)]


class Watched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One repetition's readings: of all watched CPUs, and which of them took part.

    A data set without `manner` is of a time when CPUs were always read at once; `dispatch_cpus`
    sent and collected the chunks.
    """

    cpus: list[Cpu]
    used: list[Cpu]
    before_ns: list[Positive]
    after_ns: list[Positive]
    manner: str = ProbeMode.SIMULTANEOUS
    dispatch_cpus: list[Cpu] = []

    def __post_init__(self) -> None:
        if not 0 < len(self.cpus) == len(self.before_ns) == len(self.after_ns):
            raise ValueError("each CPU has a reading before and one after")


class Chunks(msgspec.Struct, frozen=True):
    """`chunks_json` of a repetition, in the order of the tasks: lists of one length, not empty."""

    worker: list[Count]
    cpus: list[list[Cpu]]
    start_ns: list[Whole]
    end_ns: list[Whole]
    user_ns: list[Count]
    system_ns: list[Count]
    run_queue_ns: list[Count | None]
    voluntary_switches: list[Count]
    involuntary_switches: list[Count]

    def __post_init__(self) -> None:
        times = len(self.start_ns) == len(self.end_ns) == len(self.user_ns) == len(self.system_ns)
        others = len(self.cpus) == len(self.run_queue_ns) == len(self.voluntary_switches)
        same = len(self.cpus) == len(self.involuntary_switches) == len(self.start_ns)
        if not (times and others and same and 0 < len(self.worker) == len(self.cpus)):
            raise ValueError("the lists are of one length, and not empty")
        if any(map(operator.lt, self.end_ns, self.start_ns)):
            raise ValueError("no chunk ends before it starts")


#: Each CPU's floor in ns: manner -> CPU -> floor.
Floors = Mapping[str, Mapping[int, float]]

_WATCHED = msgspec.json.Decoder(Watched)
_CHUNKS = msgspec.json.Decoder(Chunks)


def with_disturbance(trials: pd.DataFrame, floors_ns: Floors | None = None) -> pd.DataFrame:
    """Add `disturbance_ratio` and `chunk_ratios` to the data set (`RepetitionRow`), or to a part.

    `floors_ns` are those of the whole data set, if `trials` is not all of it.
    The first is the highest reading beside the repetition, on the CPUs that took part, over that
    CPU's floor (Float64); missing where there was no sentinel. Where programs had taken so many
    CPUs that there was not one for each worker, it is that of the best one that lacked. The second
    is a list of the same for each chunk, empty where chunks are not judged by themselves.
    """
    if floors_ns is None:
        floors_ns = floors(watched_in(trials["sentinel_json"]))
    of_all: list[float | None] = []
    of_chunks: list[list[float]] = []
    for watched, workers, text in as_rows(trials, "sentinel_json", "workers", "chunks_json"):
        if watched is None:
            of_all.append(None)
            of_chunks.append([])
            continue
        one = _WATCHED.decode(watched)
        ratios = cpu_ratios(
            cpus=one.cpus,
            floor_ns=[floors_ns[one.manner][cpu] for cpu in one.cpus],
            before_ns=one.before_ns,
            after_ns=one.after_ns,
        )
        is_judged = text is not None and judges_chunks(workers=workers, cpus=len(one.cpus))
        cpus = chunks_from(text).cpus if is_judged else []
        of_all.append(disturbance_ratio(ratios, one.used, workers=workers))
        of_chunks.append(chunk_ratios(ratios, cpus, one.dispatch_cpus, workers=workers))
    return trials.assign(
        disturbance_ratio=pd.array(of_all, dtype="Float64"),
        chunk_ratios=pd.Series(of_chunks, index=trials.index, dtype=object),
    )


def with_undisturbed_times(repetitions: pd.DataFrame, quiet_threshold: float) -> pd.DataFrame:
    """Add what each repetition (`with_disturbance`) would have taken undisturbed.

    `undisturbed_wall_ns` (float64) is NaN where nobody can say; `is_imputed` tells where it is not
    the measured time. `undisturbed_chunks_json` has the chunks that belong to it. `chunks` and
    `undisturbed_chunks` count those that were judged.
    """
    allowed = most_disturbance(quiet_threshold)
    is_quiet = (repetitions["disturbance_ratio"] <= allowed).fillna(value=False).to_numpy(bool)
    ratios = repetitions["chunk_ratios"]
    measured_ns = repetitions["wall_ns"].to_numpy(np.float64, na_value=np.nan)
    walls_ns = np.where(is_quiet, measured_ns, np.nan)
    chunks_json = repetitions["chunks_json"].to_numpy(dtype=object, copy=True)
    chunks = ratios.map(len).astype("int64")
    of_trials = repetitions[chunks > 0].groupby(["trial_id", "amount"]).groups.values()
    for places in map(repetitions.index.get_indexer, of_trials):
        judged = [
            _judged(
                repetitions["chunks_json"].iloc[place],
                ratios.iloc[place],
                wall_ns=int(measured_ns[place]),
                is_quiet=bool(is_quiet[place]),
                allowed=allowed,
            )
            for place in places
        ]
        found = undisturbed_walls_ns(judged)
        walls_ns[places] = [np.nan if wall_ns is None else wall_ns for wall_ns in found]
        texts = list(chunks_json[places])
        for place, stands in zip(places, stand_ins(judged), strict=True):
            if stands:
                own = chunks_json[place]
                chunks_json[place] = _with_stand_ins(own, [(texts[n], at) for n, at in stands])
    return repetitions.assign(
        undisturbed_wall_ns=walls_ns,
        undisturbed_chunks_json=pd.array(chunks_json, dtype="string"),
        is_imputed=~is_quiet & ~np.isnan(walls_ns),
        chunks=chunks,
        undisturbed_chunks=ratios.map(
            lambda of_each: sum(one <= allowed for one in of_each)
        ).astype("int64"),
    )


def _judged(
    chunks_json: str,
    ratios: Sequence[float],
    *,
    wall_ns: int,
    is_quiet: bool,
    allowed: float,
) -> JudgedRepetition:
    found = chunks_from(chunks_json)
    return JudgedRepetition(
        wall_ns=wall_ns,
        is_quiet=is_quiet,
        chunks=[
            Chunk(
                start_ns=start_ns,
                end_ns=end_ns,
                runnable_ns=user_ns + system_ns + (run_queue_ns or 0),
                is_undisturbed=ratio <= allowed,
            )
            for start_ns, end_ns, user_ns, system_ns, run_queue_ns, ratio in zip(
                found.start_ns,
                found.end_ns,
                found.user_ns,
                found.system_ns,
                found.run_queue_ns,
                ratios,
                strict=True,
            )
        ],
    )


def _with_stand_ins(own_json: str, others: Sequence[tuple[str, int]]) -> str:
    """The chunks of a repetition with what other ones used; they begin when they began.

    `others`: the JSON that has the chunk which stands for each, and its place in it.
    """
    own = msgspec.json.decode(own_json)
    decoded = {text: msgspec.json.decode(text) for text, _ in others}
    for number, (text, at) in enumerate(others):
        if (text, at) != (own_json, number):
            other = decoded[text]
            for name in other.keys() - {"worker", "start_ns", "end_ns"}:
                own[name][number] = other[name][at]
            lasted_ns = other["end_ns"][at] - other["start_ns"][at]
            own["end_ns"][number] = own["start_ns"][number] + lasted_ns
    return msgspec.json.encode(own).decode()


def chunks_from(text: str) -> Chunks:
    """The chunks from their JSON."""
    return _CHUNKS.decode(text)


def watched_in(texts: pd.Series) -> Iterator[Watched]:
    """The readings of a column `sentinel_json`, where there are some."""
    return (_WATCHED.decode(text) for text in as_list(texts) if text is not None)


def floors(watched: Iterable[Watched]) -> Floors:
    """Each CPU's floor in ns, from all its readings of a manner."""
    readings: dict[str, dict[int, array[int]]] = {}
    for one in watched:
        of_manner = readings.setdefault(one.manner, {})
        for cpu, before, after in zip(one.cpus, one.before_ns, one.after_ns, strict=True):
            of_manner.setdefault(cpu, array("q")).extend((before, after))
    return {
        manner: {cpu: _floor(of_cpu) for cpu, of_cpu in of_manner.items()}
        for manner, of_manner in readings.items()
    }


def _floor(readings_ns: "array[int]") -> float:
    place = place_of_floor(len(readings_ns))
    return float(np.partition(np.frombuffer(readings_ns, dtype=np.int64), place)[place])
