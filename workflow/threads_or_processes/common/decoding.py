"""JSON values against the types that declare them; the errors name the field and what it holds."""

import re
from functools import cache, reduce
from operator import or_
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    NotRequired,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import LARGEST, MAKE_IT_ANEW, read_json
from threads_or_processes.records.fields import Field, Part, parts_of

LONGEST_FOUND_CHARACTERS = 100

Record = TypeVar("Record")


class MismatchError(ValueError):
    """A JSON value that is not as its type declares it: which field, what it is, what belongs."""


def decode(value: Any, kind: type[Record]) -> Record:
    """A JSON value as a record of `kind`, or `MismatchError`; undeclared keys are ignored."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise MismatchError(_problem(value, kind, str(error))) from None


def read_as(path: Path, kind: type[Record], hint: str = MAKE_IT_ANEW) -> Record:
    """Read a file of JSON as a record of `kind`; `UserError` names file and field."""
    try:
        return decode(read_json(path), kind)
    except MismatchError as error:
        raise UserError(f"the file can't be used: {error}", where=str(path), hint=hint) from None


def problem_with(value: Any, record: type) -> str | None:
    """What in a JSON value is not as the typed dict `record` declares it; None if nothing is.

    A value out of a field's bounds and an undeclared key are problems too.
    """
    try:
        msgspec.convert(value, _strict(record))
    except msgspec.ValidationError as error:
        return _problem(value, record, str(error))
    return None


def json_schema(record: type) -> dict[str, Any]:
    """The JSON schema of a typed dict; its docstrings and the fields' meanings are descriptions."""
    return msgspec.json.schema(_strict(record))


def _problem(value: Any, kind: Any, message: str) -> str:
    """The message of msgspec, which doesn't say what was found, with that."""
    expected, _, way = message.partition(" - at ")
    place = ""
    for name, index in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", way):
        if index == "...":  # msgspec doesn't say which key of a mapping
            kind = get_args(kind)[1]
            name = next((key for key, one in value.items() if not _fits(one, kind)), index)
            if name not in value:
                break
        else:
            kind = parts_of(kind)[name].type if name else get_args(kind)[0]
        value = value[int(index) if index.isdigit() else name]
        place += f"[{index}]" if index.isdigit() else f".{name}"
    place = place.removeprefix(".")
    if named := re.fullmatch(r"Object (missing required|contains unknown) field `(.+)`", expected):
        field = f"{place}.{named[2]}".removeprefix(".")
        return f"{field} is {'missing' if 'missing' in named[1] else 'not a field of it'}"
    found = repr(value)
    if len(found) > LONGEST_FOUND_CHARACTERS:
        found = f"{found[:LONGEST_FOUND_CHARACTERS]}…"
    if allowed := Part(type=kind, required=True, field=None).one_of:
        wanted = f"one of {', '.join(map(str, allowed))}"
    else:
        wanted = expected.partition(", got ")[0].removeprefix("Expected ").replace("`", "")
    return f"{place or 'it'} is {found}, expected {wanted}"


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


@cache
def _strict(record: type) -> Any:
    """A typed dict as msgspec checks it: every field in its bounds, and no other keys."""
    hints = get_type_hints(record, include_extras=True)
    return msgspec.defstruct(
        record.__name__,
        [
            (name, _bounded(hint), *([msgspec.UNSET] if get_origin(hint) is NotRequired else []))
            for name, hint in hints.items()
        ],
        namespace={"__doc__": record.__doc__},
        forbid_unknown_fields=True,
        kw_only=True,
    )


def _bounded(hint: Any, bounds: dict[str, Any] | None = None) -> Any:
    """A type with its `Field` as msgspec has it: bounds at the value, the meaning outside."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        return _bounded(parts[0], bounds)
    if origin is Annotated:
        fields = [note for note in parts[1:] if isinstance(note, Field)]
        own: dict[str, Any] = {}
        for field in fields:
            own |= {} if field.minimum is None else {"ge": field.minimum}
            own |= {} if field.pattern is None else {"pattern": f"^{field.pattern}$"}
        meaning = fields[-1].meaning or None
        return Annotated[_bounded(parts[0], own), msgspec.Meta(description=meaning)]
    if origin in (Union, UnionType):
        members = [one if one is NoneType else _bounded(one, bounds) for one in parts]
        return reduce(or_, members)
    if origin in (list, dict):
        return origin[tuple(_bounded(part) for part in parts)]
    plain = _strict(hint) if is_typeddict(hint) else hint
    if plain is int:
        bounds = {"ge": -LARGEST - 1, "le": LARGEST} | (bounds or {})
    return Annotated[plain, msgspec.Meta(**bounds)] if bounds else plain
