"""Several machines beside each other: read from their folders, laid side by side. Ratios first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from threads_or_processes.common.errors import UserError
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.campaign import Workload
from threads_or_processes.reporting.evidence import Evidence, read_evidence
from threads_or_processes.reporting.page import Fact

Machines = Mapping[str, Evidence]


@dataclass(frozen=True, kw_only=True)
class ComparedMachines:
    """What each machine's own report is made from, by a name that no other machine has.

    `left_out`: each folder that could not be read, and why.
    """

    machines: Machines
    left_out: tuple[Fact, ...]


def read_machines(folders: Sequence[Path]) -> ComparedMachines:
    """Read the results of each folder; one that can't be read is left out and named, not fatal.

    Raises `UserError` if none can be read.
    """
    read: list[Evidence] = []
    left_out: list[Fact] = []
    for folder in sorted(folders):
        try:
            evidence = _read(folder)
            # A data set and its unpacked archive are one measurement.
            if evidence.report_id not in {one.report_id for one in read}:
                read.append(evidence)
        except (UserError, OSError) as error:
            reason = text.plain(str(error).replace("\n", " "), 400)
            left_out.append(Fact(term=folder.name, text=reason))
    if not read:
        raise UserError(
            "no folder of results can be compared",
            where=", ".join(str(folder) for folder in folders) or "results/",
            hint="run snakemake for each of them first",
        )
    names = [evidence.campaign.machine.name for evidence in read]
    return ComparedMachines(
        machines={
            # Two campaigns of one machine are told apart by what was measured.
            name
            if names.count(name) == 1
            else f"{name} ({text.short_hash(evidence.report_id)[:6]})": evidence
            for name, evidence in zip(names, read, strict=True)
        },
        left_out=tuple(left_out),
    )


def work_of(label: str, machines: Machines) -> Workload:
    """A kind of work as the first machine that has it calls it."""
    campaigns = (one.campaign for one in machines.values())
    return next(one.workloads[label] for one in campaigns if label in one.workloads)


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
