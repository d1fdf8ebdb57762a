"""The first screen's answer: for each workload and arm, what to use and what it gains."""

from collections.abc import Iterator, Sequence

from threads_or_processes.records.vocabulary import KINDS, ComparisonResult, Family, Timing
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign, Workload
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Series, Unit
from threads_or_processes.reporting.page import (
    Block,
    Fact,
    Items,
    Link,
    Own,
    Paragraph,
    Section,
    Strong,
    filled,
)
from threads_or_processes.reporting.sections import figure_builders, quality, summary_sentences
from threads_or_processes.reporting.sections.amounts import has_amounts
from threads_or_processes.reporting.sections.decision_table import (
    Decisions,
    decision_of,
    pools_compared,
)
from threads_or_processes.reporting.tables import Tables

TWO_AVERAGES = (
    "A ratio, and the two times beside it, are geometric means over the blocks that both cells "
    "have, of quiet times or of typical ones for both alike. Medians of all trials of a cell, "
    "which other tables show, can differ from them."
)

_AMOUNTS = (
    "Each row is for the amount of work that it names, the largest measured; so is every number of "
    "this page that names no other amount. An amount is the time that serial on {reference} takes "
    "for all tasks of a batch. “Pays from” is the amount from which on the way beats serial on the "
    "same interpreter; with less work, serial will do. A burst is the least amount measured. How "
    "long each single task must be is another question."
)

_PAYS = (
    "From which task on it pays is reckoned from what it costs to send a task that does nothing; "
    "it may be shorter than any that was measured."
)


def build(evidence: Evidence) -> Iterator[Section]:
    """The decision table of a campaign, with the cautions its data call for."""
    campaign, tables = evidence.campaign, evidence.tables
    kinds = campaign.experiment(KINDS)
    yield Section(
        anchor="decision",
        title="What to use",
        nav_title="Decisions",
        question=kinds.question if kinds else "",
        cautions=_cautions(evidence),
        answer=gains(_decided(campaign, tables), campaign, tables),
        blocks=filled(
            Paragraph(
                (
                    Strong(text="How sure?"),
                    f" {_confidence(evidence)} ",
                    Link(text="How good the data are", address="#quality"),
                    " – ",
                    Link(text="what may be wrong", address="#threats"),
                ),
                style="confidence",
            ),
            _table(campaign, tables),
            Items(items=_notes(campaign, tables), style="note"),
            *map(figure_builders.figure_block, key_figure(campaign, tables)),
        ),
    )


def _table(campaign: Campaign, tables: Tables) -> Block:
    decided = _decided(campaign, tables)
    if not decided:
        return Paragraph(
            "No kind of work was planned both serially and in parallel, so there is nothing to "
            "decide."
        )
    table = Decisions(
        arms=tuple(
            Fact(term=f"Python {arm.name}", text=words.arm_title(arm))
            for arm in campaign.decision_arms
        ),
        decisions=tuple(decision_of(workload, campaign, tables) for workload in decided),
    )
    return Own(template="decisions.html", value=table)


def gains(workloads: Sequence[Workload], campaign: Campaign, tables: Tables) -> str:
    """For how many kinds of work each family surely beats serial, arm by arm; empty for none."""
    labels = {workload.label for workload in workloads}
    arms = [arm.name for arm in campaign.decision_arms]
    parts = []
    for family in (f for f in Family if f is not Family.SERIAL):
        judged = {
            arm: [
                row.speedup.reading is ComparisonResult.FASTER
                for row in tables.families
                if (row.family, row.arm) == (family, arm)
                and row.workload in labels
                and row.speedup is not None
                and row.speedup.has_interval
            ]
            for arm in arms
        }
        shares = [
            f"{text.fixed(sum(known), 0)} of {text.fixed(len(known), 0)} on {arm}"
            for arm, known in judged.items()
            if known
        ]
        if shares:
            parts.append(f"with {family} {text.listing(shares)}")
    if not parts:
        return ""
    return (
        "Kinds of work below that get faster than serial on the same interpreter, of those that "
        f"were measured so: {'; '.join(parts)}. Each is judged alone"
        + (", for the amount of work in its row." if has_amounts(tables) else ".")
    )


