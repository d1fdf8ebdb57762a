"""Tables as typed frames, made from the declarations of their rows (`records.tables`)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Literal

import pandas as pd

from threads_or_processes.common.files import canonical_json
from threads_or_processes.common.spreadsheet import harmless
from threads_or_processes.records.fields import Column, columns_of

#: pandas types that know missing values.
Dtype = Literal["Int64", "Float64", "string"]
DTYPES: Mapping[type, Dtype] = {int: "Int64", float: "Float64", str: "string"}


def names(record: type) -> list[str]:
    """The names of a table's columns, in order."""
    return [column.name for column in columns_of(record)]


def dtype(column: Column) -> Dtype:
    """The pandas type of a column."""
    return DTYPES[column.kind]


def frame(rows: Sequence[Any], record: type) -> pd.DataFrame:
    """A typed frame of rows, dataclasses of the type `record`."""
    return pd.DataFrame(
        {
            column.name: pd.array([_value(row, column) for row in rows], dtype=dtype(column))
            for column in columns_of(record)
        }
    )


def typed(
    table: pd.DataFrame, record: type, columns: Collection[str] | None = None
) -> pd.DataFrame:
    """The columns of a table's rows out of a frame that has them, with their types.

    All, or those asked for. One that an earlier version lacked gets the value of that time.
    """
    return pd.DataFrame(
        {
            column.name: table[column.name].astype(dtype(column))
            if column.name in table
            else pd.Series(column.rules.before, index=table.index, dtype=dtype(column))
            for column in columns_of(record)
            if columns is None or column.name in columns
        }
    )


def as_list(column: Any) -> list[Any]:
    """The values of a column; None for what is missing."""
    values: list[Any] = column.to_numpy(object, na_value=None).tolist()
    return values


def as_rows(table: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    """The values of some columns, row by row; None for what is missing."""
    return zip(*(as_list(table[name]) for name in names), strict=True)


def csv_text(table: pd.DataFrame, *, header: bool = True) -> str:
    r"""The one spelling of a table: `\n`, floats to twelve digits, empty for missing.

    Processors differ in the last digits of a logarithm; twelve are the same everywhere.
    """
    return table.to_csv(index=False, header=header, lineterminator="\n", float_format="%.12g")


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts a spreadsheet shows and doesn't compute."""
    texts: pd.DataFrame = table.select_dtypes("string")
    return table.assign(
        **{name: texts[name].map(harmless, na_action="ignore") for name in texts.columns}
    )


def _value(row: Any, column: Column) -> Any:
    """What a table holds of a row; None also where the group that it is in is missing."""
    value = row
    for name in column.path:
        value = None if value is None else getattr(value, name)
    if isinstance(value, tuple):
        return " ".join(value) or None
    if isinstance(value, list):
        return canonical_json(value)
    return value.value if isinstance(value, Enum) else value
