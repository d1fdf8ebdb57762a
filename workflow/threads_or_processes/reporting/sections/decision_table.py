"""The decision table: what to use for one workload on one arm, and the numbers behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from threads_or_processes.records.plan import Arm
from threads_or_processes.records.tables.comparisons import DecisionRow, FamilyRow, RatioRow
from threads_or_processes.records.tables.groups import Candidate, Ratio
from threads_or_processes.records.tables.measured import CellRow
from threads_or_processes.records.vocabulary import (
    CellFlag,
    ComparisonResult,
    ContrastKind,
    Family,
    Pays,
    Timing,
    Use,
)
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign, Workload
from threads_or_processes.reporting.page import Fact
from threads_or_processes.reporting.sections import amounts
from threads_or_processes.reporting.tables import Tables
from threads_or_processes.reporting.words import Status

_ALONE = "only serial has usable trials, so there is nothing to choose from"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to use for one workload on one arm."""

    arm: str
    arm_title: str
    status: Status
    status_word: str
    icon: str
    headline: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One workload of the table."""

    title: str
    kind: str
    baseline: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """The table: a row for each workload, a column for each arm."""

    arms: tuple[Fact, ...]
    decisions: tuple[Decision, ...]


def decision_of(workload: Workload, campaign: Campaign, tables: Tables) -> Decision:
    """A row of the table: what to use for a workload on each arm that somebody would choose."""
    rows = {(row.workload, row.arm): row for row in tables.decisions}
    return Decision(
        title=workload.title,
        kind=workload.kind,
        baseline=_baseline(workload, campaign, tables),
        choices=tuple(
            _choice(
                rows.get((workload.label, arm.name)),
                arm,
                tables.failing(workload.label, arm.name),
                campaign,
                tables,
            )
            for arm in campaign.decision_arms
        ),
    )


def _baseline(workload: Workload, campaign: Campaign, tables: Tables) -> str:
    """The absolute time that every speed-up of the workload refers to."""
    row = tables.serial(workload.label, campaign.reference_arm)
    if row is None or row.median_ns is None:
        return f"Serial on {campaign.reference_arm}: not measured"
    serial = f"erial on {campaign.reference_arm}: {text.time(row.median_ns)}"
    if work := amounts.long_work(tables.overhead(row.cell)):
        return f"For {work} (s{serial}, median)"
    return f"S{serial} (median)"


def status_of(
    row: DecisionRow | None, families: Sequence[FamilyRow], left_out: Sequence[CellRow] = ()
) -> Status:
    """What the best cell against serial on the same arm comes to; `families` are those of the row.

    Where cells were left out because a trial failed, nobody knows whether they would have gained;
    where they were because they lose updates, they are no way to work.
    """
    unknown = [cell for cell in left_out if CellFlag.FAILURES in cell.flags]
    if row is None or row.use is Use.NO_DATA:
        return Status.NO_DATA
    if row.use is Use.PARALLEL:
        return Status.GAIN
    if unknown:
        return Status.OPEN
    if all(one.family is Family.SERIAL for one in families):
        return Status.NO_GAIN if left_out else Status.NO_DATA
    return Status.NO_GAIN if row.use is Use.SERIAL else Status.OPEN


def _headline(row: DecisionRow | None, status: Status) -> str:
    if row is None:
        return "Not measured"
    if status is Status.NO_DATA or row.best is None:
        return "Nothing can be said"
    if _favours_serial(row):
        return "Stay serial" if status is Status.NO_GAIN else "Stay serial, perhaps"
    named = [family for family in row.families if status is not Status.GAIN or family != "serial"]
    return words.capital(" or ".join(named))


def _named(way: Candidate, row: DecisionRow, campaign: Campaign) -> str:
    """A way by its family, or by its model where several of that family were tried here."""
    family = campaign.models[way.model].family
    tried = {
        cell.model
        for cell in campaign.cells
        if (cell.workload, cell.arm, cell.timing) == (row.workload, row.arm, Timing.WARM)
        and campaign.models[cell.model].family is family
    }
    name = campaign.model_title(way.model) if len(tried) > 1 else family.value
    return words.choice(name, None if family is Family.SERIAL else way.workers)


def _is_parallel(row: DecisionRow) -> bool:
    return row.best is not None and row.best.family != Family.SERIAL


def _choice(
    row: DecisionRow | None,
    arm: Arm,
    left_out: Sequence[CellRow],
    campaign: Campaign,
    tables: Tables,
) -> Choice:
    families = tables.families_of(row.workload, row.arm) if row is not None else ()
    status = status_of(row, families, left_out)
    lines = _lines(row, row.best, arm, campaign, tables) if row and row.best else []
    for flag, why in (
        (CellFlag.FAILURES, "a trial failed"),
        (CellFlag.LOST_UPDATES, "updates were lost"),
    ):
        names = [
            words.choice(campaign.model_title(cell.model), cell.workers)
            for cell in left_out
            if flag in cell.flags
        ]
        if names:
            lines.append(f"left out because {why}: {'; '.join(names)}")
    if not lines:
        lines = [_why_nothing(row)]
    return Choice(
        arm=arm.name,
        arm_title=words.arm_title(arm),
        status=status,
        status_word=words.STATUS_WORDS[status],
        icon=words.STATUS_ICONS[status],
        headline=_headline(row, status),
        lines=tuple(words.sentence(line) for line in lines),
    )


def _why_nothing(row: DecisionRow | None) -> str:
    if row is None:
        return "not both serial and a parallel way were planned on this interpreter"
    return _ALONE if row.best else "there is no usable trial"


def _favours_serial(row: DecisionRow) -> bool:
    """Whether the best that was measured is serial, or no better than serial."""
    own = row.own_speedup
    return not _is_parallel(row) or (
        own is not None and own.reading in (ComparisonResult.EQUAL, ComparisonResult.SLOWER)
    )


def _lines(
    row: DecisionRow, best: Candidate, arm: Arm, campaign: Campaign, tables: Tables
) -> list[str]:
    """The numbers behind a choice: against serial, against the runner-up, the others."""
    margin, own = campaign.margin, row.own_speedup
    lines = _speedup_lines(row, best, arm, campaign, tables) + _workers_lines(row, best, campaign)
    mentioned = {best.family}
    rival = row.runner_up
    is_parallel = rival is not None and rival.family != Family.SERIAL and _is_parallel(row)
    if rival is not None and row.advantage is not None and is_parallel:
        named = _named(rival, row, campaign)
        lines.append(words.runner_up(row.advantage, named, margin=margin))
        if row.advantage.reading is not ComparisonResult.FASTER:
            # What is as good as the best, or not told from it, needs no line of its own.
            mentioned.add(rival.family)
    else:
        lines += _threads_or_processes(row, best, campaign, tables)
    others = [
        words.against_serial(one.family, one.speedup, margin=margin)
        for one in tables.families_of(row.workload, row.arm)
        if one.family not in mentioned and one.speedup is not None
    ]
    if others:
        lines.append("; ".join(others))
    if own is not None and own.reading is ComparisonResult.FASTER and _is_parallel(row):
        lines += _amount_lines(best, campaign, tables)
    if row.pays_from_ns is not None:
        shortest = text.about(row.pays_from_ns)
        lines.append(f"pays for tasks from about {shortest} on, sent one by one")
    return lines


def _workers_lines(row: DecisionRow, best: Candidate, campaign: Campaign) -> list[str]:
    """Which border of the machine the best one's workers cross, and whether fewer would do."""
    kind = campaign.cells_by_id[best.cell].worker_kind
    told = []
    if _is_parallel(row) and kind in words.BORDERS:
        told.append(f"{text.count(best.workers, 'worker')} outnumber {words.BORDERS[kind][1]}")
    if row.enough_workers is not None and row.enough_workers < best.workers:
        enough = text.count(row.enough_workers, "worker")
        told.append(f"with {enough} it is as fast within {text.percent(campaign.margin)}")
    return ["; ".join(told)] if told else []


