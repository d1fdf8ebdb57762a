"""Everything the report is made from, read once at the edge."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from threads_or_processes.common.decoding import read_as
from threads_or_processes.common.files import digest, read_json
from threads_or_processes.common.signing import read_identity
from threads_or_processes.records.baseline import BaselineNote
from threads_or_processes.records.interpreter import Identity, Parity, plain_arms, without_place
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.changes import BASELINE_TABLES, ChangeRow, DifferenceRow
from threads_or_processes.records.tables.measured import LEFT_OUT
from threads_or_processes.reporting.campaign import Campaign, read_campaign
from threads_or_processes.reporting.citation import Programs, read_programs
from threads_or_processes.reporting.tables import Tables, read_rows, read_tables
from threads_or_processes.reporting.trials import PackageFile, Trials, read_package, read_trials


@dataclass(frozen=True, kw_only=True)
class SinceBaseline:
    """A baseline, what changed since, and what the two states were not measured alike with."""

    note: BaselineNote
    changes: tuple[ChangeRow, ...]
    differences: tuple[DifferenceRow, ...]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Plan, interpreters, tables and trials of one campaign; `report_id` is their content hash.

    `baseline`: what the campaign is compared with, if it is. `prefix`: the folder in which results/
    lies.
    """

    campaign: Campaign
    identities: tuple[Identity, ...]
    parity: Parity
    tables: Tables
    trials: Trials
    package: PackageFile
    report_id: str
    programs: Programs
    baseline: SinceBaseline | None = None
    prefix: Path = Path()

    @property
    def plain_arms(self) -> list[str]:
        """The measured arms whose interpreters were built without optimisation."""
        measured = {cell.arm for cell in self.campaign.cells}
        return [arm for arm in plain_arms(self.identities) if arm in measured]


def report_id(plan: object, identities: Iterable[Identity], csv_sha256: str) -> str:
    """SHA-256 (hex) over plan, identities and measured data: a changed number changes it."""
    return digest(
        {
            "plan": plan,
            "interpreters": {one["arm"]: without_place(one) for one in identities},
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
    baseline_path: Path | None = None,
    prefix: Path = Path(),
) -> Evidence:
    """Read all inputs of the report; `UserError` for what is missing or broken."""
    campaign = read_campaign(plan_path)
    identities = tuple(
        read_identity(interpreters_path / f"{one.name}.json") for one in campaign.interpreters
    )
    trials = read_trials(trials_path)
    tables = read_tables(tables_path)
    package = read_package(package_path)
    return Evidence(
        campaign=_as_measured(campaign, tables),
        identities=identities,
        parity=read_as(interpreters_path / "parity.json", Parity),
        tables=tables,
        trials=trials,
        package=package,
        report_id=report_id(read_json(plan_path), identities, trials.csv_sha256),
        programs=read_programs(measured=package.programs),
        baseline=read_baseline(baseline_path) if baseline_path else None,
        prefix=prefix,
    )


def _as_measured(campaign: Campaign, tables: Tables) -> Campaign:
    """The campaign with no more blocks than were measured: a budget may end it before."""
    most = max((row.ok for row in tables.cells), default=0) or campaign.blocks
    planned = {row.cell: row.planned for row in tables.cells}
    left_out = {row.cell: row.trials for row in tables.failures if row.outcome == LEFT_OUT}

    def measured(cell: Cell) -> int:
        return min(cell.blocks, most, planned.get(cell.id, most) - left_out.get(cell.id, 0))

    return replace(
        campaign,
        blocks=min(campaign.blocks, most),
        cells=tuple(replace(cell, blocks=measured(cell)) for cell in campaign.cells),
    )


def read_baseline(folder: Path) -> SinceBaseline:
    """What `analysis compare` wrote into a folder."""
    return SinceBaseline(
        note=read_as(folder / "baseline.json", BaselineNote),
        **{name: read_rows(folder / f"{name}.csv", row) for name, row in BASELINE_TABLES.items()},
    )
