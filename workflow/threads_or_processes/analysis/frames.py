"""Tables as typed frames, made from the declarations of their rows (`records.tables`)."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Literal

import pandas as pd

from threads_or_processes.records.fields import Column, columns_of, parts_of

#: pandas types that know missing values.
Dtype = Literal["Int64", "Float64", "string"]
DTYPES: Mapping[type, Dtype] = {int: "Int64", float: "Float64", str: "string"}


def names(record: type) -> list[str]:
    """The names of a table's columns, in order."""
    return [column.name for column in columns_of(record)]


def dtype(column: Column) -> Dtype:
    """The pandas type of a column."""
    return DTYPES[column.kind]


def frame(rows: Iterable[Any], record: type) -> pd.DataFrame:
    """A typed frame of rows: dataclasses of the type `record`, or dicts of its fields.

    A key that a dict lacks is missing, one too many is an error.
    """
    listed = list(rows)
    known = {_key(name) for name in parts_of(record)}
    unknown = {key for row in listed if isinstance(row, dict) for key in row} - known
    assert not unknown, f"{record.__name__} has no fields {sorted(unknown)}"
    return pd.DataFrame(
        {
            column.name: pd.array(_values(listed, column), dtype=dtype(column))
            for column in columns_of(record)
        }
    )


def typed(table: pd.DataFrame, record: type) -> pd.DataFrame:
    """The columns of a table's rows out of a frame that has them, with their types."""
    return pd.DataFrame(
        {column.name: table[column.name].astype(dtype(column)) for column in columns_of(record)}
    )


def csv_text(table: pd.DataFrame) -> str:
    r"""The one spelling of a table: `\n`, floats to twelve digits, empty for missing.

    Processors differ in the last digits of a logarithm; twelve are the same everywhere.
    """
    return table.to_csv(index=False, lineterminator="\n", float_format="%.12g")


def _key(name: str) -> str:
    """A field's name without what keeps it from being a keyword of Python."""
    return name.rstrip("_")


def _values(rows: list[Any], column: Column) -> list[Any]:
    values = rows
    for name in column.path:
        key = _key(name)
        values = [
            value.get(key) if isinstance(value, dict) else getattr(value, name, None)
            for value in values
        ]
    return [_text(value) for value in values] if column.kind is str else values


def _text(value: Any) -> Any:
    if isinstance(value, tuple):
        return " ".join(value) or None
    return value.value if isinstance(value, Enum) else value