def key_figure(campaign: Campaign, tables: Tables) -> tuple[FigureSpec, ...]:
    """Threads against processes for each kind of work and arm; nothing without such a pair."""
    pairs = pools_compared(campaign, tables)
    decided = _decided(campaign, tables)
    labels = {workload.label for workload in decided}
    arms = [arm.name for arm in campaign.decision_arms]
    parts = [
        f"on {arm}: {counted}"
        for arm in arms
        if (
            counted := summary_sentences.readings(
                ratio for (work, of), ratio in pairs.items() if of == arm and work in labels
            )
        )
    ]
    finding = words.sentence(
        f"threads against as many processes, about as many as there are CPUs – {'; '.join(parts)}. "
        "Right of the band threads are faster, left of it processes"
        + (", for the amounts of work in the table above" if has_amounts(tables) else "")
    )
    return figure_builders.dots(
        (
            figure_builders.ratio_mark(ratio, Series(title=arm, arm=arm), workload.title)
            for workload in decided
            for arm in arms
            if (ratio := pairs.get((workload.label, arm))) is not None
        ),
        campaign,
        name="threads-against-processes",
        title="Threads against processes",
        finding=finding,
        caption=finding,
        values=Axis(
            label="time with processes ÷ time with threads",
            unit=Unit.RATIO,
            margin=campaign.margin,
        ),
    )


def _decided(campaign: Campaign, tables: Tables) -> tuple[Workload, ...]:
    """The workloads with something to decide, in the order in which experiments name them."""
    asked = (cell for e in campaign.experiments for cell in campaign.cells_of(e))
    decided = {row.workload for row in tables.decisions}
    labels = dict.fromkeys(cell.workload for cell in asked if cell.workload in decided)
    return tuple(campaign.workloads[label] for label in labels)


def _cautions(evidence: Evidence) -> tuple[str, ...]:
    """What a reader must know before believing the table."""
    campaign = evidence.campaign
    trials = [row.ok for row in evidence.tables.cells if row.timing is Timing.WARM]
    cautions = [words.block_caution(max(trials, default=campaign.blocks))]
    if plain := evidence.plain_arms:
        cautions.append(
            f"Interpreters without profile-guided optimisation: {text.listing(plain)}. "
            "Pure Python is slower on them than on builds that people install; "
            "compare the ways of working, not the absolute times."
        )
    if evidence.parity["verdict"] == "mismatch":
        cautions.append(
            "The interpreters differ in more than their GIL; see the threats under "
            "“Machine and interpreters”."
        )
    if not any(arm.free_threaded for arm in campaign.decision_arms):
        cautions.append(
            "The free-threaded build without its lock was not measured; nothing is said about it."
        )
    if all(row.best is None for row in evidence.tables.decisions):
        cautions.append("No workload has a successful trial; the table has nothing to go by.")
    return tuple(caution for caution in cautions if caution)


def _confidence(evidence: Evidence) -> str:
    """How far the answers can be trusted: intervals, noise floor, disturbed cells."""
    campaign, tables = evidence.campaign, evidence.tables
    watched = any(row.quiet_share_ratio is not None for row in tables.timed)
    sentences = []
    if campaign.blocks > 1:
        sentences.append(
            f"Each ratio has its {text.percent(campaign.confidence)} interval in brackets, over "
            f"{words.blocks(campaign)}; what two statistical methods do not both say of it is "
            "called “not settled”."
        )
    sentences.append(quality.noise_floor(evidence))
    if not watched:
        sentences.append("Nothing told quiet times from disturbed ones here.")
    elif disturbed := tables.disturbed:
        sentences.append(
            f"For {text.fixed(disturbed, 0)} of {text.count(len(tables.timed), 'timed cell')} "
            "neighbours on the hardware were too seldom quiet: their times are disturbed ones."
        )
    else:
        sentences.append("All times compared are of quiet moments.")
    return " ".join(sentences)


def _notes(campaign: Campaign, tables: Tables) -> tuple[str, ...]:
    """How to read the table; of intervals only where there can be some."""
    margin = text.percent(campaign.margin)
    ratio = (
        "“1.9× faster than serial” means: the time of the plain loop divided by this time is 1.9."
    )
    if campaign.blocks < 2:
        return (ratio,)
    return (
        ratio,
        TWO_AVERAGES,
        f"Square brackets hold {text.percent(campaign.confidence)} confidence intervals over "
        f"{words.blocks(campaign)}; a trial is one fresh interpreter process.",
        f"Faster or slower is said when the whole interval is more than {margin} away from equal, "
        f"as fast as when the difference is surely smaller than {margin}, "
        "and “not settled” otherwise.",
        *((_AMOUNTS.format(reference=campaign.reference_arm),) if has_amounts(tables) else ()),
        *((_PAYS,) if any(row.pays_from_ns is not None for row in tables.decisions) else ()),
    )
