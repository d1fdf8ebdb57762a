"""The data set: a row a repetition, as Parquet and as compressed CSV with the same content."""

import gzip
import io
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from threads_or_processes.analysis.checks import (
    OF_TRIAL,
    Problem,
    header_problems,
    interpreter_problems,
    plan_problems,
    row_problems,
    trial_problems,
    type_problem,
    value_problems,
)
from threads_or_processes.analysis.frames import csv_text, frame, names, typed
from threads_or_processes.analysis.package import PACKAGE_FILE, FileNote
from threads_or_processes.analysis.records import Record, refused, rows
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import Gunzipped, check_ends, most_bytes, write_bytes
from threads_or_processes.records.fields import columns_of
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.dataset import RepetitionRow
from threads_or_processes.records.tables.groups import CellKey

GET_IT_AGAIN = "fetch the data set again, or run snakemake to regenerate it"
LONGEST_REASON_CHARACTERS = 200
#: Rows of Parquet that are in memory at once.
BATCH_ROWS = 8_192
#: `trial_id` and `wall_ns` settle the order of rows that broken data may hold twice.
ORDER = ["cell", "block", "phase", "repetition", "trial_id", "wall_ns"]
#: By what trials belong to a plan and to its interpreters.
STATES = list(dict.fromkeys([*OF_TRIAL, "trial_id", *names(CellKey), "identity_sha256"]))
#: Gives these columns of a data set in canonical order, each trial whole in one batch.
Batches = Callable[[Sequence[str]], Iterable[pd.DataFrame]]
BLOCK_BYTES = 64 * 1024 * 1024
#: What a column of a Parquet file may hold; null where all is missing.
_ARROW_TYPES = (
    pyarrow.types.is_integer,
    pyarrow.types.is_floating,
    pyarrow.types.is_string,
    pyarrow.types.is_large_string,
    pyarrow.types.is_null,
)


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


def in_order(trials: pd.DataFrame) -> pd.DataFrame:
    """Rows by cell, block, phase (warm-up first), repetition; the same for any order before."""
    return _sorted(trials).reset_index(drop=True)


def _sorted(trials: pd.DataFrame) -> pd.DataFrame:
    """The same rows in canonical order; of what is in order already, no copy is made."""
    # Descending text order puts "warmup" before "measure".
    ascending = [key != "phase" for key in ORDER]
    keys = trials[ORDER].reset_index(drop=True)
    places = keys.sort_values(ORDER, ascending=ascending, kind="stable").index
    return trials if places.equals(keys.index) else trials.iloc[places]


def parquet_bytes(trials: pd.DataFrame) -> bytes:
    """The table as Parquet; the same table gives the same bytes."""
    return trials.to_parquet(index=False)


def csv_gz_bytes(trials: pd.DataFrame) -> bytes:
    """The table as gzipped CSV; neither a time nor a file name is in the header of the gzip."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as stream:
        stream.write(csv_text(trials).encode("utf-8"))
    return buffer.getvalue()


def write_dataset(trials: pd.DataFrame, *, parquet: Path, csv: Path) -> None:
    """Write both files, each whole or not at all."""
    write_bytes(parquet, parquet_bytes(trials))
    write_bytes(csv, csv_gz_bytes(trials))


def read_dataset(path: Path) -> pd.DataFrame:
    """Read a data set (.parquet or .csv.gz), checked and in canonical order.

    Its index is each row's place in the file, from 0. Raises `UserError` naming file, row and
    column: missing, cut off, columns that are missing, unknown or of another type, values that
    can't be, rows that are there twice.
    """
    with _reading(path):
        table = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    refuse(header_problems(list(table.columns), RepetitionRow), path)
    trials = _checked(table, path)
    refuse(trial_problems(trials), path)
    return _sorted(trials)


def _checked(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """A data set whose columns are known, or a part of one, checked and with its types."""
    known = [column for column in columns_of(RepetitionRow) if column.name in table]
    refuse((type_problem(table[column.name], column) for column in known), path)
    trials = typed(table, RepetitionRow)
    refuse(value_problems(trials, RepetitionRow), path)
    refuse(row_problems(trials), path)
    return trials


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set that was checked, of which no more than a batch need be in memory.

    `states` has a row for each trial, more if a fact of a trial is not the same in all of its rows;
    its index is each row's place in the file, from 0.
    """

    states: pd.DataFrame
    batches: Batches


