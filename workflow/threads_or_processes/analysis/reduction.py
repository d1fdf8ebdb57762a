"""A data set as the tables need it: what its texts say as numbers, a batch of trials at a time.

Most of a data set is text: the sentinel's readings and the chunks of each repetition, and a trial's
facts, which stand in all of its rows. So no more than a batch of it is in memory at once.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from threads_or_processes.analysis.frames import as_list
from threads_or_processes.analysis.parts import Repetition, TakenApart, taken_apart_cells
from threads_or_processes.analysis.placement import Placed
from threads_or_processes.analysis.quiet import (
    Floors,
    chunks_from,
    floors,
    watched_in,
    with_disturbance,
    with_undisturbed_times,
)
from threads_or_processes.analysis.stored import Batches, begins
from threads_or_processes.analysis.trial_values import (
    CHUNK_COUNTS,
    REPETITION_TIMES,
    TRIAL_TIMES,
)
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.vocabulary import Outcome

#: What is kept of each repetition as it is, besides its times.
OF_REPETITION = (
    *("trial_id", "cell", "block", "outcome", "started_unix_ns", "phase", "amount"),
    *("updates", "lost_updates", "results_json", "data_json", "spans_json"),
)
#: Few different texts, each in many rows.
REPEATED = ("trial_id", "cell", "outcome", "phase")
#: What is kept of each trial.
OF_TRIAL = (
    *("trial_id", "cell", "block", "arm", "version", "outcome", "explanation", "tasks", "size"),
    *("health_flags", "health_json", "processes", "memory_before_bytes", "memory_idle_bytes"),
    *("memory_peak_bytes", "memory_after_bytes", "memory_private_bytes"),
)
#: What repetitions are judged and taken apart by.
JUDGED_BY = ("sentinel_json", "chunks_json", "workers", "workers_used")
#: What a repetition has that was not measured, or not in an ok trial.
UNMEASURED = {
    "undisturbed_wall_ns": np.nan,
    "is_imputed": False,
    **dict.fromkeys(CHUNK_COUNTS, 0),
}
READ = tuple(
    dict.fromkeys((*OF_REPETITION, *REPETITION_TIMES, *TRIAL_TIMES, *OF_TRIAL, *JUDGED_BY))
)


@dataclass(frozen=True, kw_only=True)
class Reduced:
    """The data set with all amounts, in canonical order.

    `repetitions`: a row each, with what `quiet.with_undisturbed_times` adds; times are floats.
    `trials`: the first row of each. `apart` and `placed` are of measured repetitions of ok trials.
    """

    repetitions: pd.DataFrame
    trials: pd.DataFrame
    apart: TakenApart
    placed: dict[str, dict[int, Placed]]


def reduced(plan: Plan, batches: Batches) -> Reduced:
    """Read a data set twice: for the sentinel's floors, then for all that the tables need."""
    floors_ns = floors(
        one for batch in batches(["sentinel_json"]) for one in watched_in(batch["sentinel_json"])
    )
    apart, placed = TakenApart(), dict[str, dict[int, Placed]]()
    wanted = taken_apart_cells(plan)
    kept, first = list[dict[str, pd.Series]](), list[dict[str, pd.Series]]()
    for batch in batches(READ):
        judged, measured = _judged(batch, floors_ns, plan.quiet_threshold)
        for cell, amount, block, repetitions in _by_trial(measured, wanted):
            if cell in wanted:
                apart.add(cell, block, amount, repetitions)
            here = placed.setdefault(cell, {}).setdefault(amount, Placed())
            for one in repetitions:
                if one.workers > 1 and one.chunks is not None:
                    here.add(one.chunks, one.wall_ns, cpus=plan.machine.logical_cpus)
        kept.append(judged)
        starts = batch[begins(batch["trial_id"])]
        first.append({name: starts[name] for name in OF_TRIAL})
    return Reduced(
        repetitions=_together(kept),
        trials=_together(first),
        apart=apart,
        placed=placed,
    )


def _judged(
    batch: pd.DataFrame, floors_ns: Floors, quiet_threshold: float
) -> tuple[dict[str, pd.Series], pd.DataFrame]:
    """What is kept of each repetition, and all of the measured ones of ok trials."""
    batch = with_disturbance(batch, floors_ns)
    counts = (batch["outcome"] == Outcome.OK) & (batch["phase"] == "measure")
    measured = with_undisturbed_times(batch[counts.fillna(value=False)], quiet_threshold)
    kept = {
        **{name: batch[name] for name in (*OF_REPETITION, "disturbance_ratio")},
        **{name: batch[name].astype("float64") for name in (*REPETITION_TIMES, *TRIAL_TIMES)},
        **{
            name: measured[name].reindex(batch.index, fill_value=nothing)
            for name, nothing in UNMEASURED.items()
        },
    }
    return kept | {name: kept[name].astype("category") for name in REPEATED}, measured


def _by_trial(
    measured: pd.DataFrame, wanted: Collection[str]
) -> Iterator[tuple[str, int, int, list[Repetition]]]:
    """The repetitions of each trial at each amount: cell, amount, block and what is told of them.

    Chunks are read only for `wanted` cells and for several workers.
    """
    names = (
        *("cell", "amount", "block", "workers", "workers_used", "wall_ns", "chunks_json"),
        *("undisturbed_wall_ns", "is_imputed", "undisturbed_chunks_json"),
    )
    found: dict[tuple[str, int, int], list[Repetition]] = {}
    for cell, amount, block, workers, used, wall_ns, text, undisturbed_ns, is_imputed, other in zip(
        *(as_list(measured[name]) for name in names), strict=True
    ):
        tells = (cell in wanted or workers > 1) and text is not None
        found.setdefault((cell, amount, block), []).append(
            Repetition(
                workers=workers,
                workers_used=used,
                wall_ns=wall_ns,
                chunks=chunks_from(text) if tells else None,
                undisturbed_wall_ns=None if undisturbed_ns is None else int(undisturbed_ns),
                imputed=chunks_from(other) if is_imputed and tells else None,
            )
        )
    return ((*key, repetitions) for key, repetitions in found.items())


def _together(parts: list[dict[str, pd.Series]]) -> pd.DataFrame:
    """One frame of all batches, made a column at a time so that little is there twice."""
    return pd.DataFrame(
        {name: _joined([part.pop(name) for part in parts]) for name in list(parts[0])}, copy=False
    )


def _joined(parts: Sequence[pd.Series]) -> pd.Series:
    if isinstance(parts[0].dtype, pd.CategoricalDtype):
        return pd.Series(union_categoricals(list(parts), sort_categories=True))
    return pd.concat(parts, ignore_index=True)