def _amount_lines(best: Candidate, campaign: Campaign, tables: Tables) -> list[str]:
    """For which other amounts of work the best way pays; nothing where one was measured."""
    line = tables.overhead(best.cell)
    if not amounts.long_work(line) or line is None:
        return []
    lines = [] if line.pays in (None, Pays.UNSETTLED) else [f"pays {amounts.pays(line)}"]
    burst = tables.at_amount(best.cell, line.least_amount)
    if burst is not None and burst.work_ns is not None and burst.speedup is not None:
        compared = words.compared(burst.speedup, "serial", margin=campaign.margin)
        lines.append(f"a burst of {text.about(burst.work_ns)} of work: {compared}")
    return lines


def _threads_or_processes(
    row: DecisionRow, best: Candidate, campaign: Campaign, tables: Tables
) -> list[str]:
    """Which of the two is faster, where that is settled and no other line says it."""
    ratio = pools_compared(campaign, tables).get((row.workload, row.arm))
    if ratio is None or ratio.reading not in (ComparisonResult.FASTER, ComparisonResult.SLOWER):
        return []
    winner, loser = "threads", "processes"
    if ratio.reading is ComparisonResult.SLOWER:
        winner, loser, ratio = loser, winner, ratio.inverted()
    sentence = f"{winner} are {words.figures(ratio)} faster than as many {loser}"
    return [
        sentence if campaign.models[best.model].leads_family else f"pool against pool, {sentence}"
    ]