def open_dataset(path: Path) -> DataSet:
    """Check a data set as `read_dataset` does; Parquet in canonical order stays on the disk."""
    states = _states_in_order(path) if path.suffix == ".parquet" else None
    if states is None:
        trials = read_dataset(path)
        return DataSet(states=trials, batches=in_batches(trials))
    return DataSet(
        states=states,
        batches=lambda columns: (
            typed(batch, RepetitionRow, columns) for batch in _parquet_batches(path, columns)
        ),
    )


def in_batches(trials: pd.DataFrame) -> Batches:
    """A data set that is in memory, in canonical order, as a single batch."""
    return lambda columns: [trials[list(columns)]]


def _states_in_order(path: Path) -> pd.DataFrame | None:
    """The states of a checked Parquet file (`DataSet`); None if its rows are in another order."""
    states = []
    last = pd.DataFrame()
    with _reading(path):
        for batch in _parquet_batches(path, names(RepetitionRow)):
            trials = _checked(batch, path)
            rows = pd.concat([last, trials[ORDER]])
            if _sorted(rows) is not rows:
                return None
            last = rows.iloc[-1:]
            states.append(trials[STATES].drop_duplicates())
    found = pd.concat(states) if states else typed(pd.DataFrame(), RepetitionRow)
    refuse(trial_problems(found), path)
    return found


def check_covers(trials: pd.DataFrame, plan: Plan, path: Path) -> None:
    """Refuse a data set (`read_dataset`) with trials or cells that the plan has not."""
    refuse(plan_problems(trials, plan), path, hint="give the plan that belongs to this data set")


def check_interpreters(
    trials: pd.DataFrame, plan: Plan, identities: Mapping[str, Identity], path: Path
) -> None:
    """Refuse trials of another interpreter than their arm's in their block."""
    refuse(interpreter_problems(trials, plan, identities), path)


def check_file(path: Path, note: FileNote) -> None:
    """Refuse a file that is not the one its package describes."""
    found = FileNote.of(path)
    if found != note:
        raise UserError(
            f"the data set is not the one that {PACKAGE_FILE} describes: it has {found.bytes} "
            f"bytes and the sha256 {found.sha256}, not {note.bytes} and {note.sha256}",
            where=str(path),
            hint=f"get both files again from one place; after a change "
            f"{PACKAGE_FILE} no longer describes the data",
        )


def refuse(problems: Iterable[Problem | None], path: Path, *, hint: str = GET_IT_AGAIN) -> None:
    """Raise the first problem of a data set, if it has one, as a `UserError`."""
    for problem in problems:
        if problem is not None:
            place = [f"row {problem.row}"] if problem.row is not None else []
            named = [f"column {problem.column}"] if problem.column else []
            raise UserError(
                f"the data set can't be used: {problem.what}",
                where=", ".join([str(path), *place, *named]),
                hint=hint,
            )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """What reading a data set raises, as a `UserError`."""
    if not path.name.endswith((".parquet", ".csv.gz")):
        raise UserError(
            "a data set is a .parquet or a .csv.gz file",
            where=str(path),
            hint="give trials.parquet or trials.csv.gz",
        )
    try:
        check_ends(path)
        yield
    except FileNotFoundError:
        raise UserError("the data set is missing", where=str(path), hint=GET_IT_AGAIN) from None
    except (OSError, EOFError, zlib.error, ValueError, pyarrow.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"the data set can't be read ({reason[:LONGEST_REASON_CHARACTERS]})",
            where=str(path),
            hint=GET_IT_AGAIN,
        ) from None


def _read_parquet(path: Path) -> pd.DataFrame:
    """The whole table as it is."""
    with _parquet(path) as file:
        return _frame(file.read())


