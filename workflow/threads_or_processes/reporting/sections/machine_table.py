"""Heat-tables with a column for each machine, and whether machines agree."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from threads_or_processes.records.vocabulary import Family
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.comparison_data import ComparedMachines, CpuGroup
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.sections.bottom_line import one_or_some, some_names, with_names
from threads_or_processes.reporting.sections.decision_table import HeatCell, legend
from threads_or_processes.reporting.words import Status

#: More machines than this and a cell has its words above its number.
MOST_IN_A_LINE = 6

#: What a machine says: all that would be right there; empty if that is open, None if unmeasured.
Says = frozenset[str] | None
Place = TypeVar("Place", bound=Hashable)


class Agree(StrEnum):
    """Whether machines say the same."""

    AGREE = "agree"
    DIFFER = "differ"
    OPEN = "inconclusive"
    ALONE = "one machine only"
    NOWHERE = "not measured"


LOOKS = {
    Agree.AGREE: (Status.GAIN, "✓"),
    Agree.DIFFER: (Status.NO_GAIN, "≠"),
    Agree.OPEN: (Status.OPEN, "?"),
    Agree.ALONE: (Status.NO_DATA, "–"),
    Agree.NOWHERE: (Status.NO_DATA, "–"),
}


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Whether machines say the same, and what they say."""

    word: Agree
    told: str = ""

    @property
    def status(self) -> Status:
        """How it looks."""
        return LOOKS[self.word][0]

    @property
    def symbol(self) -> str:
        """What tells it without colour."""
        return LOOKS[self.word][1]


@dataclass(frozen=True, kw_only=True)
class MachineCell:
    """A machine's answer in a word or two, with the number that it rests on."""

    figure: HeatCell
    word: str = ""
    says: Says = None


@dataclass(frozen=True, kw_only=True)
class MachineRow:
    """A question, and what each machine has to say about it.

    `note` is what else names it; `short`: both in a few words, for a sentence.
    """

    anchor: str
    title: str
    note: str
    short: str
    cells: tuple[MachineCell, ...]

    @property
    def agreement(self) -> Agreement:
        """Whether the machines agree."""
        return agreement([cell.says for cell in self.cells])

    @property
    def is_everywhere(self) -> bool:
        """Whether every machine has something to say."""
        return all(cell.says is not None for cell in self.cells)


@dataclass(frozen=True, kw_only=True)
class MachineGroup:
    """Rows with a heading; the first ones of a table have none."""

    title: str
    rows: tuple[MachineRow, ...]


