"""What a field of a record, and a column of a table, means and which values it may have.

A record declares a field once: `wall_ns: Annotated[int | None, Field("wall time", minimum=1)]`.
The type says the rest: `| None` may be missing, an enum or a `Literal` lists the only values, a
tuple is words separated by spaces. A dataclass is a group of columns: with a `Field` they bear the
group's name (`life_ns`, `life_low_ns` of `life`), without one they keep their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from enum import Enum
from functools import cache
from types import EllipsisType, NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

#: What the last word of a name says of the unit.
UNITS = {"ns": "ns", "bytes": "B", "ratio": "1"}

#: The part of a group that bears the group's name alone.
VALUE = "value"


@dataclass(frozen=True)
class Field:
    """The meaning of a field, and what its type doesn't say about its values.

    `minimum`: of a number. `pattern`: a regular expression that a text matches as a whole. `json`:
    the text is JSON of this type. `of_repetition`: a value is there exactly where there is a
    repetition. `unit`: of a group's numbers, the last word of their names. `before`: of a column
    that older files lack, what its values were then.
    """

    meaning: str
    minimum: int | None = None
    pattern: str | None = None
    json: Literal["object", "array"] | None = None
    of_repetition: bool = False
    unit: str = ""
    before: int | str | EllipsisType | None = ...

    @property
    def may_lack(self) -> bool:
        """Whether a file of an earlier version may be without the column."""
        return self.before is not ...


@dataclass(frozen=True, kw_only=True)
class Part:
    """A field of a record: its type without `| None`, whether a value is required, its meaning."""

    type: Any
    required: bool
    field: Field | None

    @property
    def is_list(self) -> bool:
        """Whether it is words separated by spaces."""
        return get_origin(self.type) is tuple

    @property
    def words(self) -> Mapping[str, Any]:
        """The only values that there are, by how they are written; empty where any may be."""
        of = get_args(self.type)[0] if self.is_list else self.type
        is_enum = isinstance(of, type) and issubclass(of, Enum)
        values = get_args(of) if get_origin(of) is Literal else of if is_enum else ()
        return {str(getattr(value, "value", value)): value for value in values}

    @property
    def one_of(self) -> tuple[Any, ...]:
        """The same as a file holds them."""
        return tuple(getattr(value, "value", value) for value in self.words.values())


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table: a field of its row, or of a group in it (`path`)."""

    name: str
    path: tuple[str, ...]
    part: Part
    required: bool
    meaning: str

    @property
    def kind(self) -> type[int] | type[float] | type[str]:
        """What a table holds of it."""
        return self.part.type if self.part.type in (int, float) else str

    @property
    def unit(self) -> str:
        """The unit that the name ends in; empty where there is none."""
        return UNITS.get(self.name.rpartition("_")[2], "")

    @property
    def one_of(self) -> tuple[Any, ...]:
        """The only values there are; empty where there may be any, or several words."""
        return () if self.part.is_list else self.part.one_of

    @property
    def rules(self) -> Field:
        """What its values may be."""
        assert self.part.field is not None
        return self.part.field


@cache
def parts_of(record: type) -> Mapping[str, Part]:
    """The fields of a dataclass or typed dict, by name, in order."""
    hints = get_type_hints(record, include_extras=True)
    return {name: _taken_apart(hint) for name, hint in hints.items()}


@cache
def columns_of(record: Any) -> tuple[Column, ...]:
    """The columns of the table whose rows are of this dataclass, in order; names are unique."""
    columns = tuple(_columns(record, Part(type=record, required=True, field=None), (), ""))
    assert len({column.name for column in columns}) == len(columns), record
    return columns


def _taken_apart(hint: Any) -> Part:
    if get_origin(hint) is NotRequired:
        return replace(_taken_apart(get_args(hint)[0]), required=False)
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        part = _taken_apart(inner)
        own = [note for note in notes if isinstance(note, Field)]
        return replace(part, field=own[-1] if own else part.field)
    if get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint):
        known = next(one for one in get_args(hint) if one is not NoneType)
        return replace(_taken_apart(known), required=False)
    return Part(type=hint, required=True, field=None)


def _columns(record: Any, group: Part, path: tuple[str, ...], prefix: str) -> Iterator[Column]:
    for name, part in parts_of(record).items():
        here = (*path, name)
        meaning = _meaning(group.field, name, part.field)
        if is_dataclass(part.type):
            field = replace(part.field, meaning=meaning) if part.field else None
            inner = Part(type=part.type, required=part.required and group.required, field=field)
            stem = _joined(prefix, name) if part.field else prefix
            yield from _columns(part.type, inner, here, stem)
            continue
        assert part.field is not None, f"{record.__name__}.{name} has no meaning"
        unit = group.field.unit if group.field and part.type in (int, float) else ""
        stem = prefix if name == VALUE and prefix else _joined(prefix, name.rstrip("_"))
        yield Column(
            name=_joined(stem, unit),
            path=here,
            part=part,
            required=part.required and group.required and not part.is_list,
            meaning=meaning,
        )


def _joined(*words: str) -> str:
    return "_".join(word for word in words if word)


def _meaning(group: Field | None, name: str, own: Field | None) -> str:
    if group is None or own is None:
        return own.meaning if own else ""
    return group.meaning if name == VALUE else f"{group.meaning}: {own.meaning}"