def _parquet_batches(path: Path, columns: Iterable[str]) -> Iterator[pd.DataFrame]:
    """The table as it is, with these columns as far as it has them: whole trials, if in order."""
    with _parquet(path) as file:
        there = [
            name for name in dict.fromkeys(("trial_id", *columns)) if name in file.schema.names
        ]
        begun: list[pd.DataFrame] = []
        row = 0
        for part in file.iter_batches(BATCH_ROWS, columns=there):
            batch = _frame(part)
            batch.index = pd.RangeIndex(row, row + len(batch))
            row += len(batch)
            ids = batch["trial_id"]
            ends = np.flatnonzero(ids.ne(ids.shift()))[-1]  # where its last trial begins
            if ends:
                yield pd.concat([*begun, batch.iloc[:ends]])
                begun = []
            begun.append(batch.iloc[ends:])
        if begun:
            yield pd.concat(begun)


@contextmanager
def _parquet(path: Path) -> Iterator[pyarrow.parquet.ParquetFile]:
    """Open a file; raises ValueError for columns that hold neither numbers nor text."""
    with pyarrow.parquet.ParquetFile(path) as file:
        said, most = file.metadata, most_bytes(path.stat().st_size)
        groups = (said.row_group(number).total_byte_size for number in range(said.num_row_groups))
        if max(sum(groups), said.num_rows * said.num_columns) > most:
            raise ValueError(f"uncompressed it has more than {most:,} bytes")
        for field in file.schema_arrow:
            if not any(is_one(field.type) for is_one in _ARROW_TYPES):
                raise ValueError(f"the column {field.name[:60]} is of the type {field.type}")
        refuse(header_problems(file.schema_arrow.names, RepetitionRow), path)
        yield file
    pyarrow.default_memory_pool().release_unused()  # nothing else could use it


def _frame(table: pyarrow.Table | pyarrow.RecordBatch) -> pd.DataFrame:
    table.validate(full=True)  # text that is not UTF-8 too
    read: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return read


def _read_csv(path: Path) -> pd.DataFrame:
    """The table with every column as text, so that no number goes by way of a float.

    Raises ValueError for text that is no table or not UTF-8.
    """
    content = path.read_bytes()  # unpacked twice, for the text is as large as the table
    _refuse_other_encodings(io.BufferedReader(Gunzipped(content)), path)
    _refuse_separators(io.BufferedReader(Gunzipped(content)).readline(), path)
    uneven: list[Any] = []
    text_type = pyarrow.large_string()  # what pandas has, so that it needn't be copied

    def note(row: Any) -> str:
        uneven.append(row)
        return "error"

    try:
        table = pyarrow.csv.read_csv(
            Gunzipped(content),
            # One thread, so that a row knows its number; a block holds the longest row.
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
            parse_options=pyarrow.csv.ParseOptions(
                newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names(RepetitionRow), text_type),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pyarrow.ArrowInvalid:
        if not uneven:
            raise
        row = uneven[0]
        problem = Problem(
            f"row {row.number - 1} has {row.actual_columns} fields, not {row.expected_columns}",
            row.number - 1,
        )
        refuse([problem], path)
    texts: pd.DataFrame = table.to_pandas(types_mapper={text_type: pd.StringDtype()}.get)
    return texts


def _refuse_other_encodings(lines: Iterable[bytes], path: Path) -> None:
    for number, line in enumerate(lines):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            refuse([Problem("it is not UTF-8", number or None)], path)


def _refuse_separators(line: bytes, path: Path) -> None:
    """Programs for tables write what their country is used to."""
    header = line.rstrip(b"\n").decode("utf-8", "replace")
    for name, separator in {"semicolons": ";", "tabs": "\t", "bars": "|"}.items():
        if set(names(RepetitionRow)) <= {
            field.strip().strip('"') for field in header.split(separator)
        }:
            raise UserError(
                f"the data set can't be used: its columns are separated by {name}, not by commas",
                where=f"{path}, header",
                hint=GET_IT_AGAIN,
            )
