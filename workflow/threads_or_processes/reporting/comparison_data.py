"""Several machines beside each other: read from their folders, laid side by side. Ratios first."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from threads_or_processes.common.errors import UserError
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.campaign import Model
from threads_or_processes.reporting.evidence import Evidence, read_evidence


@dataclass(frozen=True, kw_only=True)
class ComparedMachine:
    """One machine: everything its own report is made from, and a name that no other machine has."""

    name: str
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A folder that could not be read, and why."""

    folder: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ComparedMachines:
    """The machines that are compared, in the order of their names."""

    machines: tuple[ComparedMachine, ...]
    left_out: tuple[LeftOut, ...]


def read_machines(folders: Sequence[Path]) -> ComparedMachines:
    """Read the results of each folder; one that can't be read is left out and named, not fatal.

    Raises `UserError` if none can be read.
    """
    read: list[Evidence] = []
    left_out: list[LeftOut] = []
    for folder in sorted(folders):
        try:
            evidence = _read(folder)
            # A data set and its unpacked archive are one measurement.
            if evidence.report_id not in {one.report_id for one in read}:
                read.append(evidence)
        except (UserError, OSError) as error:
            reason = text.plain(str(error).replace("\n", " "), 400)
            left_out.append(LeftOut(folder=folder.name, reason=reason))
    if not read:
        raise UserError(
            "no folder of results can be compared",
            where=", ".join(str(folder) for folder in folders) or "results/",
            hint="run snakemake for each of them first",
        )
    names = [evidence.campaign.machine.name for evidence in read]
    return ComparedMachines(
        machines=tuple(
            ComparedMachine(
                # Two campaigns of one machine are told apart by what was measured.
                name=name
                if names.count(name) == 1
                else f"{name} ({text.short_hash(evidence.report_id)[:6]})",
                evidence=evidence,
            )
            for name, evidence in zip(names, read, strict=True)
        ),
        left_out=tuple(left_out),
    )


def models(compared: ComparedMachines) -> tuple[Model, ...]:
    """Every model of every machine, once."""
    found: dict[str, Model] = {}
    for machine in compared.machines:
        found |= machine.evidence.campaign.models
    return tuple(found.values())


def _read(folder: Path) -> Evidence:
    evidence = read_evidence(
        plan_path=folder / "plan.json",
        tables_path=folder / "tables",
        trials_path=folder / "trials.csv.gz",
        package_path=folder / "datapackage.json",
        interpreters_path=folder / "interpreters",
    )
    tables, planned = evidence.tables, evidence.campaign.cells_by_id
    named = {row.cell for row in tables.cells} | {row.cell for row in tables.ratios}
    works = {row.workload for row in tables.decisions}
    if not named <= planned.keys() or not works <= evidence.campaign.workloads.keys():
        raise UserError(
            "its tables are not of its plan",
            where=str(folder),
            hint="run snakemake where it was measured, and copy the folder again",
        )
    return evidence
