"""Everything the report is made from, read once at the edge."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from threads_or_processes.common.files import digest, read_json
from threads_or_processes.common.provenance import UNKNOWN
from threads_or_processes.records.vocabulary import SERIAL
from threads_or_processes.reporting.builds import Builds, read_builds
from threads_or_processes.reporting.campaign import Campaign, read_campaign
from threads_or_processes.reporting.rows import (
    CellRow,
    ClaimRow,
    ControlRow,
    CrossoverRow,
    DecisionRow,
    DistributionRow,
    FitRow,
    HealthRow,
    MemoryRow,
    NotebookRow,
    OrderRow,
    OutcomeRow,
    PairingRow,
    QualityRow,
    Ratio,
    RatioRow,
    ScalingRow,
    SlopeRow,
    StartupRow,
    UpdatesRow,
    ValueRow,
    read_rows,
)
from threads_or_processes.reporting.trials import DataFile, Trials, read_package, read_trials


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The tables of the analysis, typed."""

    values: tuple[ValueRow, ...]
    cells: tuple[CellRow, ...]
    ratios: tuple[RatioRow, ...]
    decisions: tuple[DecisionRow, ...]
    claims: tuple[ClaimRow, ...]
    outcomes: tuple[OutcomeRow, ...]
    notebook: tuple[NotebookRow, ...]
    startup: tuple[StartupRow, ...]
    memory: tuple[MemoryRow, ...]
    slopes: tuple[SlopeRow, ...]
    scaling: tuple[ScalingRow, ...]
    fits: tuple[FitRow, ...]
    crossovers: tuple[CrossoverRow, ...]
    updates: tuple[UpdatesRow, ...]
    control: tuple[ControlRow, ...]
    health: tuple[HealthRow, ...]
    quality: tuple[QualityRow, ...]
    pairing: tuple[PairingRow, ...]
    order: tuple[OrderRow, ...]
    distributions: tuple[DistributionRow, ...]

    @cached_property
    def _cells(self) -> Mapping[str, CellRow]:
        return {row.cell: row for row in self.cells}

    @cached_property
    def _ratios(self) -> Mapping[tuple[str, str], RatioRow]:
        return {(row.cell, row.baseline_cell): row for row in self.ratios}

    @property
    def differences_by_chance(self) -> tuple[float, ...]:
        """How far apart two measurements of one cell are (A/A), as shares; empty without any."""
        ratios = (row.estimate for row in self.control)
        return tuple(ratio.apart for ratio in ratios if ratio)

    def cell(self, cell_id: str) -> CellRow | None:
        """The row of a cell, if the table has it."""
        return self._cells.get(cell_id)

    def ratio_row(self, cell_id: str, baseline_id: str) -> RatioRow | None:
        """The row of a contrast, if it is one of the table's."""
        return self._ratios.get((cell_id, baseline_id))

    def ratio(self, cell_id: str, baseline_id: str) -> Ratio | None:
        """How a cell compares with a baseline, if a contrast of the two was measured."""
        if row := self._ratios.get((cell_id, baseline_id)):
            return row.estimate
        turned = self._ratios.get((baseline_id, cell_id))
        return turned.estimate.inverted() if turned and turned.estimate else None

    def block_values(self, cell_id: str, basis: str) -> dict[int, float]:
        """A cell's trials (ns) by block: their quiet times or the typical ones."""
        of_cell = (row for row in self.values if row.cell == cell_id)
        if basis == "quiet":
            return {row.block: row.quiet_ns for row in of_cell if row.quiet_ns is not None}
        return {row.block: row.typical_ns for row in of_cell}

    def failing(self, workload: str, arm: str) -> tuple[CellRow, ...]:
        """The warm cells of a workload on an arm that are never recommended.

        Those that had a failed trial, or lost an update.
        """
        return tuple(
            row
            for row in self.cells
            if (row.workload, row.arm, row.timing, row.replicate) == (workload, arm, "warm", 1)
            and {"failures", "lost_updates"} & set(row.flags.split())
        )

    def serial(self, workload: str, arm: str) -> CellRow | None:
        """The warm serial cell of a workload on an arm: the baseline of its speed-ups."""
        return next(
            (
                row
                for row in self.cells
                if row.workload == workload
                and row.arm == arm
                and row.model == SERIAL
                and row.timing == "warm"
                and row.replicate == 1
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
    package: DataFile
    report_id: str

    @property
    def git_commit(self) -> str:
        """Of the programs that collected the data; `unknown` outside a checkout."""
        programs = json.loads(self.package.content).get("programs", {})
        return str(programs.get("git_commit", UNKNOWN))


def read_tables(folder: Path) -> Tables:
    """Read the tables of the analysis from `tables/`."""
    return Tables(
        values=read_rows(folder / "values.csv", ValueRow),
        cells=read_rows(folder / "cells.csv", CellRow),
        ratios=read_rows(folder / "ratios.csv", RatioRow),
        decisions=read_rows(folder / "decisions.csv", DecisionRow),
        claims=read_rows(folder / "claims.csv", ClaimRow),
        outcomes=read_rows(folder / "outcomes.csv", OutcomeRow),
        notebook=read_rows(folder / "notebook.csv", NotebookRow),
        startup=read_rows(folder / "startup.csv", StartupRow),
        memory=read_rows(folder / "memory.csv", MemoryRow),
        slopes=read_rows(folder / "slopes.csv", SlopeRow),
        scaling=read_rows(folder / "scaling.csv", ScalingRow),
        fits=read_rows(folder / "fits.csv", FitRow),
        crossovers=read_rows(folder / "crossovers.csv", CrossoverRow),
        updates=read_rows(folder / "updates.csv", UpdatesRow),
        control=read_rows(folder / "control.csv", ControlRow),
        health=read_rows(folder / "health.csv", HealthRow),
        quality=read_rows(folder / "quality.csv", QualityRow),
        pairing=read_rows(folder / "pairing.csv", PairingRow),
        order=read_rows(folder / "order.csv", OrderRow),
        distributions=read_rows(folder / "distributions.csv", DistributionRow),
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
    *,
    plan_path: Path,
    tables_path: Path,
    trials_path: Path,
    package_path: Path,
    interpreters_path: Path,
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
        package=read_package(package_path),
        report_id=report_id(read_json(plan_path), builds, trials.csv_sha256),
    )
