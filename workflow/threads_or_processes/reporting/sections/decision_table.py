"""The heat-table: each workload in each way on each build, all on one scale, and what to use."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from threads_or_processes.records.paths import path_key
from threads_or_processes.records.plan import Arm, Experiment
from threads_or_processes.records.tables.comparisons import DecisionRow, FamilyRow, MoveRow
from threads_or_processes.records.tables.groups import Candidate, Ratio
from threads_or_processes.records.tables.measured import CellRow
from threads_or_processes.records.vocabulary import (
    KINDS,
    SCALING,
    CellFlag,
    ComparisonResult,
    Family,
)
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign, Workload
from threads_or_processes.reporting.limits import MOST_WORKLOADS, largest
from threads_or_processes.reporting.page import Column, Link, Number, Table, table_of
from threads_or_processes.reporting.sections import glossary
from threads_or_processes.reporting.sections.bottom_line import OPEN, UP
from threads_or_processes.reporting.tables import Tables

#: Their workloads come first and have no heading.
MAIN = (SCALING, KINDS)
#: Marks a way that is recommended.
MARK = "✓"
RECOMMENDED = "best on that build, or tied with the best"
#: Stands instead of a number where a way is left out.
CROSS = "✗"
LEVELS = 4
"""Shades on either side of no difference."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """A build with its columns."""

    name: str
    title: str
    families: tuple[Family, ...]


@dataclass(frozen=True, kw_only=True)
class HeatCell:
    """A number with its symbol and result; `details` are for hover, focus and tap.

    `ratio`: None where there is none. `level`: the shade, -4 (slow) to 4 (fast), 0 for no
    difference and for a ratio without an interval.
    """

    place: str
    shown: str
    ratio: float | None = None
    symbol: str = ""
    result: str = ""
    level: int = 0
    is_recommended: bool = False
    details: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The result for a narrow column."""
        return self.result.replace("perhaps slightly", "slightly?")


@dataclass(frozen=True, kw_only=True)
class HeatRow:
    """A workload; `use` is what to use, on which build."""

    anchor: str
    title: str
    kind: str
    cells: tuple[HeatCell, ...]
    moves: tuple[HeatCell, ...]
    use: str

    @property
    def effect(self) -> float:
        """Its largest difference: how far a ratio is from 1."""
        ratios = (cell.ratio for cell in (*self.cells, *self.moves))
        return max((abs(math.log(ratio)) for ratio in ratios if ratio), default=0.0)


@dataclass(frozen=True, kw_only=True)
class HeatGroup:
    """The workloads of an experiment; the first ones have no title."""

    title: str
    rows: tuple[HeatRow, ...]


@dataclass(frozen=True, kw_only=True)
class HeatTable:
    """All rows; `moves` are the builds that could be moved to."""

    reference: str
    scale: Link
    builds: tuple[Build, ...]
    moves: tuple[str, ...]
    groups: tuple[HeatGroup, ...]
    used: tuple[tuple[str, str], ...]

    @property
    def rows(self) -> tuple[HeatRow, ...]:
        """The rows of all groups."""
        return tuple(row for group in self.groups for row in group.rows)

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return 2 + sum(len(build.families) for build in self.builds) + len(self.moves)


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """What is recommended for the workloads of a campaign: the rows of four tables by place."""

    campaign: Campaign
    tables: Tables

    @cached_property
    def rows(self) -> Mapping[tuple[str, str], DecisionRow]:
        """Recommendations by workload and arm."""
        return {(row.workload, row.arm): row for row in self.tables.decisions}

    @cached_property
    def moves(self) -> Mapping[tuple[str, str], MoveRow]:
        """Best against best, by workload and arm."""
        return {(row.workload, row.arm): row for row in self.tables.moves}

    @cached_property
    def families(self) -> Mapping[tuple[str, str, Family], FamilyRow]:
        """The best cell of each family, by workload, arm and family."""
        return {(row.workload, row.arm, row.family): row for row in self.tables.families}

    @cached_property
    def unsafe(self) -> frozenset[str]:
        """Workloads that lost an update: they are about correctness, and no decision."""
        cells = self.campaign.cells_by_id
        lost = {
            *(row.workload for row in self.tables.cells if CellFlag.LOST_UPDATES in row.flags),
            *(cells[row.cell].workload for row in self.tables.updates if row.losing_repetitions),
        }
        return frozenset(lost)

    @cached_property
    def groups(self) -> tuple[tuple[str, tuple[Workload, ...]], ...]:
        """The workloads to decide on, by experiment: scaling and kinds first, as one."""
        campaign = self.campaign
        left = {row.workload for row in self.tables.decisions} - self.unsafe
        experiments = sorted(campaign.experiments, key=lambda one: one.name not in MAIN)
        found: dict[str, list[Workload]] = {}
        for experiment in experiments:
            for label in dict.fromkeys(cell.workload for cell in campaign.cells_of(experiment)):
                if label in left:
                    left.remove(label)
                    found.setdefault(_group_title(experiment), []).append(campaign.workloads[label])
        return tuple((title, tuple(workloads)) for title, workloads in found.items())

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """Those of all groups."""
        return tuple(one for _, workloads in self.groups for one in workloads)

    @property
    def main(self) -> tuple[Workload, ...]:
        """Those of the first group."""
        return self.groups[0][1] if self.groups else ()

    @property
    def others(self) -> tuple[Arm, ...]:
        """The builds that could be moved to."""
        reference = self.campaign.reference_arm
        return tuple(arm for arm in self.campaign.decision_arms if arm.name != reference)

    def is_judged(self, workload: str, arm: str) -> bool:
        """Whether enough was measured on a build."""
        row = self.rows.get((workload, arm))
        return row is not None and row.use.is_judged

    def recommended(self, workload: str, arm: str) -> tuple[Family, ...]:
        """The families to use on a build; none where that is open."""
        row = self.rows.get((workload, arm))
        return words.recommended(row.use, row.families) if row else ()


