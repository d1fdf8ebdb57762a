"""From a config to trials in order."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.plan_file import plan_from, plan_json
from threads_or_processes.plan.blocks import in_order
from threads_or_processes.plan.config import checked
from threads_or_processes.plan.plan import make_plan
from threads_or_processes.plan.spelling import parse_arm
from threads_or_processes.records.plan import Arm, Cell
from threads_or_processes.records.topology import Topology
from threads_or_processes.records.vocabulary import Family, Lack

from .conftest import CATALOGUE, MACHINE, Config, Mode, a_cell, planned


@pytest.mark.parametrize(
    ("name", "arm"),
    [
        ("3.13", Arm(name="3.13", version="3.13", free_threaded=False, gil=True)),
        ("3.13t", Arm(name="3.13t", version="3.13", free_threaded=True, gil=False)),
        ("3.14t-gil", Arm(name="3.14t-gil", version="3.14", free_threaded=True, gil=True)),
    ],
)
def test_an_arm_is_read_from_its_spelling(name: str, arm: Arm) -> None:
    assert parse_arm(name) == arm


def test_the_grid_is_spelled_out(config: Config) -> None:
    config["workloads"] = {"count": {"seconds": 2}}
    plan = planned(config)
    # count: serial, 2 x threads, 2 x processes; append: serial, 2 x threads; on each of two arms.
    assert len(plan.cells) == (5 + 3) * 2
    assert len(plan.trials) == len(plan.cells) * 3
    assert "count/processes-fork/4/3.13t/warm" in {cell.id for cell in plan.cells}
    assert {cell.workers for cell in plan.cells if cell.model == "serial"} == {1}
    counting = next(cell for cell in plan.cells if cell.workload == "count")
    assert plan.workloads[counting.workload].params == {"seconds": 2, "n": 3}


def test_a_plan_is_the_same_after_it_was_written_and_read(config: Config) -> None:
    config["precision"] = {"target": 0.03, "max_blocks": 8}
    plan = planned(config)
    written = json.loads(json.dumps(plan_json(plan)))
    assert plan_from(written) == plan
    assert plan_json(plan_from(written)) == written
    assert "cells_by_id" not in written


def test_blocks_take_turns_on_the_compilations_of_each_build(config: Config) -> None:
    config["interpreters"]["compilations"] = 2
    plan = planned(config)
    assert [one.name for one in plan.interpreters] == ["3.13", "3.13t", "3.13-2", "3.13t-2"]
    assert [plan.interpreter("3.13t", block) for block in (1, 2, 3)] == [
        "3.13t",
        "3.13t-2",
        "3.13t",
    ]
    assert {cell.arm for cell in plan.cells} == {"3.13", "3.13t"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema_version": 2}, "schema_version is 2, this code reads 1"),
        ({"seed": "one"}, "seed is 'one', expected int"),
        ({"arms": []}, "it names arms that it does not list"),
        ({"models": {}}, "it names models that it does not list"),
    ],
)
def test_a_plan_that_is_not_one_is_refused(
    config: Config,
    change: dict[str, Any],
    said: str,
) -> None:
    written = plan_json(planned(config))
    with pytest.raises(ValueError, match=said):
        plan_from(written | change)


def test_a_trial_s_specification_holds_what_decides_its_numbers(config: Config) -> None:
    plan = planned(config)
    trial = next(trial for trial in plan.trials if trial.cell == "count/threads/4/3.13t/warm")
    assert plan.spec(trial) == {
        "cell": {
            "id": "count/threads/4/3.13t/warm",
            "workload": "count",
            "function": "count",
            "params": {"seconds": 0.5, "n": 3},
            "model": "threads",
            "start_method": "none",
            "workers": 4,
            "arm": "3.13t",
            "timing": "warm",
            "replicate": 1,
        },
        "block": trial.block,
        "seed": 1,
        "warmups": 1,
        "repetitions": 2,
        "amounts": [1, 2],
        "patience_s": 0,
        "quiet_threshold": 0.1,
        "timeout_s": 30,
    }


def test_what_cannot_be_run_is_listed_with_its_reason(config: Config) -> None:
    record = plan_json(planned(config))
    skipped = record["experiments"][0]["not_applicable"]
    assert [entry["cell"] for entry in skipped] == [
        f"append/processes-fork/{workers}/{arm}/warm"
        for workers in (1, 4)
        for arm in ("3.13", "3.13t")
    ]
    assert all("own copy" in entry["reason"] for entry in skipped)


def test_a_reason_is_given_for_each_thing_that_is_missing(config: Config) -> None:
    scaling = config["experiments"]["scaling"]
    scaling |= {"workloads": ["count"], "models": ["serial", "arrays-fork", "interpreters"]}
    scaling |= {"workers": [2]}
    config["builds"] = ["3.13", "3.14"]
    experiment = planned(config).experiments[0]
    assert [(skipped.cell, skipped.reason) for skipped in experiment.not_applicable] == [
        ("count/arrays-fork/2/3.13/warm", "it takes no arrays"),
        ("count/arrays-fork/2/3.14/warm", "it takes no arrays"),
        (
            "count/interpreters/2/3.13/warm",
            "Python 3.13 has no such thing; 3.14 is the first",
        ),
    ]


def test_pinned_workers_are_planned_where_the_system_can_pin(config: Config) -> None:
    models = {
        **CATALOGUE.models,
        "pinned-fork": Mode(family=Family.PROCESSES, unpinned="processes-fork"),
    }
    config["experiments"]["scaling"] |= {"workloads": ["count"], "models": ["pinned-fork"]}
    config["experiments"]["scaling"] |= {"workers": [2], "builds": ["3.13"]}
    can, cannot = (
        make_plan(checked(config), replace(CATALOGUE, models=models), replace(MACHINE, lacks=lacks))
        for lacks in ((), (Lack.PINNING,))
    )
    assert [can.is_pinned(cell) for cell in can.cells] == [True]
    assert can.models["pinned-fork"].unpinned == "processes-fork"
    assert cannot.cells == ()
    (skipped,) = cannot.experiments[0].not_applicable
    assert skipped.reason == f"the system {Lack.PINNING.meaning}"


def test_pools_are_left_out_with_the_reason_where_no_semaphore_can_be_made(config: Config) -> None:
    models = {**CATALOGUE.models, "pool": Mode(family=Family.PROCESSES, needs_semaphores=True)}
    config["experiments"]["scaling"] |= {"workloads": ["count"], "models": ["pool"]}
    config["experiments"]["scaling"] |= {"workers": [2], "builds": ["3.13"]}
    without = replace(MACHINE, no_semaphores="there is no /dev/shm")
    plan = make_plan(checked(config), replace(CATALOGUE, models=models), without)
    assert plan.cells == ()
    assert [skipped.reason for skipped in plan.experiments[0].not_applicable] == [
        "there is no /dev/shm"
    ]


def test_contended_work_is_measured_in_one_amount(config: Config) -> None:
    config["trial"]["amounts"] = [1, 3]
    works = dict(CATALOGUE.workloads)
    works["append"] = replace(works["append"], contended=True)  # type: ignore[type-var]
    plan = make_plan(checked(config), replace(CATALOGUE, workloads=works), MACHINE)
    assert {(cell.workload, cell.amounts) for cell in plan.cells} == {
        ("append", (1,)),
        ("count", (1, 3)),
    }


def test_a_varied_parameter_makes_workloads_of_their_own(config: Config) -> None:
    config["experiments"]["scaling"] |= {
        "models": ["serial"],
        "builds": ["3.13"],
        "params": {"n": [1, 10], "seconds": [0.1]},
    }
    plan = planned(config)
    assert {cell.id: dict(plan.workloads[cell.workload].params) for cell in plan.cells} == {
        "count,n=1,seconds=0.1/serial/1/3.13/warm": {"n": 1, "seconds": 0.1},
        "count,n=10,seconds=0.1/serial/1/3.13/warm": {"n": 10, "seconds": 0.1},
        "append/serial/1/3.13/warm": {},
    }
    assert {cell.function for cell in plan.cells} == {"count", "append"}
    assert plan.workloads["count,n=1,seconds=0.1"].name == "count"


def test_a_cell_can_be_measured_twice_under_two_names(config: Config) -> None:
    once = {cell.id for cell in planned(config).cells}
    config["experiments"]["control"] = {
        **config["experiments"]["scaling"],
        "models": ["serial"],
        "replicates": 2,
    }
    twice = planned(config).cells
    again = {cell.id for cell in twice} - once
    assert again == {
        f"{workload}/serial/1/{arm}/warm-2"
        for workload in ("count", "append")
        for arm in ("3.13", "3.13t")
    }
    assert {cell.replicate for cell in twice if cell.id in again} == {2}


def test_a_shared_cell_runs_in_as_many_blocks_as_any_experiment_wants(config: Config) -> None:
    config["experiments"]["again"] = {**config["experiments"]["scaling"], "blocks": 2}
    assert {cell.blocks for cell in planned(config).cells} == {3}


def test_a_shared_cell_is_planned_once(config: Config) -> None:
    alone = planned(config)
    config["experiments"]["again"] = {**config["experiments"]["scaling"], "models": ["serial"]}
    both = planned(config)
    assert [t.cell for t in both.trials] == [t.cell for t in alone.trials]


def test_cells_that_are_compared_measure_the_same_amounts(config: Config) -> None:
    config["experiments"]["again"] = {
        **config["experiments"]["scaling"],
        "workloads": ["count"],
        "models": ["serial"],
        "amounts": [1, 8],
    }
    cells = planned(config).cells
    assert {cell.amounts for cell in cells if cell.workload == "count"} == {(1, 2, 8)}
    assert {cell.amounts for cell in cells if cell.workload == "append"} == {(1, 2)}
    config["experiments"]["scaling"]["timing"] = "cold"
    cold = [cell for cell in planned(config).cells if cell.timing == "cold"]
    assert {cell.amounts for cell in cold} == {(1,)}


def test_one_cell_asked_for_in_two_ways_is_refused(config: Config) -> None:
    config["experiments"]["again"] = {**config["experiments"]["scaling"], "repetitions": 9}
    with pytest.raises(UserError, match="with different settings") as raised:
        planned(config)
    assert raised.value.where == "config key experiments.again"


some_cells = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4), st.integers(1, 6), min_size=1, max_size=12
).map(lambda sizes: [a_cell(name, blocks) for name, blocks in sizes.items()])


@given(cells=some_cells, seed=st.integers(0, 2**32))
def test_every_block_holds_each_cell_once_and_blocks_follow_each_other(
    cells: list[Cell], seed: int
) -> None:
    trials = in_order(cells, seed)
    assert [trial.position for trial in trials] == list(range(1, len(trials) + 1))
    assert [trial.block for trial in trials] == sorted(trial.block for trial in trials)
    assert {(t.cell, t.block) for t in trials} == {
        (c.id, block) for c in cells for block in range(1, c.blocks + 1)
    }
    assert len({trial.record for trial in trials}) == len(trials)


def test_a_plan_of_before_topologies_is_still_read(config: Config) -> None:
    value = plan_json(planned(config))
    del value["machine"]["topology"]
    assert plan_from(value).machine.topology == Topology()


@given(cells=some_cells, more=some_cells, seed=st.integers(0, 2**32))
def test_cells_added_later_leave_the_order_of_the_others(
    cells: list[Cell], more: list[Cell], seed: int
) -> None:
    known = {c.id for c in cells}
    grown = in_order([*cells, *(c for c in more if c.id not in known)], seed)
    kept = [(t.cell, t.block) for t in grown if t.cell in known]
    assert kept == [(t.cell, t.block) for t in in_order(cells, seed)]


def test_the_seed_draws_the_order() -> None:
    cells = [a_cell(f"w{n}", 1) for n in range(20)]
    orders = [[t.cell for t in in_order(cells, seed)] for seed in (1, 1, 2)]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    blocks = in_order([a_cell(f"w{n}", 2) for n in range(20)], 1)
    first, second = ([t.cell for t in blocks if t.block == number] for number in (1, 2))
    assert first != second
