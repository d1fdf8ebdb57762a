"""The data set: one table as compressed CSV, two as Parquet (`records.tables.dataset`).

Whatever it is read from is checked piece by piece. The analysis gets columns of it by name, in
batches of whole trials.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from threads_or_processes.analysis.checks import (
    PLACE,
    header_problems,
    interpreter_problems,
    plan_problems,
    row_problems,
    same_problems,
    trial_problems,
    type_problem,
    value_problems,
)
from threads_or_processes.analysis.frames import frame, names, typed
from threads_or_processes.analysis.one_table import rows_in
from threads_or_processes.analysis.package import PACKAGE_FILE, REPETITIONS_FILE, FileNote, Package
from threads_or_processes.analysis.records import Record, refused, rows
from threads_or_processes.analysis.refusals import Problem, reading, refuse
from threads_or_processes.analysis.stored import (
    Batches,
    Stored,
    begins,
    columns_in,
    pieces,
    whole_trials,
)
from threads_or_processes.common.errors import UserError
from threads_or_processes.records.fields import columns_of
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.dataset import (
    RepetitionOnlyRow,
    RepetitionRow,
    TrialRow,
)
from threads_or_processes.records.tables.groups import CellKey

#: `trial_id` and `wall_ns` settle the order of rows that broken data may hold twice.
ORDER = [*PLACE, "phase", "repetition", "trial_id", "wall_ns"]
#: By what trials belong to a plan and to its interpreters.
STATES = list(dict.fromkeys([*PLACE, "trial_id", *names(CellKey), "identity_sha256"]))
#: Trials whose records are in memory at once.
BATCH_TRIALS = 500
BOTH = f"get {REPETITIONS_FILE}, too, or give trials.csv.gz"


def dataset(records: Iterable[Record], plan: Plan) -> pd.DataFrame:
    """The typed table of all repetitions (columns: `RepetitionRow`), in canonical order.

    Raises `UserError` that names the record of a value that can't be.
    """
    flat = [
        (record.path, row)
        for record in records
        for row in rows(
            record.value,
            campaign=plan.campaign,
            worker_kind=plan.cells_by_id[record.value["cell"]["id"]].worker_kind,
        )
    ]
    trials = frame([row for _, row in flat], RepetitionRow)
    problems = value_problems(trials, RepetitionRow), row_problems(trials), trial_problems(trials)
    for problem in itertools.chain(*problems):
        if problem.row is not None:
            raise refused(flat[problem.row - 1][0], f"{problem.column}: {problem.what}")
    return in_order(trials)


def batches_of(records: Iterable[Record], plan: Plan) -> Iterator[pd.DataFrame]:
    """The same as `dataset`, some trials at a time, of records by cell and block (`Batches`)."""
    known: dict[str, Path] = {}
    of_each = iter(records)
    while some := list(itertools.islice(of_each, BATCH_TRIALS)):
        for record in some:
            first = known.setdefault(record.value["trial_id"], record.path)
            if first != record.path:
                raise refused(record.path, f"trial_id: it is that of {first}, too")
        yield dataset(some, plan)


def in_order(trials: pd.DataFrame) -> pd.DataFrame:
    """Rows by cell, block, phase (warm-up first), repetition; the same for any order before."""
    return _sorted(trials).reset_index(drop=True)


def _sorted(trials: pd.DataFrame) -> pd.DataFrame:
    """The same rows in canonical order; of what is in order already, no copy is made."""
    keys = [key for key in ORDER if key in trials]
    # Descending text order puts "warmup" before "measure".
    ascending = [key != "phase" for key in keys]
    found = trials[keys].reset_index(drop=True)
    places = found.sort_values(keys, ascending=ascending, kind="stable").index
    return trials if places.equals(found.index) else trials.iloc[places]


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set that was checked, of which no more than a batch need be in memory.

    `states` has a row for each trial; its index is the place in its file of the row that says so,
    from 0.
    """

    states: pd.DataFrame
    stored: Stored

    @property
    def batches(self) -> Batches:
        """Reads it."""
        return self.stored.batches


