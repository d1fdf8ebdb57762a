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
    Heading,
    Items,
    Paragraph,
    Preformatted,
    Section,
    Words,
)
from threads_or_processes.reporting.sections import rules
from threads_or_processes.reporting.sections.amounts import has_amounts
from threads_or_processes.reporting.trials import Conditions

_COMMANDS = {"report": "make report", "quick": "make quick"}
_OWN_COMMANDS = "make env\n.venv/bin/snakemake --cores all --configfile <configs of this campaign>"


def build(evidence: Evidence) -> Iterator[Section]:
    """Methods in short, the twelve rules, reproduction."""
    campaign = evidence.campaign
    command = _COMMANDS.get(campaign.campaign, _OWN_COMMANDS)
    config = json.dumps(campaign.config, indent=2, sort_keys=True)
    yield Section(
        anchor="methods",
        title="Methods, rules and configuration",
        nav_title="Methods",
        blocks=(
            Facts(_methods(evidence)),
            Heading(text="Times"),
            Items(items=_times(campaign), style="rules", is_numbered=True),
            Heading(text="Comparison results"),
            Items(items=_results(campaign), style="rules"),
            Heading(text="Twelve rules for reporting, and where each is met", anchor="rules"),
            Items(items=rules.build(evidence), style="rules", is_numbered=True),
            Paragraph(rules.SOURCE, style="note"),
            Heading(text="Run it again"),
            Preformatted(
                "git clone <address of the project> threads-or-processes\n"
                f"cd threads-or-processes\n{command}"
            ),
            Paragraph(
                f"The seed {campaign.seed} fixes the order of the trials. Expect similar ratios on "
                "similar hardware, but not equal times."
            ),
            Heading(text="Configuration"),
            Preformatted(config),
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
        Fact(term="Ratios", text=_ratios(campaign)),
        Fact(term="Recommendations", text=_best()),
    )


def _design(campaign: Campaign) -> str:
    fewer = sorted({cell.blocks for cell in campaign.cells if cell.blocks < campaign.blocks})
    counts = text.listing([str(number) if number else "none" for number in fewer], "or")
    some = f" (some in the first {counts} only)"
    return (
        f"{text.count(len(campaign.cells), 'configuration')} (workload × execution model × worker "
        f"count × build × timing) in {text.count(campaign.blocks, 'randomised block')}. A block "
        f"runs each configuration once{some if fewer else ''}, in an order drawn from the seed "
        f"{campaign.seed}. A trial is one fresh interpreter process that runs one configuration. "
        "The trial is the statistical unit, never the repetition."
    )


def _more_blocks(precision: Precision | None) -> list[Fact]:
    if precision is None:
        return []
    how = (
        "After these blocks, configurations that share a workload and a timing ran in more blocks, "
        "until the widest interval of their ratios was at most "
        f"±{text.percent(precision.target)} or they had "
        f"{text.count(precision.max_blocks, 'block')}. Only widths decide this, never ratios, so "
        "intervals keep their level."
    )
    return [Fact(term="More blocks", text=how)]


def _left_out(campaign: Campaign) -> Iterator[Fact]:
    if campaign.left_out:
        budget = campaign.config.get("budget")
        why = f"To stay within the budget of {text.plain(budget)}" if budget else "To save time"
        yield Fact(term="Left out", text=f"{why}: {'; '.join(campaign.left_out)}.")
    if campaign.without_builds:
        names = text.listing(campaign.without_builds)
        yield Fact(
            term="Not planned", text=f"Too few configured builds for these experiments: {names}."
        )


def _timing(campaign: Campaign) -> str:
    kinds = {cell.timing for cell in campaign.cells}
    parts = ["Wall time from a monotonic clock, in whole nanoseconds."]
    if Timing.WARM in kinds:
        parts.append(
            "Warm: the pool is up and has answered once, warm-up repetitions are run, then only "
            "the batch is timed."
        )
    if Timing.COLD in kinds:
        parts.append(
            "Cold: one timed region covers startup, batch and shutdown, as in the notebook."
        )
    if Timing.MEMORY in kinds:
        parts.append(
            "Memory: separate trials, in which nothing is timed, record the proportional set size "
            "(PSS) of the parent and its workers."
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
            f"Two successive readings are {text.time(conditions.clock_overhead_ns)} apart (median "
            "over trials); nothing is subtracted."
        )
    return " ".join(parts) or "The clock is unknown."


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
        f"{words.capital('; '.join(parts))}. With a sentinel, a trial continues until that many "
        f"are undisturbed or its time limit is reached.{fewer} Warm-ups are excluded from "
        "estimates."
    )


