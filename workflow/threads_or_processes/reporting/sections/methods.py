"""How it was measured, how to repeat it; written from the plan and the data."""

import json
from collections.abc import Iterator

from threads_or_processes.records.plan import Precision
from threads_or_processes.records.vocabulary import FEWEST_QUIET, Timing
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Fact,
    Facts,
    Fold,
    Heading,
    Items,
    Paragraph,
    Preformatted,
    Section,
)
from threads_or_processes.reporting.sections import rules
from threads_or_processes.reporting.sections.amounts import has_amounts
from threads_or_processes.reporting.trials import Conditions

_COMMANDS = {"report": "make report", "quick": "make quick"}


def build(evidence: Evidence) -> Iterator[Section]:
    """Methods in short, the twelve rules, reproduction."""
    campaign = evidence.campaign
    command = _COMMANDS.get(campaign.campaign, "make report")
    config = json.dumps(campaign.config, indent=2, sort_keys=True)
    yield Section(
        anchor="methods",
        title="Methods, in short",
        nav_title="Methods",
        blocks=(
            Facts(_methods(evidence)),
            Heading(text="Twelve rules, and where each is met", anchor="rules"),
            Items(items=rules.build(evidence), style="rules", is_numbered=True),
            Paragraph(rules.SOURCE, style="note"),
            Heading(text="Run it again"),
            Preformatted(
                "git clone <address of the project> threads-or-processes\n"
                f"cd threads-or-processes\n{command}"
            ),
            Paragraph(
                f"The order of the trials follows from the seed {campaign.seed}. Ratios should "
                "come out alike on like hardware; absolute times need not. The effective "
                "configuration of this report is below."
            ),
            Fold(summary="The configuration", content=(Preformatted(config),)),
        ),
    )


def _methods(evidence: Evidence) -> tuple[Fact, ...]:
    campaign = evidence.campaign
    return (
        Fact(term="Design", text=_design(campaign)),
        *_more_blocks(campaign.precision),
        *_left_out(campaign),
        Fact(term="Timing", text=_timing(campaign)),
        Fact(term="Clock", text=_clock(evidence.trials.conditions)),
        Fact(term="Repetitions", text=_repetitions(campaign)),
        Fact(term="Work", text=_work(campaign)),
        *_amounts(evidence),
        Fact(term="Times", text=_times(campaign)),
        Fact(term="Ratios", text=_ratios(campaign)),
        Fact(term="Readings", text=_readings(campaign)),
        Fact(term="Choice of the best", text=_best()),
    )


def _design(campaign: Campaign) -> str:
    fewer = sorted({cell.blocks for cell in campaign.cells if cell.blocks < campaign.blocks})
    some = f" (some cells in the first {text.listing([str(n) for n in fewer])} only)"
    return (
        f"{text.count(len(campaign.cells), 'cell')} (workload × model × workers × arm × timing) "
        f"in {text.count(campaign.blocks, 'randomised block')}: a block runs every cell once"
        f"{some if fewer else ''}, in an order drawn from the seed {campaign.seed}. A trial is "
        "one fresh interpreter process that runs one cell, with nothing of the pipeline beside "
        "it. The trial is the statistical unit, never the repetition."
    )


def _more_blocks(precision: Precision | None) -> list[Fact]:
    if precision is None:
        return []
    how = (
        "After these blocks all cells that share a workload and a timing got more of them "
        "together, until the widest interval among their comparisons reached at most "
        f"{text.percent(precision.target)} to either side or they had "
        f"{text.count(precision.max_blocks, 'block')}. Widths alone decided it, never what a "
        "ratio came to; stopped like this an interval keeps its level."
    )
    return [Fact(term="More blocks", text=how)]


def _left_out(campaign: Campaign) -> list[Fact]:
    if not campaign.left_out:
        return []
    what = "; ".join(campaign.left_out)
    return [
        Fact(
            term="Left out",
            text="To save time on so many CPUs, where work of one worker takes as much longer as "
            f"the batch is larger: {what}.",
        )
    ]


def _timing(campaign: Campaign) -> str:
    kinds = {cell.timing for cell in campaign.cells}
    parts = ["Wall time from a monotonic clock, in whole nanoseconds."]
    if Timing.WARM in kinds:
        parts.append(
            "Warm: workers are started and have answered once, warm-up repetitions are run and "
            "recorded, then the batch alone is timed."
        )
    if Timing.COLD in kinds:
        parts.append(
            "Cold: creating the workers, the batch and tearing down are one timed region, as in "
            "the notebook."
        )
    if Timing.MEMORY in kinds:
        parts.append(
            "Memory: trials of their own, in which nothing is timed, weigh the parent and its "
            "workers (PSS, which splits shared memory among those who share it)."
        )
    return " ".join(parts)


def _clock(conditions: Conditions) -> str:
    """What the clock is, and what reading it costs."""
    parts = []
    if conditions.clock_sources:
        source = text.listing([text.plain(name, 40) for name in conditions.clock_sources], "or")
        parts.append(f"The system's clock source was {source}.")
    if conditions.clock_resolution_ns is not None:
        parts.append(f"The clock's resolution is {text.time(conditions.clock_resolution_ns)}.")
    if conditions.clock_overhead_ns is not None:
        parts.append(
            f"Two readings in a row are {text.time(conditions.clock_overhead_ns)} apart, in the "
            "median of all trials; nothing is subtracted for it."
        )
    return " ".join(parts) or "Nothing is known of the clock."


