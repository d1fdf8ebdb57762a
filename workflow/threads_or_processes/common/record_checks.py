"""A JSON value against the typed dict that declares it, and that declaration as a JSON schema."""

import re
from functools import cache, reduce
from operator import getitem, or_
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec

from threads_or_processes.records.fields import Field, Part, parts_of

LONGEST_FOUND_CHARACTERS = 100

#: The way to a value: names of fields, places in lists.
Steps = list[str | int]


def problem_with(value: Any, record: type) -> str | None:
    """What in a JSON value is not as the typed dict `record` declares it; None if nothing is.

    Names the field, what was found there and what belongs there. A key that isn't declared is a
    problem too.
    """
    try:
        msgspec.convert(value, _strict(record))
    except msgspec.ValidationError as error:
        return _problem(value, record, str(error))
    return None


def json_schema(record: type) -> dict[str, Any]:
    """The JSON schema of a typed dict; its docstrings and the fields' meanings are descriptions."""
    return msgspec.json.schema(_strict(record))


def _problem(value: Any, record: type, message: str) -> str:
    """The message of msgspec, which doesn't say what was found, with that."""
    expected, _, path = message.partition(" - at ")
    place = path.strip("`").removeprefix("$")
    if named := re.fullmatch(r"Object (missing required|contains unknown) field `(.+)`", expected):
        field = f"{place}.{named[2]}".removeprefix(".")
        return f"{field} is {'missing' if 'missing' in named[1] else 'not a field of it'}"
    steps: Steps = [name or int(number) for name, number in re.findall(r"\.(\w+)|\[(\d+)\]", place)]
    found = repr(reduce(getitem, steps, value))
    if len(found) > LONGEST_FOUND_CHARACTERS:
        found = f"{found[:LONGEST_FOUND_CHARACTERS]}…"
    if allowed := _one_of(record, steps):
        wanted = f"one of {', '.join(allowed)}"
    else:
        wanted = expected.partition(", got ")[0].removeprefix("Expected ").replace("`", "")
    return f"{place.removeprefix('.') or 'it'} is {found}, expected {wanted}"


def _one_of(record: Any, steps: Steps) -> tuple[str, ...]:
    """The only words that the field at the end of the way may hold."""
    kind = record
    for step in steps:
        kind = get_args(kind)[0] if isinstance(step, int) else parts_of(kind)[step].type
    return Part(type=kind, required=True, field=None).one_of


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
    return Annotated[plain, msgspec.Meta(**bounds)] if bounds else plain