def in_batches(trials: pd.DataFrame) -> Batches:
    """A data set that is in memory, in canonical order, as a single batch."""
    return lambda columns: [trials[list(columns)]]


def open_dataset(path: Path) -> DataSet:
    """Check a data set: .csv.gz, or the .parquet of its trials, beside that of its repetitions.

    Raises `UserError` naming file, row and column: missing, cut off, columns that are missing,
    unknown or of another type, values that can't be, rows that are there twice, tables that don't
    go together.
    """
    with reading(path):
        return _of_one_table(path) if _is_one_table(path) else _of_two_tables(path)


def read_dataset(path: Path) -> pd.DataFrame:
    """A data set as a whole, a row a repetition (`RepetitionRow`), checked as `open_dataset` does.

    In canonical order; its index is each row's place in the file, from 0.
    """
    with reading(path):
        if _is_one_table(path):
            return _whole(path)
        return pd.concat(list(_of_two_tables(path).batches(names(RepetitionRow))))


def _is_one_table(path: Path) -> bool:
    """Whether it has a row a repetition: CSV does, and so did Parquet in earlier versions."""
    own = names(RepetitionOnlyRow)[1:]
    return path.suffix != ".parquet" or not set(own).isdisjoint(columns_in(path))


class _OtherOrderError(Exception):
    """A table is not in canonical order."""


def _of_one_table(path: Path) -> DataSet:
    states: list[pd.DataFrame] = []
    try:
        stored = Stored.in_memory(_noted(_ordered(path), states))
    except _OtherOrderError:
        states.clear()
        stored = Stored.in_memory(_noted([_whole(path)], states))
    found = pd.concat(states) if states else typed(pd.DataFrame(), RepetitionRow)
    refuse(trial_problems(found), path)
    return DataSet(states=found, stored=stored)


