"""Odd data sets on their whole way to the page: a page, or one message that says what is wrong.

`HYPOTHESIS_PROFILE=faults` tries 300 campaigns and as many tables.
"""

import contextlib
import csv
import gzip
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from threads_or_processes.common.errors import UserError

from tests import factories
from tests.analysis.archives import tables_of
from tests.analysis.test_strangers import tables
from tests.reporting.worlds import World, write_world
from tests.strangers import more_or_fewer

AMOUNTS = st.sampled_from([(1,), (2,), (1, 3), (2, 3), (1, 3, 8)])
OUTCOMES = st.sampled_from(["raised", "timeout", "wrong_result", "harness_failed"])
#: What all times of a campaign become, from the time and the amount of work.
TIMES: dict[str, Callable[[int, int], int]] = {
    "as measured": lambda wall_ns, _: wall_ns,
    "one nanosecond": lambda _, __: 1,
    "one millisecond": lambda _, __: 1_000_000,
    "less for more work": lambda wall_ns, amount: max(1, wall_ns // amount**2),
    "146 years in two of three": lambda wall_ns, amount: 2**62 if wall_ns % 3 else amount,
}


@st.composite
def campaigns(draw: st.DrawFn) -> factories.Campaign:
    """A small campaign: cells of one amount or a few, one trial or more, some failed or all."""
    cells = factories.make_cells(
        workloads=draw(st.sampled_from([["json"], ["json", "sleep"]])),
        workers=draw(st.sampled_from([[1], [2], [1, 2]])),
        arms=draw(st.sampled_from([["3.13"], ["3.13", "3.13t"]])),
        blocks=draw(st.sampled_from([1, 2, 3, 6])),
    )
    shared = draw(st.none() | AMOUNTS)
    cells = [
        replace(
            cell,
            amounts=shared or draw(AMOUNTS),
            repetitions=draw(st.integers(1, 3)),
        )
        if cell.timing == "warm"
        else cell
        for cell in cells
    ]
    trials = [(cell.id, block) for cell in cells for block in range(1, cell.blocks + 1)]
    some = st.dictionaries(st.sampled_from(trials), OUTCOMES)
    failures = draw(some | OUTCOMES.map(lambda outcome: dict.fromkeys(trials, outcome)))
    made = factories.make_campaign(
        cells,
        failures=failures,
        disturbed_ratio=draw(st.sampled_from([0.0, 0.2, 1.0])),
        claims=[factories.make_claim(cells[-1].id, cells[0].id)],
    )
    times = draw(st.sampled_from(list(TIMES)))
    for record in made.records.values():
        for repetition in record["repetitions"]:
            wall_ns, amount = repetition["wall_ns"], repetition.get("amount", 1)
            repetition["wall_ns"] = TIMES[times](wall_ns, amount)
    note(f"Times: {times}. Failures: {failures}. Cells: {cells}")
    return made


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for results that are made again and again."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def small(scratch: Path) -> Path:
    """Results of two cells; don't touch."""
    cells = [
        replace(factories.make_cell("json", model, workers, "3.13", blocks=2), amounts=(1, 3))
        for model, workers in (("serial", 1), ("threads", 2))
    ]
    return write_world(scratch / "small", factories.make_campaign(cells)).results


@more_or_fewer(2, 300)
@given(made=campaigns())
def test_any_campaign_has_a_page(scratch: Path, made: factories.Campaign) -> None:
    results = scratch / "campaign"
    shutil.rmtree(results, ignore_errors=True)
    assert "</html>" in write_world(results, made).html()


@more_or_fewer(4, 300)
@given(data=st.data())
def test_any_table_has_a_page_or_is_refused(
    scratch: Path, small: Path, data: st.DataObject
) -> None:
    results = scratch / "table"
    shutil.rmtree(results, ignore_errors=True)
    shutil.copytree(small, results)
    text = gzip.decompress((small / "trials.csv.gz").read_bytes()).decode()
    rows = list(csv.reader(io.StringIO(text)))
    (results / "trials.csv.gz").write_bytes(data.draw(tables(rows)))
    with contextlib.suppress(UserError):
        tables_of(results, "trials.csv.gz", results / "tables")
        assert "</html>" in World(results).html()