def _group_title(experiment: Experiment) -> str:
    return "" if experiment.name in MAIN else words.experiment_title(experiment.name)


def heat_table(decisions: Decisions) -> HeatTable:
    """The table of a campaign: the workloads with the largest differences, if there are many."""
    builds = tuple(_builds(decisions))
    steepest = steepest_of(decisions)
    groups = tuple(
        HeatGroup(
            title=title,
            rows=tuple(_row(one, builds, decisions, steepest) for one in workloads),
        )
        for title, workloads in decisions.groups
    )
    rows = [row for group in groups for row in group.rows]
    shown_rows = {row.anchor for row in largest(rows, MOST_WORKLOADS, lambda row: row.effect)}
    groups = tuple(
        replace(group, rows=tuple(row for row in group.rows if row.anchor in shown_rows))
        for group in groups
    )
    moves = tuple(arm.name for arm in decisions.others)
    shown = (cell for group in groups for row in group.rows for cell in (*row.cells, *row.moves))
    return HeatTable(
        reference=decisions.campaign.reference_arm,
        scale=glossary.link("Speedup"),
        builds=builds,
        moves=moves,
        groups=groups,
        used=legend(shown),
    )


def steepest_of(*campaigns: Decisions) -> float:
    """log2 of the ratio of the darkest cell of some campaigns."""
    shades = (
        abs(math.log2(row.reference_speedup.value))
        for one in campaigns
        for row in one.tables.families
        if row.reference_speedup is not None and row.reference_speedup.has_interval
    )
    return max((1.0, *shades))


def legend(cells: Iterable[HeatCell]) -> tuple[tuple[str, str], ...]:
    """The signs that cells have, each with what it means."""
    shown = list(cells)
    results = {words.RESULT_SYMBOLS[one]: words.RESULTS[one] for one in ComparisonResult}
    found = {cell.symbol for cell in shown}
    return (
        *([(MARK, RECOMMENDED)] if any(cell.is_recommended for cell in shown) else []),
        *((symbol, result) for symbol, result in results.items() if symbol in found),
        *([(CROSS, "left out")] if any(cell.shown == CROSS for cell in shown) else []),
    )


def anchor_of(*parts: str) -> str:
    """The address of a row."""
    return "-".join(re.sub(r"[^A-Za-z0-9_]+", "-", path_key(part)) for part in parts)


def _builds(decisions: Decisions) -> Iterator[Build]:
    shown = {workload.label for workload in decisions.workloads}
    for arm in decisions.campaign.decision_arms:
        known = {
            family
            for workload, of, family in decisions.families
            if of == arm.name and workload in shown
        }
        for workload in shown:
            known |= _failing(workload, arm.name, decisions).keys()
        if known:
            yield Build(
                name=arm.name,
                title=words.arm_title(arm),
                families=tuple(family for family in Family if family in known),
            )


def _row(
    workload: Workload, builds: Sequence[Build], decisions: Decisions, steepest: float
) -> HeatRow:
    return HeatRow(
        anchor=anchor_of("work", workload.label),
        title=workload.title,
        kind=workload.kind,
        cells=tuple(
            family_cell(workload, build.name, family, decisions, steepest)
            for build in builds
            for family in build.families
        ),
        moves=tuple(move_cell(workload, arm.name, decisions, steepest) for arm in decisions.others),
        use=use_of(workload.label, decisions),
    )


