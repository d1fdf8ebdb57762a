"""Machines of the same hardware against each other: an A/A test of the hardware."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median_low

from threads_or_processes.records.tables.measured import CellRow
from threads_or_processes.records.vocabulary import Timing
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.comparison_data import ComparedMachines, Kin, Machines, Pair
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Column,
    Fold,
    Number,
    Paragraph,
    Section,
    table_of,
)

#: How many configurations of a pair are listed, those furthest apart.
MOST_LISTED = 10


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Two machines of the same hardware: the second's time over the first's, by cell.

    `margin`: up to which there is no difference in practice.
    """

    pair: Pair
    ratios: dict[str, float]
    margin: float

    @property
    def within(self) -> int:
        """How many ratios are within the margin."""
        upper = 1 + self.margin
        return sum(1 / upper <= ratio <= upper for ratio in self.ratios.values())

    @property
    def furthest(self) -> list[tuple[str, float]]:
        """Those furthest from 1."""
        in_order = sorted(self.ratios.items(), key=lambda item: -_apart(item[1]))
        return in_order[:MOST_LISTED]


def build(compared: ComparedMachines) -> Iterator[Section]:
    """The section on machines of the same hardware; nothing without any."""
    alike = found(compared)
    if not alike:
        return
    machines = compared.machines
    yield Section(
        anchor="hardware",
        title="Machines of the same hardware",
        nav_title="Same hardware",
        answer=" ".join(_sentences(alike)),
        blocks=(
            Paragraph(
                "Each configuration's time on the second machine is divided by its time on the "
                "first. With the same binaries, what is away from 1 is due to the node, its "
                "kernel, or chance. “Control” is a configuration, twice on the first machine."
            ),
            table_of(
                alike,
                (
                    Column("First", lambda one: one.pair.first),
                    Column("Second", lambda one: one.pair.second),
                    Column("They are", lambda one: one.pair.kin),
                    Column("Same binaries", lambda one: _same_binaries(one.pair, machines)),
                    Number("Configurations", lambda one: str(len(one.ratios))),
                    Number("Within margin", lambda one: str(one.within)),
                    Number("Median ratio", lambda one: text.ratio(median_low(one.ratios.values()))),
                    Number("Median apart", lambda one: text.percent(_typical(one))),
                    Number("Max apart", lambda one: text.percent(_most(one))),
                    Number(
                        "Control apart",
                        lambda one: _by_chance(machines[one.pair.first]),
                    ),
                ),
                caption="Time on the second machine over time on the first",
                row_headers=2,
            ),
            Fold(
                summary="Configurations that are furthest apart",
                content=(
                    table_of(
                        ((one, *far) for one in alike for far in one.furthest),
                        (
                            Column("First", lambda row: row[0].pair.first),
                            Column("Second", lambda row: row[0].pair.second),
                            Column("Configuration", lambda row: text.plain(row[1])),
                            Number("Second over first", lambda row: f"{text.ratio(row[2])}×"),
                        ),
                        caption="The same by configuration, the furthest from 1 first",
                        row_headers=3,
                    ),
                ),
            ),
        ),
    )


def found(compared: ComparedMachines) -> tuple[Alike, ...]:
    """The pairs of the same hardware that share a configuration."""
    made = (_alike(pair, compared.machines) for pair in compared.pairs)
    return tuple(one for one in made if one.ratios)


def _alike(pair: Pair, machines: Machines) -> Alike:
    first, second = machines[pair.first], machines[pair.second]
    times = _unit_times(second)
    return Alike(
        pair=pair,
        ratios={
            cell: times[cell] / time for cell, time in _unit_times(first).items() if cell in times
        },
        margin=first.campaign.margin,
    )


def _unit_times(evidence: Evidence) -> dict[str, float]:
    """Time of a unit of work, by cell: each machine has a calibrated amount of its own."""
    return {
        row.cell: time
        for row in evidence.tables.cells
        if row.timing is not Timing.MEMORY and (time := _unit_time(row)) is not None
    }


def _unit_time(row: CellRow) -> float | None:
    if not row.geometric_mean_ns or not row.tasks:
        return None
    return row.geometric_mean_ns / (row.tasks * (row.size or 1))


def _sentences(alike: tuple[Alike, ...]) -> Iterator[str]:
    for kin in Kin:
        of = [one for one in alike if one.pair.kin is kin]
        if of:
            total = sum(len(one.ratios) for one in of)
            within = sum(one.within for one in of)
            who = f"{of[0].pair.first} and {of[0].pair.second}: {kin}"
            if len(of) > 1:
                who = f"{text.count(len(of), 'pair')}: {kin}"
            margin = text.percent(of[0].margin)
            some = text.part(within, total, "configuration", "are")
            yield f"{who}; {some} within {margin}."


def _same_binaries(pair: Pair, machines: Machines) -> str:
    first, second = (
        {one["arm"]: one["executable_sha256"] for one in machines[name].identities}
        for name in (pair.first, pair.second)
    )
    return "yes" if first == second else "no"


def _apart(ratio: float) -> float:
    return max(ratio, 1 / ratio) - 1


def _typical(one: Alike) -> float:
    return median_low(map(_apart, one.ratios.values()))


def _most(one: Alike) -> float:
    return max(map(_apart, one.ratios.values()))


def _by_chance(evidence: Evidence) -> str:
    apart = evidence.tables.differences_by_chance
    return text.percent(median_low(apart)) if apart else text.MISSING
