"""The data set: a row a repetition, as Parquet and as compressed CSV with the same content."""

import gzip
import io
import zlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from workflow.analysis import columns
from workflow.analysis.planned import Plan
from workflow.analysis.records import Record, rows
from workflow.errors import UserError
from workflow.files import write_bytes

GET_IT_AGAIN = "fetch the data set again, or run snakemake to collect it anew"


def dataset(records: Iterable[Record], plan: Plan) -> pd.DataFrame:
    """The typed table of all repetitions (columns: `columns.TRIALS`), in canonical order."""
    kinds = {cell.id: cell.worker_kind for cell in plan.cells}
    flat = [
        row
        for record in records
        for row in rows(
            record.value,
            campaign=plan.campaign,
            worker_kind=kinds[record.value["cell"]["id"]],
        )
    ]
    return in_order(columns.frame(flat, columns.TRIALS))


def in_order(trials: pd.DataFrame) -> pd.DataFrame:
    """Rows by cell, block, phase (warm-up first), repetition; the same for any order before."""
    # Descending text order puts "warmup" before "measure"; trial_id and wall_ns settle the order
    # of rows that broken data may hold twice.
    keys = ["cell", "block", "phase", "repetition", "trial_id", "wall_ns"]
    ascending = [key != "phase" for key in keys]
    return trials.sort_values(keys, ascending=ascending, kind="stable", ignore_index=True)


def parquet_bytes(trials: pd.DataFrame) -> bytes:
    """The table as Parquet; the same table gives the same bytes."""
    buffer = io.BytesIO()
    trials.to_parquet(buffer, index=False)
    return buffer.getvalue()


def csv_gz_bytes(trials: pd.DataFrame) -> bytes:
    """The table as gzipped CSV; neither a time nor a file name is in the header of the gzip."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as stream:
        stream.write(columns.csv_text(trials).encode("utf-8"))
    return buffer.getvalue()


def write_dataset(trials: pd.DataFrame, *, parquet: Path, csv: Path) -> None:
    """Write both files, each whole or not at all."""
    write_bytes(parquet, parquet_bytes(trials))
    write_bytes(csv, csv_gz_bytes(trials))


def read_dataset(path: Path) -> pd.DataFrame:
    """Read a data set (.parquet or .csv.gz), checked and in canonical order.

    Raises `UserError` naming the file and what is wrong: missing, cut off, columns that are
    missing, unknown or of another type, values that can't be.
    """
    trials = _typed(_read_untyped(path), path)
    _check_values(trials, path)
    return in_order(trials)


def check_covers(trials: pd.DataFrame, plan: Plan, path: Path) -> None:
    """Refuse a data set with trials that are not planned, or with two trials at one place."""
    places = trials[["cell", "block", "trial_id"]].drop_duplicates()
    planned = {(trial.cell, trial.block) for trial in plan.trials}
    seen: set[tuple[str, int]] = set()
    for cell, block in zip(places["cell"], places["block"], strict=True):
        if (cell, block) not in planned:
            raise UserError(
                f"the data set has a trial that the plan has not: {cell}, block {block}",
                where=str(path),
                mend="give the plan.json that belongs to this data set",
            )
        if (cell, block) in seen:
            raise UserError(
                f"the data set has two trials of {cell}, block {block}",
                where=str(path),
                mend=GET_IT_AGAIN,
            )
        seen.add((cell, block))


def _read_untyped(path: Path) -> pd.DataFrame:
    try:
        if path.name.endswith(".parquet"):
            return pd.read_parquet(path)
        if path.name.endswith(".csv.gz"):
            # Everything as text: numbers are converted column by column, so that a message can
            # name the column, and never by way of floats, which would round nanoseconds.
            return pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""])
    except FileNotFoundError:
        raise UserError("the data set is missing", where=str(path), mend=GET_IT_AGAIN) from None
    except (OSError, EOFError, zlib.error, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"the data set can't be read ({reason})", where=str(path), mend=GET_IT_AGAIN
        ) from None
    raise UserError(
        "a data set is a .parquet or a .csv.gz file",
        where=str(path),
        mend="give trials.parquet or trials.csv.gz",
    )


def _typed(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    expected, found = columns.names(columns.TRIALS), list(table.columns)
    problems = {
        "lacks the columns": [name for name in expected if name not in found],
        "has unknown columns": [name for name in found if name not in expected],
    }
    for problem, culprits in problems.items():
        if culprits:
            raise UserError(
                f"the data set {problem} {', '.join(culprits)}",
                where=str(path),
                mend=GET_IT_AGAIN,
            )
    return pd.DataFrame(
        {column.name: _column(table[column.name], column, path) for column in columns.TRIALS}
    )


def _column(values: pd.Series, column: columns.Column, path: Path) -> pd.Series:
    try:
        return values.astype(column.dtype)
    except (ValueError, TypeError, OverflowError):
        kind = "a whole number" if column.dtype == "Int64" else column.dtype
        raise UserError(
            f"the data set's column {column.name} has a value that is not {kind}",
            where=str(path),
            mend=GET_IT_AGAIN,
        ) from None


def _check_values(trials: pd.DataFrame, path: Path) -> None:
    """What later steps rely on: every row has its place, every time is above zero."""
    for name in ("trial_id", "cell", "workload", "arm", "block", "outcome"):
        _refuse_rows(trials[name].isna(), f"{name} is missing", path)
    _refuse_rows((trials["wall_ns"] <= 0).fillna(value=False), "wall_ns is not above 0", path)
    phases = trials["phase"].isin(["warmup", "measure"]) | trials["phase"].isna()
    _refuse_rows(~phases, "phase is neither warmup nor measure", path)


def _refuse_rows(bad: pd.Series, what: str, path: Path) -> None:
    if bad.any():
        row = int(bad.to_numpy(dtype=bool).argmax()) + 1
        raise UserError(
            f"the data set's row {row} can't be: {what}", where=str(path), mend=GET_IT_AGAIN
        )