def family_cell(
    workload: Workload, arm: str, family: Family, decisions: Decisions, steepest: float
) -> HeatCell:
    """The fastest way of a family on a build, over serial on the reference build."""
    reference = decisions.campaign.reference_arm
    row = decisions.families.get((workload.label, arm, family))
    place = f"{family} on {arm}"
    if row is None:
        return _no_cell(workload, arm, family, decisions)
    cell = decisions.tables.cell(row.cell)
    is_recommended = family in decisions.recommended(workload.label, arm)
    measured = [_way(row.model, row.workers, family, decisions), text.time(row.time_ns)]
    if cell is not None:
        measured += [text.count(cell.ok, "trial"), words.basis(cell.basis)]
    details = [", ".join(measured)]
    if (arm, family) == (reference, Family.SERIAL):
        return HeatCell(
            place=place,
            shown=text.ratio(1),
            ratio=1.0,
            result="baseline",
            is_recommended=is_recommended,
            details=("The baseline of every number in this row", *details),
        )
    found = row.reference_speedup
    if found is None:
        return HeatCell(place=place, shown=text.MISSING, details=tuple(details))
    if row.speedup is not None and arm != reference:
        details.append(f"{_judged(row.speedup)} (over serial on {arm})")
    if exceeds := words.beyond_workers(row.speedup, row.workers):
        details.append(exceeds)
    return replace(
        _compared(place, found, f"over serial on {reference}", details, decisions, steepest),
        is_recommended=is_recommended,
    )


def _no_cell(workload: Workload, arm: str, family: Family, decisions: Decisions) -> HeatCell:
    """A way that was left out, or not measured."""
    place = f"{family} on {arm}"
    left_out = _failing(workload.label, arm, decisions).get(family, ())
    if not left_out:
        return HeatCell(place=place, shown=text.MISSING, result="not measured")
    reasons = {
        "a trial failed": CellFlag.FAILURES,
        "updates were lost": CellFlag.LOST_UPDATES,
    }
    return HeatCell(
        place=place,
        shown=CROSS,
        result="left out",
        details=tuple(
            f"Left out because {why}: "
            + "; ".join(_way(one.model, one.workers, family, decisions) for one in spoilt)
            for why, flag in reasons.items()
            if (spoilt := [one for one in left_out if flag in one.flags])
        ),
    )


def _failing(workload: str, arm: str, decisions: Decisions) -> Mapping[Family, list[CellRow]]:
    found: dict[Family, list[CellRow]] = {}
    for row in decisions.tables.failing(workload, arm):
        found.setdefault(decisions.campaign.models[row.model].family, []).append(row)
    return found


def move_cell(workload: Workload, arm: str, decisions: Decisions, steepest: float) -> HeatCell:
    """The fastest way on a build over the fastest one on the reference build."""
    row = decisions.moves.get((workload.label, arm))
    place = f"moving to {arm}"
    if row is None:
        return HeatCell(place=place, shown=text.MISSING, result="not measured")
    reference = decisions.campaign.reference_arm

    def told(one: Candidate, time_ns: float, name: str) -> str:
        way = _way(one.model, one.workers, one.family, decisions)
        return f"Fastest on {name}: {way}, {text.time(time_ns)}"

    ends = (
        told(row.best, row.best_ns, arm),
        told(row.baseline, row.baseline_ns, reference),
    )
    over = f"best on {arm} over best on {reference}; {words.basis(row.basis)}"
    return _compared(place, row.speedup, over, ends, decisions, steepest)


def _compared(
    place: str,
    ratio: Ratio,
    over: str,
    details: Iterable[str],
    decisions: Decisions,
    steepest: float,
) -> HeatCell:
    """A cell that shows a ratio; `over` says of what."""
    return HeatCell(
        place=place,
        shown=text.ratio(ratio.value),
        ratio=ratio.value,
        symbol=words.RESULT_SYMBOLS[ratio.reading],
        result=words.RESULTS[ratio.reading],
        level=(
            shade(ratio.value, decisions.campaign.margin, steepest) if ratio.has_interval else 0
        ),
        details=(f"{_judged(ratio)} ({over})", *details),
    )


def _judged(ratio: Ratio) -> str:
    return f"{words.capital(words.RESULTS[ratio.reading])}: {words.figures(ratio)}"


def _way(model: str, workers: int, family: Family, decisions: Decisions) -> str:
    title = decisions.campaign.model_title(model)
    return words.choice(title, None if family is Family.SERIAL else workers)


def shade(ratio: float, margin: float, steepest: float) -> int:
    """How dark a cell is: 0 within the margin, else 1 to 4 by logarithm, negative if slower.

    `steepest`: log2 of the ratio of the darkest cell.
    """
    if 1 / (1 + margin) <= ratio <= 1 + margin:
        return 0
    steps = max(1, min(LEVELS, round(LEVELS * abs(math.log2(ratio)) / steepest)))
    return steps if ratio > 1 else -steps


