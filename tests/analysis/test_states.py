"""Earlier states of a campaign: what is kept, which is chosen, which are left out and why."""

from argparse import Namespace
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.analysis.__main__ import compare
from threads_or_processes.analysis.package import CSV_FILE, PACKAGE_FILE, states_in
from threads_or_processes.analysis.states import NOTHING_CHANGED, OTHER_INSTRUMENT
from threads_or_processes.common.decoding import read_as
from threads_or_processes.records.baseline import BaselineNote

from tests.analysis.archives import collect_into
from tests.factories import FINGERPRINT, Campaign, grid, make_campaign, sha256

CELLS = grid(["json", "fib"], ["serial"], arms=["3.13"], blocks=6)
DAY_NS = 86_400 * 10**9


def measured(
    folder: Path,
    day: int,
    *,
    function: str = "as first written",
    model: str = "first version",
    library: str = "2.0",
    machine: Mapping[str, Any] | None = None,
) -> Path:
    """A campaign with a function of its own, measured on a day and kept; returns its folder."""
    made = make_campaign(CELLS, seed=day)
    _own_function(made, function)
    (identity,) = made.identities.values()
    identity["libraries"]["numpy"] = library
    made.plan["machine"]["fingerprint"] = {**FINGERPRINT, **(machine or {})}
    for record in made.records.values():
        record["trial_id"] = sha256(day, record["trial_id"])[:32]
        record["machine"] = made.plan["machine"]["fingerprint"]
        for end in ("started_unix_ns", "ended_unix_ns"):
            record[end] += day * DAY_NS
    code = {
        "functions": {"own.py:fib": sha256(function), "json": sha256("json")},
        "models": {"serial": sha256(model)},
    }
    return collect_into(folder / str(day), made, code=code, states=folder / "states")


def _own_function(made: Campaign, code: str) -> None:
    """Let `fib` be a user's function with such code."""
    made.plan["workloads"]["fib"]["function"] = "own.py:fib"
    for cell in made.plan["cells"]:
        if cell["workload"] == "fib":
            cell["function"] = "own.py:fib"
    for record in made.records.values():
        if record["cell"]["workload"] == "fib":
            record["cell"]["function"] = "own.py:fib"
            record["instrument_sha256"] = sha256(code)


def compared(folder: Path, now: Path) -> BaselineNote:
    """What is said of a data set and the states before it."""
    compare(
        Namespace(
            trials=now / "trials.parquet",
            package=now / PACKAGE_FILE,
            states=folder / "states",
            name=None,
            out=folder / "out",
        )
    )
    return read_as(folder / "out/baseline.json", BaselineNote)


def told(note: BaselineNote) -> list[tuple[list[str], str, bool]]:
    return [(list(one.differs), one.left_out, one.is_compared) for one in note.states or ()]


def test_each_data_set_is_kept_once_and_whole(tmp_path: Path) -> None:
    for _ in range(2):
        first = measured(tmp_path, 1)
    (state,) = states_in(tmp_path / "states")
    for name in (CSV_FILE, PACKAGE_FILE):
        assert (state / name).read_bytes() == (first / name).read_bytes()
    (state / PACKAGE_FILE).unlink()  # a copy that was interrupted
    assert states_in(tmp_path / "states") == []


def test_the_latest_state_that_differs_is_compared(tmp_path: Path) -> None:
    measured(tmp_path, 1, library="1.0")
    measured(tmp_path, 2, library="1.5")
    measured(tmp_path, 3, function="edited")
    measured(tmp_path, 4)  # the same as now, in a session of its own
    note = compared(tmp_path, measured(tmp_path, 5))
    assert told(note) == [
        ([], NOTHING_CHANGED, False),
        (["own.py:fib"], "", True),
        (["3.13: numpy"], "", False),
        (["3.13: numpy"], "", False),
    ]
    assert note.states
    assert note.name == note.states[1].name
    assert note.name.startswith(f"{datetime.fromtimestamp(note.last_unix_ns / 1e9, UTC):%F-%H%M%S}")
    assert not note.is_itself


def test_a_later_state_is_none_before(tmp_path: Path) -> None:
    first = measured(tmp_path, 1)
    measured(tmp_path, 2, function="edited")
    note = compared(tmp_path, first)
    assert told(note) == []
    assert note.is_itself


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"model": "second version"}, OTHER_INSTRUMENT),
        ({"machine": {"cpu_model": "Other"}}, "measured on another machine: cpu_model is"),
    ],
)
def test_what_was_measured_otherwise_is_left_out_by_name(
    tmp_path: Path, other: dict[str, Any], reason: str
) -> None:
    measured(tmp_path, 1, library="1.0")
    measured(tmp_path, 2, function="edited", **other)
    note = compared(tmp_path, measured(tmp_path, 3))
    (left_out, chosen) = note.states or ()
    assert left_out.left_out.startswith(reason)
    assert not left_out.is_compared
    assert chosen.is_compared
    assert note.name == chosen.name


@pytest.mark.parametrize("name", [CSV_FILE, PACKAGE_FILE])
def test_a_damaged_state_is_left_out_and_stops_nothing(tmp_path: Path, name: str) -> None:
    measured(tmp_path, 1, library="1.0")
    (state,) = states_in(tmp_path / "states")
    (state / name).write_bytes((state / name).read_bytes()[:-100])
    note = compared(tmp_path, measured(tmp_path, 2))
    (damaged,) = note.states or ()
    assert damaged.left_out
    assert not damaged.is_compared
    assert note.is_itself


def test_a_new_kernel_is_another_state_of_the_same_machine(tmp_path: Path) -> None:
    measured(tmp_path, 1, machine={"kernel": "5.0"})
    assert told(compared(tmp_path, measured(tmp_path, 2))) == [(["kernel"], "", True)]
