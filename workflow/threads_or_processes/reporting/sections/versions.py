"""What another version of Python changes: each workload in its best way, and serially."""

from collections import Counter
from collections.abc import Iterator, Sequence

from threads_or_processes.records.plan import Arm, earlier_version
from threads_or_processes.records.tables.comparisons import VersionRow
from threads_or_processes.records.tables.groups import Candidate, Ratio
from threads_or_processes.records.vocabulary import SERIAL, Family, Timing
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Series, Unit
from threads_or_processes.reporting.page import (
    Block,
    Column,
    Fold,
    Number,
    Paragraph,
    Section,
    Table,
    filled,
    not_covered,
    table_of,
)
from threads_or_processes.reporting.sections.decision_table import Decisions
from threads_or_processes.reporting.sections.figure_builders import (
    dots,
    figure_block,
    ratio_mark,
)
from threads_or_processes.reporting.tables import Tables

LIMITS = (
    "Patch releases other than these, and builds from elsewhere: another compiler or other options "
    "can change speed as much as a version does."
)

#: A build and the same kind of build of the next lower version.
Step = tuple[Arm, Arm]


def build(evidence: Evidence) -> Iterator[Section]:
    """Each step to a newer version; nothing where each kind of build has one version."""
    campaign, tables = evidence.campaign, evidence.tables
    workloads = [one.label for one in Decisions(campaign=campaign, tables=tables).workloads]
    steps = [
        (arm, earlier) for arm in campaign.arms if (earlier := earlier_version(arm, campaign.arms))
    ]
    rows = {
        (row.workload, row.arm): row for row in tables.versions if row.workload in set(workloads)
    }
    if not rows:
        return
    in_order = [
        (step, row)
        for label in workloads
        for step in steps
        if (row := rows.get((label, step[0].name)))
    ]
    answer = _answer(in_order)
    yield Section(
        anchor="versions",
        title="Python versions",
        question="What does a newer version of Python change?",
        answer=answer,
        blocks=filled(
            _best_ways(in_order, evidence),
            *map(figure_block, _figure(in_order, campaign, answer)),
            *_serial(workloads, steps, evidence),
            not_covered(LIMITS),
        ),
    )


def _answer(rows: Sequence[tuple[Step, VersionRow]]) -> str:
    """How many workloads each step speeds up, slows down, and leaves as they are."""
    parts = []
    for step in dict.fromkeys(step for step, _ in rows):
        found = Counter(row.speedup.reading for one, row in rows if one == step)
        told = (f"{number} {words.RESULTS[result]}" for result, number in found.most_common())
        parts.append(
            f"{_named(step)}, {text.count(found.total(), 'workload')}: {text.listing(list(told))}"
        )
    return words.sentence("; ".join(parts))


def _named(step: Step) -> str:
    arm, earlier = step
    return f"{arm.name} over {earlier.name}"


def _best_ways(rows: Sequence[tuple[Step, VersionRow]], evidence: Evidence) -> Table:
    campaign = evidence.campaign

    def way(one: Candidate) -> str:
        return words.choice(one.family, None if one.family is Family.SERIAL else one.workers)

    def ways(row: VersionRow) -> str:
        return " → ".join(dict.fromkeys((way(row.baseline), way(row.best))))

    return table_of(
        rows,
        (
            Column("Workload", lambda item: words.short_title(campaign.title(item[1].workload))),
            Column("Builds", lambda item: _named(item[0])),
            Column("Fastest way", lambda item: ways(item[1])),
            Number("Speedup", lambda item: words.figures(item[1].speedup)),
            Column("Result", lambda item: words.RESULTS[item[1].speedup.reading]),
        ),
        caption="Each workload in its fastest way on each version: speedup of the newer one, with "
        f"{words.intervals(campaign, len(evidence.tables.sessions))}",
        row_headers=2,
    )


def _figure(
    rows: Sequence[tuple[Step, VersionRow]], campaign: Campaign, finding: str
) -> tuple[FigureSpec, ...]:
    marks = [
        ratio_mark(
            row.speedup,
            Series(title=_named(step), arm=step[0].name),
            words.short_title(campaign.title(row.workload)),
        )
        for step, row in rows
    ]
    return dots(
        marks,
        campaign,
        name="versions",
        title="Speedup by a newer version of Python",
        finding=finding,
        caption="Fastest way on the newer version against the fastest on the older one.",
        values=Axis(
            label="speedup over the older version", unit=Unit.RATIO, margin=campaign.margin
        ),
    )


def _serial(workloads: Sequence[str], steps: Sequence[Step], evidence: Evidence) -> Iterator[Block]:
    """The same serial program on each version."""
    campaign, tables = evidence.campaign, evidence.tables
    found = [
        (label, step, ratio)
        for label in workloads
        for step in steps
        if (ratio := _serial_ratio(label, step, campaign, tables))
    ]
    if not found:
        return
    yield Fold(
        summary="Single-thread speed, by version",
        content=(
            Paragraph("The same serial program. Above 1× it is faster on the newer version."),
            table_of(
                found,
                (
                    Column("Workload", lambda item: campaign.title(item[0])),
                    Column("Builds", lambda item: _named(item[1])),
                    Number("Speed", lambda item: words.figures(item[2])),
                    Column("Result", lambda item: words.RESULTS[item[2].reading]),
                ),
                caption="Serial on the newer version against serial on the older one",
                row_headers=2,
            ),
        ),
    )


def _serial_ratio(label: str, step: Step, campaign: Campaign, tables: Tables) -> Ratio | None:
    newer, older = (
        campaign.cells_by_place.get((label, SERIAL, 1, arm.name, Timing.WARM, 1)) for arm in step
    )
    return tables.ratio(newer.id, older.id) if newer and older else None
