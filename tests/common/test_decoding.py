"""A wrong value is named with its field, what it is and what belongs there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.decoding import MismatchError, decode, read_as
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import write_json
from threads_or_processes.records.vocabulary import Family


@dataclass(frozen=True)
class Model:
    family: Family
    since: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    models: Mapping[str, Model]
    margin: float | None = None


RIGHT = {"family": "threads", "since": [3, 14]}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "it is [], expected object"),
        ({}, "models is missing"),
        ({"models": {}, "margin": "five"}, "margin is 'five', expected float | null"),
        ({"models": {"a": RIGHT, "b": {"since": []}}}, "models.b.family is missing"),
        (
            {"models": {"a": RIGHT, "b-c": {**RIGHT, "family": "thread"}}},
            "models.b-c.family is 'thread', expected one of serial, threads, processes, "
            "coroutines, interpreters",
        ),
        (
            {"models": {"a": {**RIGHT, "since": [3, "x" * 200]}}},
            f"models.a.since[1] is '{'x' * 99}…, expected int",
        ),
    ],
)
def test_a_mismatch_names_field_value_and_what_belongs(value: Any, said: str) -> None:
    with pytest.raises(MismatchError) as mismatch:
        decode(value, Plan)
    assert str(mismatch.value) == said


def test_a_file_that_does_not_match_is_named(tmp_path: Path) -> None:
    write_json(tmp_path / "plan.json", {"models": None})
    with pytest.raises(UserError, match=r"can't be used: models is None, expected") as mistake:
        read_as(tmp_path / "plan.json", Plan)
    assert mistake.value.where == str(tmp_path / "plan.json")
    write_json(tmp_path / "plan.json", {"models": {"a": RIGHT}, "more": 1})
    assert read_as(tmp_path / "plan.json", Plan).models["a"] == Model(Family.THREADS, (3, 14))