def _work(campaign: Campaign) -> str:
    return (
        "The batch of a workload is calibrated once on this machine, with serial "
        f"{campaign.reference_arm}, and is the same for all configurations. The results of each "
        "repetition are compared with those of the serial baseline. A trial whose results differ "
        "is excluded. Lost updates are the exception: they are a result."
    )


def _amounts(evidence: Evidence) -> list[Fact]:
    """How several amounts of work are measured and read; nothing where there is one."""
    campaign = evidence.campaign
    if not has_amounts(evidence.tables):
        return []
    sets = dict.fromkeys(cell.amounts for cell in campaign.cells if len(cell.amounts) > 1)
    named = ", or ".join(text.listing([str(amount) for amount in amounts]) for amounts in sets)
    how = (
        f"A trial alternates between amounts of work. It executes each task {named} times. "
        "Ratios, recommendations, scaling and claims are about the largest. Each trial has a line "
        "through its smallest and largest amount: time = overhead + work ÷ rate. Overhead, rate "
        "and break-even are medians over trials, with order-statistic intervals. Against serial "
        "they are paired by block where both are undisturbed in the same blocks. The break-even "
        "interval contains the amounts at which neither is shown to be faster; either end may be "
        "missing. A third amount checks the line: where time deviates from it by more "
        f"than {text.percent(campaign.margin)}, we show only the measured points."
    )
    return [Fact(term="Amounts of work", text=how)]


def _times(campaign: Campaign) -> tuple[Words, ...]:
    """How a trial and a configuration get their time, step by step."""
    return (
        "A sentinel (a small reference workload) is timed on each CPU before and after each "
        "repetition: on one CPU after the other for a single worker on up to four CPUs, else on "
        "all in parallel.",
        "A repetition is undisturbed if no sentinel of a CPU in use took more than "
        f"{text.percent(campaign.quiet_threshold)} above that CPU's best-case reading (1st "
        "percentile), and no other program held a CPU that a worker needed. The measured time "
        "plays no part in this.",
        "A trial's undisturbed time is the median of its undisturbed repetitions, at least three. "
        "Its all-repetitions time is the median of all. A retry pass, where configured, repeats "
        "trials without enough undisturbed repetitions.",
        "All configurations of a workload and a timing are compared on one basis: undisturbed "
        "times where enough blocks have them, else all repetitions.",
        "A configuration's time is the median over its trials, with an order-statistic interval "
        "at the level that it attains.",
    )


def _ratios(campaign: Campaign) -> str:
    return (
        "Ratio of geometric means: baseline time divided by the configuration's time. We use two "
        "methods: Student's t on the log ratios of the blocks, and a bootstrap over blocks. If "
        "fewer than six blocks have undisturbed times for both configurations, we use two "
        "independent samples (Welch's t). The interval encloses both methods' "
        f"{text.percent(campaign.confidence)} intervals and is widened by the variance that the "
        "A/A control finds beyond the trials. It is not adjusted for the number of comparisons."
    )


def _results(campaign: Campaign) -> tuple[Words, ...]:
    upper = text.fixed(1 + campaign.margin, 2)
    return (
        f"Faster: the interval is above {upper}. Slower: it is below 1/{upper}.",
        f"No difference: the {text.percent(0.9)} interval is between these two (two one-sided "
        "tests), even if it excludes 1.",
        f"Faster or slower, perhaps slightly: the interval excludes 1, but may include {upper} "
        f"or 1/{upper}.",
        f"No speedup: the upper end of the {text.percent(0.9)} interval is at most {upper}. No "
        f"slowdown: its lower end is at least 1/{upper}.",
        "Inconclusive: everything else, and everything from fewer than six blocks.",
    )


def _best() -> str:
    return (
        "The candidates are the fastest configurations of each family (serial, threads, processes) "
        "whose trials all succeeded and lost no update. A recommendation names every family that "
        "is not shown to be slower than the best one. All candidates are judged together (Hsu "
        "1984, by Bonferroni), so one may stay in although a single pair's interval excludes 1. "
        "The p value of each choice becomes a false discovery rate (Benjamini and Hochberg 1995). "
        "The number of wrong choices to expect is the highest rate times the number of choices."
    )
