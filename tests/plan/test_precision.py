"""Which trials may be added where intervals are too wide."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.plan_file import plan_json
from threads_or_processes.plan.blocks import added, in_order, looks_at, peers_of, precision_of
from threads_or_processes.records.plan import Cell, Precision

from .conftest import Config, a_cell, planned


@pytest.mark.parametrize(
    ("blocks", "max_blocks", "looks"),
    [
        (10, 16, (10, 12, 14, 16)),
        (10, 11, (10, 11)),
        (6, 11, (6, 8, 10, 11)),
        (2, 12, (2, 8, 10, 12)),  # nobody goes on with fewer than eight
        (2, 4, (2, 4)),
        (10, 10, (10,)),
        (12, 10, (12,)),
    ],
)
def test_peers_are_looked_at_after_their_base_blocks_and_every_round(
    blocks: int, max_blocks: int, looks: tuple[int, ...]
) -> None:
    assert looks_at(blocks, max_blocks) == looks


some_cells = st.dictionaries(
    st.tuples(
        st.sampled_from("abc"), st.integers(1, 3), st.sampled_from(["warm", "cold", "memory"])
    ),
    st.integers(1, 12),
    min_size=1,
    max_size=12,
).map(
    lambda sizes: [
        a_cell(workload, blocks, workers, timing)
        for (workload, workers, timing), blocks in sizes.items()
    ]
)


@given(cells=some_cells, max_blocks=st.integers(1, 20), seed=st.integers(0, 2**32))
def test_peers_get_whole_blocks_together_after_all_that_is_planned(
    cells: list[Cell], max_blocks: int, seed: int
) -> None:
    base = in_order(cells, seed)
    settings = {"seed": seed, "precision": {"target": 0.03, "max_blocks": max_blocks}}
    precision = precision_of(settings, cells, after=len(base))
    assert precision is not None
    positions = [trial.position for trial in [*base, *precision.trials]]
    assert positions == list(range(1, len(positions) + 1))
    by_id = {cell.id: cell for cell in cells}
    together = peers_of(cells)
    assert [peers.name for peers in precision.peers] == list(together)
    for peers in precision.peers:
        members = together[peers.name]
        assert {(one.workload, one.timing) for one in members} == {peers.name}
        last = max(one.blocks for one in members)
        assert peers.blocks[0] == last
        for number, look in enumerate(peers.blocks[1:], start=1):
            new = of_round(precision, by_id, number, {peers.name})
            assert sorted(new) == sorted(
                (one.id, block) for one in members for block in range(last + 1, look + 1)
            )
            # The first of the blocks is over before the second begins.
            assert [block for _, block in new] == sorted(block for _, block in new)
            last = look
        assert last == max(max_blocks, peers.blocks[0])
        assert of_round(precision, by_id, len(peers.blocks), {peers.name}) == []
    assert all(by_id[trial.cell].timing != "memory" for trial in precision.trials)


def of_round(
    precision: Precision, cells: dict[str, Cell], number: int, going_on: set[tuple[str, str]]
) -> list[tuple[str, int]]:
    """Cells and blocks of what a round adds."""
    return [(one.cell, one.block) for one in added(precision, cells, number, going_on)]


def test_the_seed_draws_the_order_across_all_that_run_together() -> None:
    cells = [a_cell(workload, 8, workers) for workload in "ab" for workers in range(1, 9)]

    def order(seed: int) -> list[str]:
        settings = {"seed": seed, "precision": {"target": 1, "max_blocks": 10}}
        precision = precision_of(settings, cells, after=0)
        assert precision is not None
        return [trial.cell for trial in precision.trials[: len(cells)]]

    assert order(1) == order(1) != order(2)
    assert {name[0] for name in order(1)[:8]} == {"a", "b"}


def test_a_cell_of_fewer_blocks_joins_its_peers_in_theirs() -> None:
    cells = [a_cell("a", 10, workers=1), a_cell("a", 6, workers=2)]
    settings = {"seed": 1, "precision": {"target": 1, "max_blocks": 12}}
    precision = precision_of(settings, cells, after=0)
    assert precision is not None
    assert {(t.cell, t.block) for t in precision.trials} == {
        (one.id, block) for one in cells for block in (11, 12)
    }


def test_the_target_decides_nothing_beforehand(config: Config) -> None:
    plain = planned(config)
    assert plain.precision is None
    assert plan_json(plain)["precision"] is None
    config["precision"] = {"target": 0.03, "max_blocks": 8}
    asked = planned(config)
    assert asked.trials == plain.trials
    assert len(asked.possible_trials) == len(asked.cells) * 8
    config["precision"] = {"target": 0.5, "max_blocks": 8}
    other = planned(config)
    assert asked.precision is not None
    assert other.precision == replace(asked.precision, target=0.5)
    record = plan_json(asked)["precision"]
    assert record["peers"] == [
        {"workload": workload, "timing": "warm", "blocks": [3, 8]}
        for workload in ("append", "count")
    ]
    assert [trial["block"] for trial in record["trials"]] == sorted(
        block for block in range(4, 9) for _ in asked.cells
    )


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        ({"target": 0, "max_blocks": 8}, "0 is not allowed here"),
        ({"target": 0.1}, "missing config key 'max_blocks'"),
        ({"target": 0.1, "max_block": 8}, "unknown config key 'max_block' inside precision"),
        (0.03, "it must be null, or a mapping of a target above 0 and max_blocks"),
    ],
)
def test_a_wrong_setting_is_named(config: Config, precision: Any, said: str) -> None:
    config["precision"] = precision
    with pytest.raises(UserError, match=said):
        planned(config)