def _speedup_lines(
    row: DecisionRow, best: Candidate, arm: Arm, campaign: Campaign, tables: Tables
) -> list[str]:
    """The best way against serial on its own arm, then against serial on the reference arm."""
    is_reference = arm.name == campaign.reference_arm
    own_serial = "serial" if is_reference else f"serial on {arm.name}"
    way = _named(best, row, campaign)
    # The headline names the family and the workers unless it says to stay serial; what it leaves
    # open, the line has to say.
    is_said = way == words.choice(best.family, best.workers) and not _favours_serial(row)
    lines = []
    if row.own_speedup is None:
        lines.append("serial has no usable trial here, so nothing can be said about a gain")
    elif _is_parallel(row):
        compared = words.compared(row.own_speedup, own_serial, margin=campaign.margin)
        lines.append(compared + _times(best.cell, row.workload, arm.name, tables))
    if not is_reference and row.speedup is not None:
        reference = f"serial on {campaign.reference_arm}"
        compared = words.compared(row.speedup, reference, margin=campaign.margin)
        lines.append(compared + _times(best.cell, row.workload, campaign.reference_arm, tables))
    if lines and not is_said and row.own_speedup is not None:
        lines[0] = f"{way}: {lines[0]}"
    return lines


def _times(cell: str, workload: str, baseline_arm: str, tables: Tables) -> str:
    """The two times that a ratio is of: ` (12 ms against 16 ms)`."""
    serial = tables.serial(workload, baseline_arm)
    row = tables.ratio_row(cell, serial.cell) if serial else None
    if row is None or row.cell_ns is None or row.baseline_ns is None:
        return ""
    return f" ({text.time(row.cell_ns)} against {text.time(row.baseline_ns)})"


def pools_compared(campaign: Campaign, tables: Tables) -> dict[tuple[str, str], Ratio]:
    """The pool of threads over that of processes, by workload and arm.

    With as many workers as there are CPUs, or else as near to that as was measured; of several
    start methods the first in the plan.
    """
    cpus = campaign.machine.logical_cpus
    rows = [
        row
        for row in tables.ratios
        if row.contrast is ContrastKind.THREADS_OVER_PROCESSES and row.timing is Timing.WARM
    ]
    best: dict[tuple[str, str], RatioRow] = {}
    for row in rows:
        place = (row.workload, row.arm)
        is_pool = campaign.models[campaign.cells_by_id[row.baseline_cell].model].leads_family
        known = best.get(place)
        if is_pool and (known is None or abs(row.workers - cpus) < abs(known.workers - cpus)):
            best[place] = row
    return {place: row.estimate for place, row in best.items() if row.estimate is not None}
