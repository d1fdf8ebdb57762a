"""From a synthetic campaign straight to tables and rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from threads_or_processes.analysis.dataset import dataset
from threads_or_processes.analysis.records import Record
from threads_or_processes.analysis.tables import all_tables
from threads_or_processes.common.plan_file import plan_from
from threads_or_processes.records.plan import Plan

from tests.factories import Campaign, make_campaign, make_cell


def with_walls(walls_ns: Mapping[str, list[list[int]]], **more: Any) -> Campaign:
    """A campaign of warm json cells with exactly these measured times, by cell, block, place."""
    cells = []
    for cell, blocks in walls_ns.items():
        workload, model, workers, arm, timing = cell.split("/")
        cells.append(make_cell(workload, model, int(workers), arm, timing, blocks=len(blocks)))
    campaign = make_campaign(cells, **more)
    for record in campaign.records.values():
        stated = walls_ns[record["cell"]["id"]][record["block"] - 1]
        measured = [r for r in record["repetitions"] if r["phase"] == "measure"]
        for repetition, wall_ns in zip(measured, stated, strict=False):
            repetition["wall_ns"] = wall_ns
        kept = measured[: len(stated)]
        record["repetitions"] = [r for r in record["repetitions"] if r["phase"] == "warmup"] + kept
    return campaign


def trials_of(campaign: Campaign) -> pd.DataFrame:
    """The data set of a campaign."""
    records = [Record(Path(path), value) for path, value in campaign.records.items()]
    return dataset(records, plan_of(campaign))


def plan_of(campaign: Campaign) -> Plan:
    """The plan of a campaign as the analysis sees it."""
    return plan_from(campaign.plan)


def tables_of(campaign: Campaign) -> dict[str, pd.DataFrame]:
    """Every table of a campaign."""
    return all_tables(plan_of(campaign), trials_of(campaign))


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows; missing values are None."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(column): value for column, value in row.items()} for row in rows]
