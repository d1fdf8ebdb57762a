"""Whatever table compares a pair of cells, it has the same ratio, interval and result for it."""

from collections import defaultdict
from collections.abc import Callable, Iterator

import pandas as pd
import pytest
from threads_or_processes.analysis.dataset import read_dataset
from threads_or_processes.analysis.package import read_package
from threads_or_processes.analysis.tables import all_rows
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables import AllTables
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import SERIAL, Timing

from tests.analysis.shortcuts import plan_of, trials_of
from tests.conftest import ROOT
from tests.factories import Campaign, Noise, make_every_campaign

DataSet = tuple[Plan, pd.DataFrame]
#: A table, the pair of cells that it compares, and what it says of them.
Said = tuple[str, tuple[str, str], Ratio | None]


def synthetic(campaign: Campaign) -> DataSet:
    return plan_of(campaign), trials_of(campaign)


def archived() -> DataSet:
    folder = ROOT / "docs/example"
    plan = read_package(folder / "datapackage.json").plan
    return plan, read_dataset(folder / "trials.csv.gz")


DATA_SETS: dict[str, Callable[[], DataSet]] = {
    "quiet": lambda: synthetic(make_every_campaign()),
    "noisy": lambda: synthetic(make_every_campaign(noise=Noise(0.3, 0.1))),
    "disturbed": lambda: synthetic(make_every_campaign(disturbed_ratio=0.4)),
    "half disturbed": lambda: synthetic(make_every_campaign(disturbed_ratio=0.65, seed=7)),
    "archived example": archived,
}


def everything_said(plan: Plan, tables: AllTables) -> Iterator[Said]:
    """Each ratio of times at the largest amount, from every table that has some."""
    serials = {
        (cell.workload, cell.arm): cell.id
        for cell in plan.cells
        if (cell.model, cell.timing, cell.replicate) == (SERIAL, Timing.WARM, 1)
    }
    for row in tables.ratios:
        yield "ratios", (row.cell, row.baseline_cell), row.estimate
    for choice in tables.decisions:
        if choice.best is None:
            continue
        own = serials.get((choice.workload, choice.arm), "")
        reference = serials.get((choice.workload, plan.reference_arm), "")
        yield "decisions.own_speedup", (choice.best.cell, own), choice.own_speedup
        yield "decisions.speedup", (choice.best.cell, reference), choice.speedup
        if choice.runner_up is not None:
            yield "decisions", (choice.best.cell, choice.runner_up.cell), choice.advantage
    for family in tables.families:
        own = serials.get((family.workload, family.arm), "")
        reference = serials.get((family.workload, plan.reference_arm), "")
        yield "families.speedup", (family.cell, own), family.speedup
        yield "families.reference_speedup", (family.cell, reference), family.reference_speedup
    for scaled in tables.scaling:
        speedup = scaled.speedup
        ratio = Ratio.of(speedup.value, speedup.low, speedup.high)
        yield "scaling", (scaled.cell, scaled.baseline_cell), ratio
    largest = {cell.id: max(cell.amounts) for cell in plan.cells}
    for at in tables.amounts:
        if at.amount == largest[at.cell]:
            yield "amounts", (at.cell, serials.get((at.workload, at.arm), "")), at.speedup
    for claim in tables.claims:
        if claim.measure == "time" and claim.baseline_cell is not None:
            yield "claims", (claim.cell, claim.baseline_cell), claim.estimate


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_pair_of_cells_has_one_ratio_wherever_it_appears(name: str) -> None:
    plan, trials = DATA_SETS[name]()
    said: dict[tuple[str, str], list[tuple[str, Ratio]]] = defaultdict(list)
    for table, (cell, baseline), ratio in everything_said(plan, all_rows(plan, trials)):
        if ratio is None or cell == baseline:
            continue
        turned = cell > baseline
        pair = (baseline, cell) if turned else (cell, baseline)
        said[pair].append((table, ratio.inverted() if turned else ratio))
    for pair, of_pair in said.items():
        (_, first), *others = of_pair
        for table, ratio in others:
            where = f"{pair}: {table} against {of_pair[0][0]}"
            assert ratio.value == pytest.approx(first.value, rel=1e-12), where
            assert (ratio.low, ratio.high) == pytest.approx((first.low, first.high)), where
        results = {ratio.reading for table, ratio in of_pair if table not in ("scaling", "claims")}
        assert len(results) <= 1, f"{pair}: {of_pair}"
    tables_of_pairs = {table for of_pair in said.values() for table, _ in of_pair}
    assert tables_of_pairs >= {"ratios", "families.speedup", "scaling", "amounts"}
    assert sum(len(of_pair) > 1 for of_pair in said.values()) > 10