def _noted(batches: Iterable[pd.DataFrame], states: list[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for batch in batches:
        states.append(batch[STATES].drop_duplicates())
        yield batch


def _ordered(path: Path) -> Iterator[pd.DataFrame]:
    """The rows of a file that is in canonical order, checked; raises `_OtherOrderError`."""
    last = pd.DataFrame()
    for trials in whole_trials(_checked(rows_in(path), RepetitionRow, path)):
        keys = pd.concat([last, trials[ORDER]])
        if _sorted(keys) is not keys:
            raise _OtherOrderError
        last = keys.iloc[-1:]
        refuse(row_problems(trials), path)
        refuse(same_problems(trials), path)
        yield trials


def _whole(path: Path) -> pd.DataFrame:
    """All rows of a file in whatever order, checked, in canonical order."""
    parts = list(_checked(rows_in(path), RepetitionRow, path))
    trials = pd.concat(parts, ignore_index=True) if parts else typed(pd.DataFrame(), RepetitionRow)
    refuse(row_problems(trials), path)
    refuse(trial_problems(trials), path)
    trials = _sorted(trials)
    refuse(same_problems(trials), path)
    return trials


def _checked(parts: Iterable[pd.DataFrame], record: type, path: Path) -> Iterator[pd.DataFrame]:
    """Parts of a table, with the columns that there must be: their values checked, and typed."""
    row = 0
    for part in parts:
        here = part.set_axis(pd.RangeIndex(row, row + len(part)))
        row += len(here)
        there = [column for column in columns_of(record) if column.name in here]
        refuse((type_problem(here[column.name], column) for column in there), path)
        table = typed(here, record)
        refuse(value_problems(table, record), path)
        yield table


def _of_two_tables(path: Path) -> DataSet:
    """The tables of trials, at `path`, and of repetitions, if they go together."""
    other = path.with_name(REPETITIONS_FILE)
    states = _states(path)
    with reading(other, hint=BOTH):
        places, is_in_order = _places(other, path, states)
        if is_in_order and _sorted(states) is states and _counts_up(places, len(states)):
            return DataSet(states=states, stored=Stored(trials=path, repetitions=other))
        repetitions = pd.concat(list(_table(other, RepetitionOnlyRow)), ignore_index=True)
        refuse(row_problems(repetitions), other)
    of_trial = pd.concat(list(_table(path, TrialRow)), ignore_index=True)
    ids = repetitions.pop("trial_id")
    facts = of_trial.iloc[pd.Index(of_trial["trial_id"]).get_indexer(ids)]
    trials = pd.concat([facts.reset_index(drop=True), repetitions], axis="columns")
    return DataSet(states=states, stored=Stored.in_memory([in_order(trials)]))


def _table(path: Path, record: type) -> Iterator[pd.DataFrame]:
    """One of two tables, checked."""
    refuse(header_problems(columns_in(path), record), path)
    return _checked(pieces(path, names(record)), record, path)


def _states(path: Path) -> pd.DataFrame:
    """What is kept of a table of trials (`DataSet`)."""
    parts = [part[STATES] for part in _table(path, TrialRow)]
    states = pd.concat(parts) if parts else typed(pd.DataFrame(), TrialRow)[STATES]
    refuse(trial_problems(states), path)
    twice = states.index[states["trial_id"].duplicated()]
    refuse((Problem("a trial is there twice", row + 1, "trial_id") for row in twice[:1]), path)
    return states


def _places(path: Path, trials_path: Path, states: pd.DataFrame) -> tuple[list[int], bool]:
    """Where in the table of trials the trials of the repetitions are, run by run of its rows.

    And whether the rows of each run are in order.
    """
    known = pd.Index(states["trial_id"])
    places: list[int] = []
    is_in_order = True
    for part in whole_trials(_table(path, RepetitionOnlyRow)):
        refuse(row_problems(part), path)
        first = part["trial_id"][begins(part["trial_id"])]
        found = known.get_indexer(first)
        for row in first.index[found < 0][:1]:
            what = f"a repetition of a trial that {trials_path.name} has not"
            refuse([Problem(what, row + 1, "trial_id")], path)
        numbers = pd.Series(np.cumsum(begins(part["trial_id"])), index=part.index, name="cell")
        keys = pd.concat([numbers, part[ORDER[2:]]], axis="columns")
        is_in_order = is_in_order and _sorted(keys) is keys
        places += found.tolist()
    for row in sorted(set(range(len(known))) - set(places))[:1]:
        what = f"a trial without a row in {path.name}"
        refuse([Problem(what, row + 1, "trial_id")], trials_path)
    return places, is_in_order


def _counts_up(places: list[int], number: int) -> bool:
    return places == list(range(number))


def check_covers(trials: pd.DataFrame, plan: Plan, path: Path) -> None:
    """Refuse a data set with trials or cells that the plan has not (`DataSet.states`)."""
    refuse(plan_problems(trials, plan), path, hint="give the plan that belongs to this data set")


def check_interpreters(
    trials: pd.DataFrame, plan: Plan, identities: Mapping[str, Identity], path: Path
) -> None:
    """Refuse trials of another interpreter than their arm's in their block."""
    refuse(interpreter_problems(trials, plan, identities), path)


def check_files(path: Path, package: Package) -> None:
    """Refuse a data set whose files are not those that its package describes."""
    for file, note in package.notes(path).items():
        with reading(file, hint=BOTH):
            found = FileNote.of(file)
        if found != note:
            raise UserError(
                f"the data set is not the one that {PACKAGE_FILE} describes: it has {found.bytes} "
                f"bytes and the sha256 {found.sha256}, not {note.bytes} and {note.sha256}",
                where=str(file),
                hint=f"get all files again from one place; after a change "
                f"{PACKAGE_FILE} no longer describes the data",
            )