def use_of(workload: str, decisions: Decisions) -> str:
    """The build and the families to use: `3.13: processes, 2 workers`, `either build: threads`.

    A build that is shown to be faster is named, and the reference build where none is; where
    that is open, all builds that may be the fastest.
    """
    reference = decisions.campaign.reference_arm
    results = {
        arm.name: row.speedup.reading
        for arm in decisions.others
        if (row := decisions.moves.get((workload, arm.name))) is not None
    }
    named = [arm for arm, result in results.items() if result in UP]
    if not named:
        named = [reference, *(arm for arm, result in results.items() if result in OPEN)]
    if named == [reference] and not decisions.is_judged(workload, reference):
        named = [arm.name for arm in decisions.others if decisions.is_judged(workload, arm.name)]
    if not named:
        return use_on(workload, reference, decisions)
    told = {arm: use_on(workload, arm, decisions) for arm in named}
    if len(named) == 1:
        return f"{named[0]}: {told[named[0]]}"
    if any(results.get(arm) is ComparisonResult.INCONCLUSIVE for arm in named):
        builds = "build unclear"
    else:
        builds = "either build" if len(named) < 3 else "any build"
    uses = set(told.values())
    if len(uses) == 1:
        return f"{builds}: {uses.pop()}"
    return "; ".join([builds, *(f"{arm}: {use}" for arm, use in told.items())])


def use_on(workload: str, arm: str, decisions: Decisions) -> str:
    """The families to use on a build, with how many workers: `processes, 2 to 4 workers`."""
    row = decisions.rows.get((workload, arm))
    if row is None:
        return "no data"
    told = words.use(row.use, row.families)
    families = {*decisions.recommended(workload, arm)} - {Family.SERIAL}
    counts = [
        workers
        for family in families
        for best in [decisions.families[workload, arm, family]]
        for workers in (min(best.fewest_workers, best.enough_workers), best.enough_workers)
    ]
    if not counts:
        return told
    span = text.between(min(counts), max(counts))
    return f"{told}, {span}{text.SPACE}{'worker' if span == '1' else 'workers'}"


def numbers(decisions: Decisions) -> tuple[Table, Table]:
    """Every number of the table, for readers without a pointer: cells, then moves."""
    campaign, tables = decisions.campaign, decisions.tables
    builds = [arm.name for arm in campaign.decision_arms]
    places = [(one.label, arm) for one in decisions.workloads for arm in builds]

    def serves(row: FamilyRow) -> str:
        return "yes" if row.family in decisions.recommended(row.workload, row.arm) else "no"

    def result(ratio: Ratio | None) -> str:
        return words.RESULTS[ratio.reading] if ratio else "baseline"

    def trials(row: FamilyRow) -> str:
        cell = tables.cell(row.cell)
        return text.MISSING if cell is None else str(cell.ok)

    cells = table_of(
        (row for place in places for row in tables.families_of(*place)),
        (
            Column("Workload", lambda row: campaign.title(row.workload)),
            Column("Build", lambda row: row.arm),
            Column(
                "Model and workers", lambda row: _way(row.model, row.workers, row.family, decisions)
            ),
            Number("Time", lambda row: text.time(row.time_ns)),
            Number("Trials", trials),
            Number(
                f"Over serial on {campaign.reference_arm}",
                lambda row: words.compared_briefly(row.reference_speedup),
            ),
            Column("Result", lambda row: result(row.reference_speedup)),
            Number(
                "Over serial on the same build", lambda row: words.compared_briefly(row.speedup)
            ),
            Column("Recommended", serves),
        ),
        caption="Serial, and the fastest threads and processes: speedup, interval, and time "
        "(geometric mean over trials)",
        row_headers=3,
        source="families",
    )
    moves = table_of(
        (decisions.moves[place] for place in places if place in decisions.moves),
        (
            Column("Workload", lambda row: campaign.title(row.workload)),
            Column("Move to", lambda row: row.arm),
            *move_columns(campaign),
        ),
        caption=f"The fastest on another build against the fastest on {campaign.reference_arm}: "
        "times are geometric means of the trials that the ratio compares",
        row_headers=2,
        source="moves",
    )
    return cells, moves


def move_columns(campaign: Campaign) -> tuple[Column[MoveRow], ...]:
    """Both ways with their times, and the ratio."""

    def way(one: Candidate) -> str:
        is_serial = one.family is Family.SERIAL
        return words.choice(campaign.model_title(one.model), None if is_serial else one.workers)

    return (
        Column("Fastest there", lambda row: way(row.best)),
        Number("Time there", lambda row: text.time(row.best_ns)),
        Column(f"Fastest on {campaign.reference_arm}", lambda row: way(row.baseline)),
        Number(f"Time on {campaign.reference_arm}", lambda row: text.time(row.baseline_ns)),
        Number("Speedup", lambda row: words.figures(row.speedup)),
        Column("Result", lambda row: words.RESULTS[row.speedup.reading]),
    )