@dataclass(frozen=True, kw_only=True)
class MachineTable:
    """All rows, with the machines as columns; `anchor` is that of its section.

    `has_agreement`: whether it has a last column on whether machines agree.
    """

    anchor: str
    caption: str
    first: str
    machines: tuple[CpuGroup, ...]
    groups: tuple[MachineGroup, ...]
    has_agreement: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The machines in order."""
        return tuple(name for group in self.machines for name in group.names)

    @property
    def rows(self) -> tuple[MachineRow, ...]:
        """The rows of all groups."""
        return tuple(row for group in self.groups for row in group.rows)

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return 1 + len(self.names) + self.has_agreement

    @property
    def is_wide(self) -> bool:
        """Whether there are many machines."""
        return len(self.names) > MOST_IN_A_LINE

    @property
    def used(self) -> tuple[tuple[str, str], ...]:
        """The symbols in it, each with its result."""
        return legend(cell.figure for row in self.rows for cell in row.cells)


def agreement(found: Sequence[Says]) -> Agreement:
    """Whether machines say the same: they differ where nothing is right on all that are certain."""
    known = [one for one in found if one is not None]
    certain = [one for one in known if one]
    said = Counter(_either(one) for one in certain)
    counts = ", ".join(f"{number} {what}" for what, number in said.most_common())
    if len(known) < 2:
        return Agreement(word=Agree.ALONE if known else Agree.NOWHERE, told=", ".join(said))
    if not certain:
        return Agreement(word=Agree.OPEN, told=f"on all {len(known)}")
    shared = frozenset.intersection(*certain)
    if not shared:
        return Agreement(word=Agree.DIFFER, told=counts)
    if len(certain) < len(known):
        unsure = len(known) - len(certain)
        return Agreement(word=Agree.OPEN, told=f"on {unsure} of {len(known)}; {counts}")
    return Agreement(word=Agree.AGREE, told=_either(shared))


def _either(answers: Iterable[str]) -> str:
    """Answers of which any is right, families in their own order."""
    place = {str(family): number for number, family in enumerate(Family)}
    return text.listing(sorted(answers, key=lambda one: (place.get(one, len(place)), one)), "or")


def machine_table(
    places: Mapping[Place, str],
    compared: ComparedMachines,
    *,
    anchor: str,
    caption: str,
    first: str,
    row: Callable[[Place], tuple[str, str, str]],
    cell: Callable[[Place, str, Evidence], MachineCell],
    has_agreement: bool = True,
) -> MachineTable:
    """A table with a row for each of the places, which come with the heading of their group.

    `row` gives title, note and short title of a place; `cell` what a machine says of it.
    """

    def made(number: int, place: Place) -> MachineRow:
        title, note, short = row(place)
        return MachineRow(
            anchor=f"{anchor}-{number}",
            title=title,
            note=note,
            short=short,
            cells=tuple(cell(place, name, one) for name, one in compared.machines.items()),
        )

    groups: dict[str, list[MachineRow]] = {}
    for number, (place, heading) in enumerate(places.items(), start=1):
        groups.setdefault(heading, []).append(made(number, place))
    return MachineTable(
        anchor=anchor,
        caption=caption,
        first=first,
        machines=compared.groups,
        groups=tuple(MachineGroup(title=title, rows=tuple(of)) for title, of in groups.items()),
        has_agreement=has_agreement,
    )


def in_a_sentence(table: MachineTable, *, opening: str, none: str) -> str:
    """What holds on all machines, and what depends on the machine.

    `On all 3 machines, use processes for 4 (JSON on 3.13, …); 2 depend on the machine (…).`
    `none` holds on all, where nothing does.
    """
    if len(table.names) < 2:
        return "There is one machine only, so there is nothing to compare."
    by_word: dict[Agree, list[MachineRow]] = {}
    for row in table.rows:
        by_word.setdefault(row.agreement.word, []).append(row)
    same = by_word.get(Agree.AGREE, [])
    agreed: dict[str, list[str]] = {}
    for row in same:
        agreed.setdefault(row.agreement.told, []).append(row.short)
    most_first = sorted(agreed.items(), key=lambda item: -len(item[1]))
    differing = [row.short for row in by_word.get(Agree.DIFFER, [])]
    rest = [
        f"{len(by_word[word])} {meaning}"
        for word, meaning in ((Agree.OPEN, "inconclusive"), (Agree.ALONE, "on one machine only"))
        if word in by_word
    ]
    everyone = "both" if len(table.names) == 2 else f"all {len(table.names)}"
    where = f"On {everyone} machines"
    if not all(row.is_everywhere for row in same):
        where = "Wherever measured"

    def sentence(names: Sequence[Sequence[str]]) -> str:
        *shared, apart = names
        parts = [
            f"{answer} for {one_or_some(of, some)}"
            for (answer, of), some in zip(most_first, shared, strict=True)
        ]
        told = [f"{where}, {opening} {text.listing(parts)}" if parts else f"{where}, {none}"]
        if differing:
            verb = "depends" if len(differing) == 1 else "depend"
            told.append(f"{len(differing)} {verb} on the machine{some_names(differing, apart)}")
        return f"{'; '.join([*told, *rest])}."

    return with_names([*(of if len(of) > 1 else [] for _, of in most_first), differing], sentence)
