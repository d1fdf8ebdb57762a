"""A data set as the tables need it: what its texts say as numbers, a batch of trials at a time.

Most of a data set is text: the sentinel's readings and the chunks of each repetition, and a trial's
facts, which stand in all of its rows. So no more than a batch of it is in memory at once.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from threads_or_processes.analysis.frames import as_rows
from threads_or_processes.analysis.parts import taken_apart_cells
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
from threads_or_processes.analysis.taken_apart import TakenApart
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
        chunks = [
            chunks_from(text) if text is not None and (cell in wanted or workers > 1) else None
            for cell, workers, text in as_rows(measured, "cell", "workers", "chunks_json")
        ]
        is_wanted = measured["cell"].isin(wanted).to_numpy(bool)
        apart.add(measured[is_wanted], list(itertools.compress(chunks, is_wanted)))
        ran = as_rows(measured, "cell", "amount", "workers", "wall_ns")
        for (cell, amount, workers, wall_ns), of_each in zip(ran, chunks, strict=True):
            here = placed.setdefault(cell, {}).setdefault(amount, Placed())
            if workers > 1 and of_each is not None:
                here.add(of_each, wall_ns, cpus=plan.machine.logical_cpus)
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


def _together(parts: list[dict[str, pd.Series]]) -> pd.DataFrame:
    """One frame of all batches, made a column at a time so that little is there twice."""
    return pd.DataFrame(
        {name: _joined([part.pop(name) for part in parts]) for name in list(parts[0])}, copy=False
    )


def _joined(parts: Sequence[pd.Series]) -> pd.Series:
    if isinstance(parts[0].dtype, pd.CategoricalDtype):
        return pd.Series(union_categoricals(list(parts), sort_categories=True))
    return pd.concat(parts, ignore_index=True)
