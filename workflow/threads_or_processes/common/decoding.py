"""JSON values to typed records, and files of JSON; the errors name file, field and what to do."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import MAKE_IT_ANEW, read_json

Record = TypeVar("Record")


def decode(
    value: Any, kind: type[Record], path: Path, hint: str = MAKE_IT_ANEW, *, what: str = "the file"
) -> Record:
    """A JSON value as a record of `kind`; `UserError` names the first field that doesn't fit.

    Keys that `kind` has no field for are ignored.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        field = place.strip("`").removeprefix("$").removeprefix(".")
        where = f"{path}, {field}" if field else str(path)
        raise UserError(
            f"{what} can't be used: {problem[:1].lower()}{problem[1:]}", where=where, hint=hint
        ) from None


def read_as(path: Path, kind: type[Record], hint: str = MAKE_IT_ANEW) -> Record:
    """Read a file of JSON as a record of `kind`; `UserError` names file and field."""
    return decode(read_json(path), kind, path, hint)
