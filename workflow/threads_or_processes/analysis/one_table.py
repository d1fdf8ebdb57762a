"""A data set in one file, as it is: trials.csv.gz, or the trials.parquet of earlier versions."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.csv

from threads_or_processes.analysis.checks import header_problems
from threads_or_processes.analysis.frames import names
from threads_or_processes.analysis.package import GET_IT_AGAIN
from threads_or_processes.analysis.refusals import Problem, refuse
from threads_or_processes.analysis.stored import columns_in, pieces
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import Gunzipped
from threads_or_processes.records.tables.dataset import RepetitionRow

#: A block holds the longest row. Dozens are read ahead, so they are large only where a row is.
BLOCKS_BYTES = (1024 * 1024, 64 * 1024 * 1024)
#: Rows that are in memory at once: as text they take several times the room of their numbers.
BATCH_ROWS = 4_096
#: What Arrow says of a row that is longer than a block.
STRADDLES = "straddles two block boundaries"
#: What pandas has, so that it needn't be copied.
TEXT = pyarrow.large_string()


def rows_in(path: Path) -> Iterator[pd.DataFrame]:
    """The rows, some at a time, in the order of the file, which has the columns that there must be.

    Raises ValueError and what Arrow, gzip and the file system raise, for what can't be read.
    """
    return _rows_of_parquet(path) if path.suffix == ".parquet" else _rows_of_csv(path)


def _rows_of_parquet(path: Path) -> Iterator[pd.DataFrame]:
    refuse(header_problems(columns_in(path), RepetitionRow), path)
    yield from pieces(path, names(RepetitionRow))


def _rows_of_csv(path: Path) -> Iterator[pd.DataFrame]:
    """Every column as text, so that no number goes by way of a float."""
    content = path.read_bytes()
    # Before Arrow, which can't hand on a row that is not UTF-8.
    _refuse_other_encodings(io.BufferedReader(Gunzipped(content)), path)
    _refuse_separators(io.BufferedReader(Gunzipped(content)).readline(), path)
    given = 0
    for block_bytes in BLOCKS_BYTES:
        try:
            for rows in _batches(_blocks(content, block_bytes, path), skip=given):
                yield rows.to_pandas(types_mapper={TEXT: pd.StringDtype()}.get)
                given += len(rows)
            return
        except pyarrow.ArrowInvalid as error:
            if STRADDLES not in str(error) or block_bytes == BLOCKS_BYTES[-1]:
                raise


def _batches(blocks: Iterable[pyarrow.RecordBatch], *, skip: int) -> Iterator[pyarrow.Table]:
    """The rows of blocks after the first so many, about `BATCH_ROWS` at once."""
    waiting: list[pyarrow.RecordBatch] = []
    for block in blocks:
        rest = block.slice(min(skip, len(block)))
        skip -= len(block) - len(rest)
        for start in range(0, len(rest), BATCH_ROWS):
            waiting.append(rest.slice(start, BATCH_ROWS))
            if sum(map(len, waiting)) >= BATCH_ROWS:
                yield pyarrow.Table.from_batches(waiting)
                waiting = []
    if waiting:
        yield pyarrow.Table.from_batches(waiting)


def _blocks(content: bytes, block_bytes: int, path: Path) -> Iterator[pyarrow.RecordBatch]:
    """A compressed CSV, parsed block by block."""
    uneven: list[Any] = []

    def note(row: Any) -> str:
        uneven.append(row)
        return "error"

    try:
        blocks = pyarrow.csv.open_csv(
            Gunzipped(content),
            # One thread, so that a row knows its number.
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=block_bytes),
            parse_options=pyarrow.csv.ParseOptions(
                newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names(RepetitionRow), TEXT),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        refuse(header_problems(blocks.schema.names, RepetitionRow), path)
        yield from blocks
    except pyarrow.ArrowInvalid:
        if uneven:
            row = uneven[0]
            what = f"row {row.number - 1} has {row.actual_columns} fields, "
            what += f"not {row.expected_columns}"
            refuse([Problem(what, row.number - 1)], path)
        raise


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
