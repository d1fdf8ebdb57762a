"""What can be wrong with a data set: each problem with its row and column.

Everything that later steps rely on is checked, most of it as `RepetitionRow` declares it. Pure. A
row is named by its place in its file, from 1, the header not counted: the table's index, from 0.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_type_hints

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd

from threads_or_processes.analysis.frames import dtype, names
from threads_or_processes.analysis.quiet import Chunks, Count, Watched, Whole
from threads_or_processes.analysis.refusals import Problem
from threads_or_processes.common.files import json_from
from threads_or_processes.records.fields import Column, columns_of
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.dataset import REPETITION_KEY, TrialRow
from threads_or_processes.records.tables.groups import CellKey
from threads_or_processes.records.trial import Clock, HealthStates

#: Where a trial is in the plan.
PLACE = ("cell", "block")

LONGEST_VALUE_CHARACTERS = 60
_LONG_NUMBER = re.compile("[0-9]{19}")


def header_problems(found: Sequence[str], record: type) -> Iterator[Problem]:
    """Columns that are missing, unknown or there twice."""
    known = names(record)
    for problem, culprits in {
        "lacks the columns": [
            column.name
            for column in columns_of(record)
            if column.name not in found and not column.rules.may_lack
        ],
        "has unknown columns": [name for name in found if name not in known],
        "has these columns twice:": [name for name in known if found.count(name) > 1],
    }.items():
        if culprits:
            yield Problem(f"it {problem} {', '.join(name or repr(name) for name in culprits)}")


def type_problem(values: pd.Series, column: Column) -> Problem | None:
    """The first value of a column that can't be converted to its type, if there is one."""
    if _converts(values, column):
        return None
    good, bad = 0, len(values)  # the first `good` values convert, the first `bad` do not
    while bad - good > 1:
        middle = (good + bad) // 2
        if _converts(values.iloc[good:middle], column):
            good = middle
        else:
            bad = middle
    kind = {int: "a whole number", float: "a number", str: "text"}[column.kind]
    what = f"{_shown(values.iloc[good])} is not {kind}"
    return Problem(what, _row(values.index[good]), column.name)


def value_problems(trials: pd.DataFrame, record: type) -> Iterator[Problem]:
    """Values that a column can't have (`records.fields`); the columns are there and typed."""
    has_repetition = trials["phase"].notna() if "phase" in trials else None
    for column in columns_of(record):
        values = trials[column.name]
        for broken, what in _broken(values, column, has_repetition):
            if broken.any():
                place = int(broken.to_numpy(dtype=bool).argmax())
                value, row = _shown(values.iloc[place]), _row(values.index[place])
                yield Problem(f"{value} {what}", row, column.name)


def row_problems(trials: pd.DataFrame) -> Iterator[Problem]:
    """A repetition that is there twice, numbers of updates that don't go together."""
    twice = trials[trials.duplicated(REPETITION_KEY)]
    if len(twice):
        what = f"the same repetition of the trial {twice['trial_id'].iloc[0]} twice"
        yield Problem(what, _row(twice.index[0]), ", ".join(REPETITION_KEY))
    lost, made = trials["lost_updates"], trials["updates"]
    alone = trials[(lost.isna() != made.isna()) | (lost > made).fillna(value=False)]
    if len(alone):
        what = "more updates lost than made, or only one of the two numbers"
        yield Problem(what, _row(alone.index[0]), "updates, lost_updates")


def same_problems(trials: pd.DataFrame) -> Iterator[Problem]:
    """A fact of a trial that is not the same in all of its rows, which stand together."""
    is_same_trial = _as_before(trials["trial_id"])
    for column in names(TrialRow)[1:]:
        odd = is_same_trial & ~_as_before(trials[column])
        if odd.any():
            place = int(odd.argmax())
            what = f"{_shown(trials[column].iloc[place])} in one row of a trial and not in another"
            yield Problem(what, _row(trials.index[place]), column)


def _as_before(values: pd.Series) -> npt.NDArray[np.bool_]:
    """Which values are the same as those in the row before; none before the first."""
    own, before = values.array[1:], values.array[:-1]
    same = (own == before).to_numpy(dtype=bool, na_value=False) | (own.isna() & before.isna())
    return np.concatenate([[False] * min(len(values), 1), same])


def trial_problems(trials: pd.DataFrame) -> Iterator[Problem]:
    """No trial at all, one that is in two places."""
    if trials.empty:
        yield Problem("it has no rows")
    for column in PLACE:
        states = trials[["trial_id", column]].drop_duplicates()
        other = states[states.duplicated("trial_id")]
        if len(other):
            what = f"{_shown(other[column].iloc[0])} in one row of a trial and not in another"
            yield Problem(what, _row(other.index[0]), column)


