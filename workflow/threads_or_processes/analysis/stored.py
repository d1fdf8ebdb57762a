"""A data set as two Parquet tables, one of trials and one of repetitions.

Both are in canonical order, so that the trial of a repetition is found by counting. They lie on the
disk or, compressed all the same, in memory.
"""

import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow
import pyarrow.parquet

from threads_or_processes.analysis.frames import csv_text, names, typed
from threads_or_processes.analysis.package import CSV_FILE, PARQUET_FILE, REPETITIONS_FILE
from threads_or_processes.common.files import most_bytes, write_bytes, writing
from threads_or_processes.records.tables.dataset import (
    RepetitionOnlyRow,
    RepetitionRow,
    TrialRow,
)

#: Rows of a table that are in memory at once.
BATCH_ROWS = 8_192
#: A group is compressed by itself. So many rows, however they come, give the same bytes.
GROUP_ROWS = 2 * BATCH_ROWS
#: Gives these columns of a data set in canonical order, each trial whole in one batch.
Batches = Callable[[Sequence[str]], Iterable[pd.DataFrame]]
#: A table of a data set: a file, or what one would hold.
Table: TypeAlias = Path | pyarrow.Buffer
#: What a column of a Parquet file may hold; null where all is missing.
_ARROW_TYPES = (
    pyarrow.types.is_integer,
    pyarrow.types.is_floating,
    pyarrow.types.is_string,
    pyarrow.types.is_large_string,
    pyarrow.types.is_null,
)
#: Without these a whole number beside a missing one would become a float.
_PANDAS_TYPES = {
    pyarrow.int64(): pd.Int64Dtype(),
    pyarrow.string(): pd.StringDtype(),
    pyarrow.large_string(): pd.StringDtype(),
}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The tables of trials and of repetitions."""

    trials: Table
    repetitions: Table

    @classmethod
    def in_memory(cls, batches: Iterable[pd.DataFrame]) -> Self:
        """Batches of whole trials in canonical order (`RepetitionRow`), compressed."""
        trials, repetitions = pyarrow.BufferOutputStream(), pyarrow.BufferOutputStream()
        store(batches, trials=trials, repetitions=repetitions)
        return cls(trials=trials.getvalue(), repetitions=repetitions.getvalue())

    @property
    def rows(self) -> int:
        """How many rows have a row a repetition."""
        with opened(self.repetitions) as file:
            return int(file.metadata.num_rows)

    def write(self, folder: Path) -> None:
        """Write both tables' files."""
        for name, table in ((PARQUET_FILE, self.trials), (REPETITIONS_FILE, self.repetitions)):
            content = table.read_bytes() if isinstance(table, Path) else memoryview(table)
            write_bytes(folder / name, content)

    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """These columns, with a row a repetition (`Batches`)."""
        of_trial = [name for name in names(TrialRow) if name in {"trial_id", *columns}]
        own = [name for name in names(RepetitionOnlyRow)[1:] if name in columns]
        of_next = (typed(part, TrialRow, of_trial) for part in pieces(self.trials, of_trial))
        trials = typed(pd.DataFrame(), TrialRow, of_trial)
        for part in whole_trials(pieces(self.repetitions, ["trial_id", *own])):
            places = np.cumsum(begins(part["trial_id"])) - 1
            while len(trials) <= places[-1]:
                trials = pd.concat([trials, next(of_next)], ignore_index=True)
            both = {
                **{name: trials[name].array.take(places) for name in of_trial},
                **typed(part, RepetitionOnlyRow, own),
            }
            trials = trials.iloc[places[-1] + 1 :]
            ordered = {name: both[name] for name in names(RepetitionRow) if name in columns}
            yield pd.DataFrame(ordered, index=part.index, copy=False)


def store(
    batches: Iterable[pd.DataFrame],
    *,
    trials: IO[bytes],
    repetitions: IO[bytes],
    csv: IO[bytes] | None = None,
) -> tuple[int, int]:
    """Write batches of whole trials in canonical order, as two tables and as one compressed CSV.

    Returns the numbers of trials and of rows. The same rows give the same bytes, however they come:
    neither a time nor a file name is in the header of the gzip.
    """
    rows_of_trials = rows = 0
    with _Parquet(trials, TrialRow) as first, _Parquet(repetitions, RepetitionOnlyRow) as each:
        for batch in batches if csv is None else written_as_csv(batches, csv):
            starts = batch[begins(batch["trial_id"])]
            first.add(starts)
            each.add(batch)
            rows_of_trials += len(starts)
            rows += len(batch)
    return rows_of_trials, rows


