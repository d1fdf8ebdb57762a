"""The published description of a table: a Table Schema made from its columns."""

from typing import Any

from threads_or_processes.analysis.checks import REPETITION_KEY
from threads_or_processes.records.fields import Column, columns_of

TYPES = {int: "integer", float: "number", str: "string"}


def table_schema(record: type) -> dict[str, Any]:
    """The schema of a table that is keyed by repetition.

    A part of the key may be missing (a trial that ended before its first repetition), so it is a
    unique key and no primary one.
    """
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [_field(column) for column in columns_of(record)],
        "missingValues": [""],
        "uniqueKeys": [REPETITION_KEY],
    }


def _field(column: Column) -> dict[str, Any]:
    constraints = _constraints(column)
    return {
        "name": column.name,
        "type": column.rules.json or TYPES[column.kind],
        "description": column.meaning,
        **({"unit": column.unit} if column.unit else {}),
        **({"constraints": constraints} if constraints else {}),
    }


def _constraints(column: Column) -> dict[str, Any]:
    stated = {
        "required": column.required or None,
        "minimum": column.rules.minimum,
        "enum": list(column.one_of) or None,
        "pattern": column.rules.pattern,
    }
    return {name: value for name, value in stated.items() if value is not None}