def plan_problems(trials: pd.DataFrame, plan: Plan) -> Iterator[Problem]:
    """Trials that are not planned, two at one place, cells that are not as the plan has them."""
    places = trials[["cell", "block", "trial_id"]].drop_duplicates()
    planned = {(trial.cell, trial.block) for trial in plan.trials}
    is_planned = [place in planned for place in zip(places["cell"], places["block"], strict=True)]
    for what, culprits in {
        "a trial that the plan has not": places[[not known for known in is_planned]],
        "a second trial at the place of": places[places.duplicated(["cell", "block"])],
    }.items():
        if len(culprits):
            place = f"{culprits['cell'].iloc[0]}, block {culprits['block'].iloc[0]}"
            yield Problem(f"{what}: {place}", _row(culprits.index[0]), "cell, block")
    cells = plan.cells_by_id
    for column in names(CellKey)[1:]:
        states = trials[["cell", column]].drop_duplicates()
        for row, cell, found in zip(states.index, states["cell"], states[column], strict=True):
            if cell in cells and found != getattr(cells[cell], column):
                asked = _shown(getattr(cells[cell], column))
                what = f"{_shown(found)} where the plan of {cell} has {asked}"
                yield Problem(what, _row(row), column)


def interpreter_problems(
    trials: pd.DataFrame, plan: Plan, identities: Mapping[str, Identity]
) -> Iterator[Problem]:
    """Trials of another interpreter than their arm's (`identities`: by name) in their block."""
    columns = ["arm", "block", "identity_sha256"]
    states = trials[columns].drop_duplicates()
    for row, arm, block, found in zip(states.index, *(states[c] for c in columns), strict=True):
        interpreter = plan.interpreter(arm, int(block))
        if found != identities[interpreter]["identity_sha256"]:
            what = f"a trial of another interpreter than the one that {interpreter} was"
            yield Problem(what, _row(row), "identity_sha256")


def _broken(
    values: pd.Series, column: Column, has_repetition: pd.Series | None
) -> Iterator[tuple[pd.Series, str]]:
    """For each rule of a column, which values break it, and what is to be said of one of them."""
    rules, one_of = column.rules, column.one_of
    if column.required:
        yield values.isna(), "where there must be one"
    if rules.of_repetition and has_repetition is not None:
        yield values.isna() & has_repetition, "where there must be one"
        yield values.notna() & ~has_repetition, "in a row without a repetition"
    if rules.minimum is not None:
        yield (values < rules.minimum).fillna(value=False), f"is less than {rules.minimum}"
    if one_of:
        known = values.isin(one_of) | values.isna()
        yield ~known, f"is none of {', '.join(one_of)}"
    if rules.pattern is not None:
        fits = values.str.fullmatch(rules.pattern).fillna(value=True)
        yield ~fits, f"is not of the form {rules.pattern}"
    if rules.json is not None:
        kind = JSON.get(column.name, dict if rules.json == "object" else list)
        wrong = [text for text in values.dropna().unique() if not _is_json(text, kind)]
        if wrong:
            yield values.isin(wrong), f"is not the JSON {rules.json} that belongs there"


def _is_json(text: str, kind: Any) -> bool:
    try:
        msgspec.json.decode(text, type=kind)
        if _LONG_NUMBER.search(text):
            json_from(text.encode("utf-8"))
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return False
    return True


class Span(msgspec.Struct, forbid_unknown_fields=True):
    """When a chunk ran."""

    worker: Count
    start_ns: Whole
    end_ns: Whole


#: The states of one moment; a reading that the system doesn't give may be missing.
States = msgspec.defstruct(
    "States",
    [
        (name, kind | msgspec.UnsetType, msgspec.UNSET)
        for name, kind in get_type_hints(HealthStates).items()
    ],
)
#: What is known of the machine around a trial, as `records.health_between` has it.
Health = msgspec.defstruct(
    "Health",
    [
        ("before", States),
        ("after", States),
        ("grown", dict[str, int]),
        ("clock", Clock | None, None),
    ],
)

#: What the JSON of a column is beyond its type; later steps read it.
JSON = {
    "sentinel_json": Watched,
    "chunks_json": Chunks,
    "spans_json": list[Span],
    "health_json": Health,
}


def _converts(values: pd.Series, column: Column) -> bool:
    try:
        values.astype(dtype(column))
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def _row(index: Any) -> int:
    return int(index) + 1


def _shown(value: Any) -> str:
    """A value in a message, no longer than one can read."""
    if pd.isna(value):
        return "a missing value"
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST_VALUE_CHARACTERS else f"{text[:LONGEST_VALUE_CHARACTERS]}…"
