"""Everything the report is made from, read once at the edge."""

from dataclasses import dataclass
from pathlib import Path

from workflow.files import digest, read_json
from workflow.reporting.builds import Builds, read_builds
from workflow.reporting.campaign import Campaign, read_campaign
from workflow.reporting.rows import (
    CellRow,
    DecisionRow,
    NotebookRow,
    OutcomeRow,
    RatioRow,
    ValueRow,
    read_rows,
)
from workflow.reporting.trials import Trials, read_trials


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The tables of the analysis, typed."""

    values: tuple[ValueRow, ...]
    cells: tuple[CellRow, ...]
    ratios: tuple[RatioRow, ...]
    decisions: tuple[DecisionRow, ...]
    outcomes: tuple[OutcomeRow, ...]
    notebook: tuple[NotebookRow, ...]

    def cell(self, cell_id: str) -> CellRow | None:
        """The row of a cell, if the table has it."""
        return next((row for row in self.cells if row.cell == cell_id), None)

    def block_values(self, cell_id: str, basis: str) -> dict[int, float]:
        """A cell's trials (ns) by block: their quiet times or the typical ones."""
        of_cell = (row for row in self.values if row.cell == cell_id)
        if basis == "quiet":
            return {row.block: row.quiet_ns for row in of_cell if row.quiet_ns is not None}
        return {row.block: row.typical_ns for row in of_cell}

    def failing(self, workload: str, arm: str) -> tuple[CellRow, ...]:
        """The warm cells of a workload on an arm that had a failed trial: never recommended."""
        return tuple(
            row
            for row in self.cells
            if (row.workload, row.arm, row.timing) == (workload, arm, "warm")
            and "failures" in row.flags.split()
        )

    def serial(self, workload: str, arm: str) -> CellRow | None:
        """The warm serial cell of a workload on an arm: the baseline of its speed-ups."""
        return next(
            (
                row
                for row in self.cells
                if row.workload == workload
                and row.arm == arm
                and row.model == "serial"
                and row.timing == "warm"
            ),
            None,
        )


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Plan, interpreters, tables and trials of one campaign; `report_id` is their content hash."""

    campaign: Campaign
    builds: Builds
    tables: Tables
    trials: Trials
    report_id: str


def read_tables(folder: Path) -> Tables:
    """Read the tables of the analysis from `tables/`."""
    return Tables(
        values=read_rows(folder / "values.csv", ValueRow),
        cells=read_rows(folder / "cells.csv", CellRow),
        ratios=read_rows(folder / "ratios.csv", RatioRow),
        decisions=read_rows(folder / "decisions.csv", DecisionRow),
        outcomes=read_rows(folder / "outcomes.csv", OutcomeRow),
        notebook=read_rows(folder / "notebook.csv", NotebookRow),
    )


def report_id(plan: object, builds: Builds, csv_sha256: str) -> str:
    """SHA-256 (hex) over plan, identities and measured data: a changed number changes it."""
    return digest(
        {
            "plan": plan,
            "interpreters": {build.arm: dict(build.record) for build in builds.builds},
            "trials_csv_sha256": csv_sha256,
        }
    )


def read_evidence(
    *, plan_path: Path, tables_path: Path, trials_path: Path, interpreters_path: Path
) -> Evidence:
    """Read all inputs of the report; `UserError` for what is missing or broken."""
    campaign = read_campaign(plan_path)
    builds = read_builds(interpreters_path, campaign.arms)
    trials = read_trials(trials_path)
    return Evidence(
        campaign=campaign,
        builds=builds,
        tables=read_tables(tables_path),
        trials=trials,
        report_id=report_id(read_json(plan_path), builds, trials.csv_sha256),
    )