def write_dataset(batches: Iterable[pd.DataFrame], folder: Path) -> tuple[int, int]:
    """Write the files of a data set (`store`), all of them or none."""
    with (
        writing(folder / CSV_FILE) as csv,
        writing(folder / PARQUET_FILE) as trials,
        writing(folder / REPETITIONS_FILE) as repetitions,
    ):
        return store(batches, trials=trials, repetitions=repetitions, csv=csv)


def written_as_csv(batches: Iterable[pd.DataFrame], stream: IO[bytes]) -> Iterator[pd.DataFrame]:
    """The same batches, each written as compressed CSV before it comes."""
    is_first = True
    with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as text:
        for batch in batches:
            text.write(csv_text(batch, header=is_first).encode("utf-8"))
            is_first = False
            yield batch


class _Parquet:
    """A Parquet table that grows piece by piece."""

    def __init__(self, stream: IO[bytes], record: type) -> None:
        self._names = names(record)
        self._waiting = _arrow(typed(pd.DataFrame(), record))
        self._writer = pyarrow.parquet.ParquetWriter(stream, self._waiting.schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        if problem[0] is None and len(self._waiting):
            self._write(len(self._waiting))
        self._writer.close()

    def add(self, rows: pd.DataFrame) -> None:
        """Write as many whole groups as there are."""
        self._waiting = pyarrow.concat_tables([self._waiting, _arrow(rows[self._names])])
        while len(self._waiting) >= GROUP_ROWS:
            self._write(GROUP_ROWS)

    def _write(self, rows: int) -> None:
        # Where chunks end would show in the file.
        self._writer.write_table(self._waiting.slice(0, rows).combine_chunks())
        self._waiting = self._waiting.slice(rows)


def _arrow(rows: pd.DataFrame) -> pyarrow.Table:
    return pyarrow.Table.from_pandas(rows, preserve_index=False)


@contextmanager
def opened(table: Table) -> Iterator[pyarrow.parquet.ParquetFile]:
    """Open a table; raises ValueError for columns that hold neither numbers nor text."""
    source = table if isinstance(table, Path) else pyarrow.BufferReader(table)
    with pyarrow.parquet.ParquetFile(source) as file:
        if isinstance(table, Path):
            said, most = file.metadata, most_bytes(table.stat().st_size)
            groups = (said.row_group(one).total_byte_size for one in range(said.num_row_groups))
            if max(sum(groups), said.num_rows * said.num_columns) > most:
                raise ValueError(f"uncompressed it has more than {most:,} bytes")
        for field in file.schema_arrow:
            if not any(is_one(field.type) for is_one in _ARROW_TYPES):
                raise ValueError(f"the column {field.name[:60]} is of the type {field.type}")
        yield file
    pyarrow.default_memory_pool().release_unused()  # nothing else could use it


def columns_in(table: Table) -> list[str]:
    """The names of a table's columns, as they are."""
    with opened(table) as file:
        found: list[str] = file.schema_arrow.names
        return found


def pieces(table: Table, columns: Iterable[str]) -> Iterator[pd.DataFrame]:
    """These columns as they are, as far as there are such, a few rows at a time."""
    with opened(table) as file:
        for part in file.iter_batches(BATCH_ROWS, columns=_there(file, columns)):
            yield _frame(part)


def whole_trials(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The same rows in pieces of whole trials; the index is each row's place, from 0."""
    begun: list[pd.DataFrame] = []
    row = 0
    for part in parts:
        if part.empty:
            continue
        batch = part.set_axis(pd.RangeIndex(row, row + len(part)))
        row += len(batch)
        last = np.flatnonzero(begins(batch["trial_id"]))[-1]
        if last:
            yield pd.concat([*begun, batch.iloc[:last]])
            begun = []
        begun.append(batch.iloc[last:])
    if begun:
        yield pd.concat(begun)


def begins(ids: pd.Series) -> npt.NDArray[np.bool_]:
    """Which rows are the first of their trial, where the rows of a trial stand together."""
    other = ids.ne(ids.shift()).to_numpy(dtype=bool, na_value=True)
    return np.asarray(other, dtype=bool)


def _there(file: pyarrow.parquet.ParquetFile, columns: Iterable[str]) -> list[str]:
    return [name for name in columns if name in file.schema_arrow.names]


def _frame(table: pyarrow.Table | pyarrow.RecordBatch) -> pd.DataFrame:
    table.validate(full=True)  # text that is not UTF-8 too
    read: pd.DataFrame = table.to_pandas(ignore_metadata=True, types_mapper=_PANDAS_TYPES.get)
    return read
