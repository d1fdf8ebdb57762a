"""Hoefler and Belli's twelve rules for reporting measurements, and where each is met."""

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Link, Strong, Words

SOURCE = (
    "T. Hoefler, R. Belli: Scientific benchmarking of parallel computing systems, SC ’15, "
    "doi:10.1145/2807591.2807644. The rules are given here in short, in other words."
)


def build(evidence: Evidence) -> tuple[Words, ...]:
    """Each rule with what is done about it in this report, and the section to look at."""
    campaign = evidence.campaign
    level = text.percent(campaign.confidence)
    scaling = ("scaling", "Speed-up") if campaign.scaled else ("numbers", "All numbers")
    return (
        _rule(
            rule="Say what a speed-up is relative to, and how long that takes.",
            met=f"The baseline is the plain loop: on {campaign.reference_arm} in figures and "
            "decisions, on the same interpreter beside it. Its time stands with each kind of work.",
            anchor="decision",
            place="What to use",
        ),
        _rule(
            rule="Give the reason when only some benchmarks or some of the system are used.",
            met="The plan is the config, shown whole; combinations that can't be, if any, are "
            "listed with the reason.",
            anchor="methods",
            place="Methods",
        ),
        _rule(
            rule="Arithmetic means are for costs, harmonic means for rates.",
            met="Times are summarised by medians; no rate is averaged.",
            anchor="numbers",
            place="All numbers",
        ),
        _rule(
            rule="Summarise costs, not ratios; if ratios, by the geometric mean.",
            met="A ratio is that of two geometric means, and both times stand beside it.",
            anchor="numbers",
            place="All numbers",
        ),
        _rule(
            rule="Say whether values are deterministic; if not, give intervals.",
            met=f"Times are not. Every estimate from enough blocks has a {level} interval, over "
            "fresh processes.",
            anchor="numbers",
            place="All numbers",
        ),
        _rule(
            rule="Do not assume a normal distribution without a look at the data.",
            met="Times have order-statistic intervals, which assume none. Ratios are judged by t "
            "on logarithms and by a bootstrap, which must agree; modes, drift and outliers are "
            "tested for.",
            anchor="quality",
            place="How good the data are",
        ),
        _rule(
            rule="Compare in a statistically sound way.",
            met="Paired by randomised block, equivalence by two one-sided tests, claims stated "
            "before measuring and adjusted for their number (Holm).",
            anchor="claims" if evidence.tables.claims else "methods",
            place="What was claimed" if evidence.tables.claims else "Methods",
        ),
        _rule(
            rule="Ask whether a mean or median is what matters; it may be a percentile.",
            met="Percentiles of all repetitions, quiet and typical, of every cell.",
            anchor="quality",
            place="How good the data are",
        ),
        _rule(
            rule="Document all factors, their levels and the whole set-up.",
            met="Machine, interpreters, flags, libraries, config and seed are in this file; every "
            "repetition is in the data.",
            anchor="environment",
            place="Machine and interpreters",
        ),
        _rule(
            rule="For parallel times, say how they were taken, synchronised and summarised.",
            met="Workers are up and have answered before the clock of a warm trial starts; the "
            "parent reads one monotonic clock around the whole batch.",
            anchor="methods",
            place="Methods",
        ),
        _rule(
            rule="Show upper bounds where there are some.",
            met="Perfect sharing and the number of CPUs are drawn into every speed-up figure."
            if campaign.scaled
            else "No speed-up curve was planned, so no bound is drawn.",
            anchor=scaling[0],
            place=scaling[1],
        ),
        _rule(
            rule="Plot all that is needed to read the results; join points only for a trend.",
            met="Every block is a point; lines between numbers of workers are said to guide the "
            "eye only; each figure has its numbers below it."
            if campaign.scaled
            else "Each figure has its numbers below it.",
            anchor=scaling[0],
            place=scaling[1],
        ),
    )


def _rule(*, rule: str, met: str, anchor: str, place: str) -> Words:
    return Strong(text=rule), f" {met} ", Link(text=place, address=f"#{anchor}")
