"""The published description of a table: a Table Schema made from its columns."""

from typing import Any

from threads_or_processes.analysis.checks import REPETITION_KEY
from threads_or_processes.analysis.columns import Column, Columns

TYPES = {"Int64": "integer", "Float64": "number", "string": "string"}
UNITS = {"ns": "ns", "bytes": "B", "ratio": "1"}


def table_schema(table: Columns) -> dict[str, Any]:
    """The schema of a table that is keyed by repetition.

    A part of the key may be missing (a trial that ended before its first repetition), so it is a
    unique key and no primary one.
    """
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [_field(column) for column in table],
        "missingValues": [""],
        "uniqueKeys": [REPETITION_KEY],
    }


def _field(column: Column) -> dict[str, Any]:
    unit = UNITS.get(column.name.rpartition("_")[2])
    constraints = _constraints(column)
    return {
        "name": column.name,
        "type": column.values.json or TYPES[column.dtype],
        "description": column.meaning,
        **({"unit": unit} if unit else {}),
        **({"constraints": constraints} if constraints else {}),
    }


def _constraints(column: Column) -> dict[str, Any]:
    rules = column.values
    stated = {
        "required": rules.required or None,
        "minimum": rules.minimum,
        "enum": list(rules.one_of) or None,
        "pattern": rules.pattern,
    }
    return {name: value for name, value in stated.items() if value is not None}