def _repetitions(campaign: Campaign) -> str:
    """Warm-up and measured repetitions of a trial, for each timing in the plan."""
    counts: dict[str, dict[str, None]] = {}
    for cell in campaign.cells:
        if cell.timing is not Timing.MEMORY:
            count = (
                f"{text.count(cell.repetitions, 'measured repetition')} after "
                f"{text.count(cell.warmups, 'warm-up')}"
            )
            counts.setdefault(cell.timing, {})[count] = None
    parts = [
        f"{timing} trials have at least {text.listing(list(found), 'or')}"
        for timing, found in counts.items()
    ]
    if not parts:
        return "Nothing was timed."
    fewer = (
        f" Larger amounts of work have fewer, {FEWEST_QUIET} at least."
        if any(len(cell.amounts) > 1 for cell in campaign.cells)
        else ""
    )
    return (
        f"{words.capital('; '.join(parts))}. Where a sentinel watches, they go on until as many "
        f"are quiet or their patience is over.{fewer} Warm-ups are in the data but in no estimate."
    )


def _work(campaign: Campaign) -> str:
    return (
        "The batch of a workload is fixed once on this machine, on serial "
        f"{campaign.reference_arm}, and is the same for every model, number of workers and arm. "
        "The results of every repetition are compared with those of the plain loop; a trial whose "
        "results differ is a wrong result and counts in no estimate. Work that counts its updates "
        "is the exception: updates that are lost are a result, shown as such."
    )


def _amounts(evidence: Evidence) -> list[Fact]:
    """How several amounts of work are measured and read; nothing where there is one."""
    campaign = evidence.campaign
    if not has_amounts(evidence.tables):
        return []
    sets = dict.fromkeys(cell.amounts for cell in campaign.cells if len(cell.amounts) > 1)
    named = "; ".join(text.listing([str(amount) for amount in amounts]) for amounts in sets)
    how = (
        f"A trial measures several amounts of work in turns: each task is executed {named} times "
        "in place. Ratios, decisions, scaling and claims are about the largest. Each trial has a "
        "line through its least and largest amount: time = overhead + work ÷ rate. Overhead, rate "
        "and break-even are medians of the trials' lines, with intervals of interpolated order "
        "statistics; against serial they are paired by block, or all pairs of trials where the two "
        "are not quiet in the same blocks. The break-even is the set of amounts at which a test of "
        "the median difference leaves open who is faster, so it may have one end or none. The "
        "amount between checks the line: where time is clearly more than "
        f"{text.percent(campaign.margin)} off it, the line bends and only the measured points are "
        "shown. Nothing is said of more work than the largest amount."
    )
    return [Fact(term="Amounts of work", text=how)]


def _times(campaign: Campaign) -> str:
    return (
        "A trial's value is the median of its quiet repetitions: those beside which a sentinel, "
        "a small fixed piece of work on every CPU (on one after the other beside a single worker, "
        "unless they are more than four, and else on all at once), read at most "
        f"{text.percent(campaign.quiet_threshold)} above the CPU's floor (the 1st percentile of "
        "such readings in this data set), its wait for a CPU that another program had taken "
        "included, and where no program had taken one that a worker needs. A trial with fewer "
        "than three has no quiet value; a sweep that allows for it (second_look_s) tries it "
        "again. A cell with quiet values in fewer than half of its trials, or in fewer than six "
        "unless it has no more, is judged by typical values, the medians of all repetitions, and "
        "so is whatever is compared with it; never one quiet and one typical. A cell's time is the "
        "median of its trials, with a distribution-free interval from order statistics at the "
        "level it attains."
    )


def _ratios(campaign: Campaign) -> str:
    return (
        "Baseline time divided by cell time: the ratio of the geometric means. Its interval is "
        "Student's t on the logarithms of the blocks' ratios: exp(mean ± t × standard deviation ÷ "
        f"√blocks), at {text.percent(campaign.confidence)}, not adjusted for the number of "
        "comparisons. Quiet times of which fewer than six blocks have both are two samples, with "
        "Welch's t. A second interval is a bootstrap of the ratio of medians, of whole blocks or "
        "of each sample; nothing is said of a ratio unless both intervals say it."
    )


def _readings(campaign: Campaign) -> str:
    upper = 1 + campaign.margin
    return (
        f"Faster: both intervals lie wholly above {text.fixed(upper, 2)}. Slower: wholly below "
        f"1/{text.fixed(upper, 2)}. Equal: both {text.percent(0.9)} intervals lie between these "
        "two (two one-sided tests). And the ratio is further from the nearer of these bounds than "
        "two measurements of the same cell are from each other (control), where that was measured. "
        "Everything else is not settled, and so is anything from fewer than six blocks."
    )


def _best() -> str:
    return (
        "The choice is between families (serial, threads, processes and so on), each by its best "
        "cell: the one with the least geometric mean among those whose trials all succeeded and "
        "lost no update. It is chosen from the data it is judged on, which flatters it a little. "
        "Where it and the runner-up, the best of the other families, are equal, or not settled, "
        "the table says so."
    )
