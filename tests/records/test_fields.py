from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, TypedDict

from threads_or_processes.records.fields import Field, columns_of, parts_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Bounded:
    value: Annotated[float | None, Field("the number")]
    low: Annotated[float | None, Field("lower end")]


@dataclass(frozen=True)
class Law:
    share: Annotated[Bounded, Field("share of the work", unit="ratio")]
    method: Annotated[Literal["a", "b"], Field("how")]


@dataclass(frozen=True)
class Key:
    cell: Annotated[str, Field("which cell")]


@dataclass(frozen=True)
class Row(Key):
    life: Annotated[Bounded, Field("from start to end", unit="ns")]
    law: Annotated[Law | None, Field("a law")]
    plain: Bounded
    colour: Annotated[Colour, Field("which colour")]
    seen: Annotated[tuple[Colour, ...], Field("colours seen")]
    try_: Annotated[int | None, Field("which try", minimum=1)]


class Record(TypedDict):
    wall_ns: Annotated[int, Field("wall time", minimum=1)]
    colour: Colour | None


def test_the_columns_of_a_table_follow_from_its_rows() -> None:
    assert [(column.name, column.kind, column.required) for column in columns_of(Row)] == [
        ("cell", str, True),
        ("life_ns", float, False),
        ("life_low_ns", float, False),
        ("law_share_ratio", float, False),
        ("law_share_low_ratio", float, False),
        ("law_method", str, False),
        ("value", float, False),
        ("low", float, False),
        ("colour", str, True),
        ("seen", str, False),
        ("try", int, False),
    ]


def test_a_part_of_a_group_is_explained_by_both() -> None:
    meanings = {column.name: column.meaning for column in columns_of(Row)}
    assert meanings["life_ns"] == "from start to end"
    assert meanings["life_low_ns"] == "from start to end: lower end"
    assert meanings["value"] == "the number"


def test_the_only_values_follow_from_the_type() -> None:
    one_of = {column.name: column.part.one_of for column in columns_of(Row)}
    assert one_of["colour"] == one_of["seen"] == ("red", "blue")
    assert one_of["law_method"] == ("a", "b")
    assert one_of["cell"] == ()


def test_a_typed_dict_declares_its_fields_the_same_way() -> None:
    parts = parts_of(Record)
    assert (parts["wall_ns"].type, parts["wall_ns"].field) == (int, Field("wall time", minimum=1))
    assert (parts["colour"].one_of, parts["colour"].required) == (("red", "blue"), False)
