"""Several machines next to each other: read from their folders, named, and grouped by CPU."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from threads_or_processes.common.errors import UserError
from threads_or_processes.records.plan import Machine
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.campaign import Workload
from threads_or_processes.reporting.evidence import Evidence, read_evidence
from threads_or_processes.reporting.page import Fact

Machines = Mapping[str, Evidence]

#: What an update of the system changes.
SYSTEM = ("kernel", "os")


class Kin(StrEnum):
    """What two data sets of the same hardware are to each other."""

    AGAIN = "same machine, measured again"
    NODES = "identical nodes"
    SYSTEM = "same machine, another kernel"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two machines, by name, of the same hardware."""

    first: str
    second: str
    kin: Kin


@dataclass(frozen=True, kw_only=True)
class CpuGroup:
    """Machines next to each other that have the same CPU, and as many."""

    title: str
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ComparedMachines:
    """What each machine's own report is made from, by a name that no other machine has.

    Machines of the same hardware are next to each other. `left_out`: each folder that could not
    be read, and why.
    """

    machines: Machines
    left_out: tuple[Fact, ...] = ()

    @property
    def groups(self) -> tuple[CpuGroup, ...]:
        """The machines by their CPU."""
        by_cpu = groupby(self.machines.items(), key=lambda one: _cpu(one[1].campaign.machine))
        return tuple(
            CpuGroup(title=title, names=tuple(name for name, _ in of)) for title, of in by_cpu
        )

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Each machine against the first one of the same hardware."""
        return tuple(_pairs({name: one.campaign.machine for name, one in self.machines.items()}))


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
    return ComparedMachines(machines=named(read), left_out=tuple(left_out))


def named(read: Iterable[Evidence]) -> Machines:
    """Each by a name that no other has, those of the same CPU and hardware next to each other."""
    in_order = sorted(read, key=lambda one: _place(one.campaign.machine))
    machines = [one.campaign.machine for one in in_order]
    names = [_called(machine) for machine in machines]
    systems: dict[object, set[tuple[object, ...]]] = {}
    for machine in machines:
        systems.setdefault(_itself(machine), set()).add(_system(machine))
    names = [
        f"{name}, {_differing(machine, systems[_itself(machine)])}"
        if len(systems[_itself(machine)]) > 1
        else name
        for name, machine in zip(names, machines, strict=True)
    ]
    # One label on different hardware: then the folders' names, which no other machine has.
    seen = Counter(names)
    names = [
        name if seen[name] == 1 else text.plain(machine.name, 60)
        for name, machine in zip(names, machines, strict=True)
    ]
    # Two campaigns of one machine are distinguished by what was measured.
    seen = Counter(names)
    return {
        name if seen[name] == 1 else f"{name} ({text.short_hash(one.report_id)[:6]})": one
        for name, one in zip(names, in_order, strict=True)
    }


def short_cpu(model: str) -> str:
    """A CPU's name without what is the same for all: `Intel Xeon Platinum 8370C`."""
    short = re.sub(r"\((?:R|TM|tm)\)|\bCPU\b|\b\d+-Core\b|\bProcessor\b|@.*$", " ", model)
    return text.plain(short, 60) or "unknown CPU"


def work_of(label: str, machines: Machines) -> Workload:
    """A workload as the first machine that has it calls it."""
    campaigns = (one.campaign for one in machines.values())
    return next(one.workloads[label] for one in campaigns if label in one.workloads)


def _called(machine: Machine) -> str:
    return text.plain(machine.label or machine.name, 60)


def _cpu(machine: Machine) -> str:
    quota = f", quota {text.number(machine.cpu_quota)}" if machine.cpu_quota else ""
    cpus = text.count(machine.logical_cpus, "CPU")
    return f"{short_cpu(str(machine.fingerprint.get('cpu_model') or ''))}, {cpus}{quota}"


def _hardware(machine: Machine) -> tuple[tuple[str, str], ...]:
    """All that an update of the system leaves as it is."""
    kept = ((key, str(value)) for key, value in machine.fingerprint.items() if key not in SYSTEM)
    return tuple(sorted(kept))


def _itself(machine: Machine) -> tuple[object, ...]:
    """The machine, whatever runs on it: its hardware, and its owner's name for it."""
    return machine.label, _hardware(machine)


def _system(machine: Machine) -> tuple[object, ...]:
    return tuple(machine.fingerprint.get(key) for key in SYSTEM)


def _differing(machine: Machine, systems: set[tuple[object, ...]]) -> str:
    """The kernel, or the system where kernels are the same."""
    kernels = {kernel for kernel, *_ in systems}
    key = "kernel" if len(kernels) > 1 else "os"
    return text.plain(str(machine.fingerprint.get(key) or "unknown system"), 40)


def _place(machine: Machine) -> tuple[str, ...]:
    """Where a machine stands: by CPU and hardware, then name, then system; node 2 before 10."""
    hardware, name = str(_hardware(machine)), machine.label or ""
    parts = (_cpu(machine), hardware, name, str(_system(machine)), machine.name)
    return tuple(re.sub(r"\d+", lambda number: number[0].zfill(9), one.casefold()) for one in parts)


def _pairs(machines: Mapping[str, Machine]) -> Iterator[Pair]:
    for _, of in groupby(machines, key=lambda name: _hardware(machines[name])):
        before: list[str] = []
        for name in of:
            kins = ((one, _kin(machines[one], machines[name])) for one in before)
            found = {kin: one for one, kin in reversed([*kins]) if kin is not None}
            if found:
                kin = min(found, key=list(Kin).index)
                yield Pair(first=found[kin], second=name, kin=kin)
            before.append(name)


def _kin(one: Machine, two: Machine) -> Kin | None:
    """What two machines of the same hardware are to each other; None for strangers."""
    if one.fingerprint == two.fingerprint:
        return Kin.AGAIN if one.name == two.name else Kin.NODES
    return Kin.SYSTEM if one.label == two.label else None


def _read(folder: Path) -> Evidence:
    evidence = read_evidence(
        plan_path=folder / "plan.json",
        tables_path=folder / "tables",
        trials_path=folder / "trials.csv.gz",
        package_path=folder / "datapackage.json",
        interpreters_path=folder / "interpreters",
    )
    tables, planned = evidence.tables, evidence.campaign.cells_by_id
    measured = {row.cell for row in tables.cells} | {row.cell for row in tables.ratios}
    works = {row.workload for row in tables.decisions}
    if not measured <= planned.keys() or not works <= evidence.campaign.workloads.keys():
        raise UserError(
            "its tables are not of its plan",
            where=str(folder),
            hint="run snakemake where it was measured, and copy the folder again",
        )
    return evidence
