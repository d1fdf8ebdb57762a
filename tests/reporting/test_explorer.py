"""What the explorer is given; what it makes of it is seen in a browser (tests/browser)."""

import json
from collections.abc import Callable

import pandas as pd
import pytest
from threads_or_processes.reporting.page import Own
from threads_or_processes.reporting.sections import explorer

from tests.reporting.worlds import WORLDS, World

ITSELF = {"value": 1.0, "low": None, "high": None}
Worlds = Callable[[str], World]


def given(world: World) -> dict[str, list[dict[str, object]]]:
    (built,) = explorer.build(world.evidence())
    found: dict[str, list[dict[str, object]]] = json.loads(built.script_data)
    return found


def test_every_warm_cell_with_a_time_is_there(world: Worlds) -> None:
    cells = pd.read_csv(world("default").results / "tables/cells.csv")
    warm = cells[(cells["timing"] == "warm") & (cells["replicate"] == 1)]
    shown = given(world("default"))["cells"]
    assert len(shown) == len(warm) == 30
    assert [one["median_ns"] for one in shown] == [round(value) for value in warm["median_ns"]]


def test_serial_is_once_itself(world: Worlds) -> None:
    for one in given(world("default"))["cells"]:
        if one["model"] == "serial":
            assert one["own"] == {**ITSELF, "basis": one["basis"]}


def test_without_any_time_there_is_no_explorer(world: Worlds) -> None:
    assert not list(explorer.build(world("all failed").evidence()))
    assert not list(explorer.build(world("only the notebook").evidence()))


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_nothing_in_the_data_can_end_their_element(world: Worlds, name: str) -> None:
    for built in explorer.build(world(name).evidence()):
        assert not set("<>&") & set(built.script_data)


def test_at_first_the_usual_models_are_chosen(world: Worlds) -> None:
    (built,) = explorer.build(world("every experiment").evidence())
    (choices,) = (own.value for own in built.of(Own))
    assert isinstance(choices, explorer.Explorer)
    assert {model.term for model in choices.models if model.checked} == {
        "serial",
        "threads",
        "processes-fork",
    }
