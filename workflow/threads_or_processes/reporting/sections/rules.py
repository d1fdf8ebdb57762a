"""Hoefler and Belli's twelve rules for reporting measurements, and where each is met."""

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Link, Strong, Words

SOURCE = (
    "T. Hoefler, R. Belli: Scientific benchmarking of parallel computing systems, SC ’15, "
    "doi:10.1145/2807591.2807644. The rules are given here in short, in other words."
)

#: The sections to look at.
CLAIMS = Link(text="Claims tested", address="#claims")
DECISION = Link(text="What to use", address="#decision")
ENVIRONMENT = Link(text="Machine and interpreters", address="#environment")
METHODS = Link(text="Methods", address="#methods")
NUMBERS = Link(text="All numbers", address="#numbers")
QUALITY = Link(text="How good the data are", address="#quality")
SPEED_UP = Link(text="Speed-up", address="#scaling")


def build(evidence: Evidence) -> tuple[Words, ...]:
    """Each rule with what is done about it in this report, and the section to look at."""
    campaign = evidence.campaign
    level = text.percent(campaign.confidence)
    scaling = SPEED_UP if campaign.scaled else NUMBERS
    return (
        _rule(
            "Say what a speed-up is relative to, and how long that takes.",
            f"The baseline is the plain loop: on {campaign.reference_arm} in figures and "
            "decisions, on the same interpreter beside it. Its time stands with each kind of work.",
            DECISION,
        ),
        _rule(
            "Give the reason when only some benchmarks or some of the system are used.",
            "The plan is the config, shown whole; combinations that can't be, if any, are "
            "listed with the reason.",
            METHODS,
        ),
        _rule(
            "Arithmetic means are for costs, harmonic means for rates.",
            "Times are summarised by medians; no rate is averaged.",
            NUMBERS,
        ),
        _rule(
            "Summarise costs, not ratios; if ratios, by the geometric mean.",
            "A ratio is that of two geometric means, and both times stand beside it.",
            NUMBERS,
        ),
        _rule(
            "Say whether values are deterministic; if not, give intervals.",
            f"Times are not. Every estimate from enough blocks has a {level} interval, over "
            "fresh processes.",
            NUMBERS,
        ),
        _rule(
            "Do not assume a normal distribution without a look at the data.",
            "Times have order-statistic intervals, which assume none. Ratios are judged by t "
            "on logarithms and by a bootstrap, which must agree; modes, drift and outliers are "
            "tested for.",
            QUALITY,
        ),
        _rule(
            "Compare in a statistically sound way.",
            "Paired by randomised block, equivalence by two one-sided tests, claims stated "
            "before measuring, those about ratios adjusted for their number (Holm).",
            CLAIMS if evidence.tables.claims else METHODS,
        ),
        _rule(
            "Ask whether a mean or median is what matters; it may be a percentile.",
            "Percentiles of all repetitions, quiet and typical, of every cell.",
            QUALITY,
        ),
        _rule(
            "Document all factors, their levels and the whole set-up.",
            "Machine, interpreters, flags, libraries, config and seed are in this file; every "
            "repetition is in the data.",
            ENVIRONMENT,
        ),
        _rule(
            "For parallel times, say how they were taken, synchronised and summarised.",
            "Workers are up and have answered before the clock of a warm trial starts; the "
            "parent reads one monotonic clock around the whole batch.",
            METHODS,
        ),
        _rule(
            "Show upper bounds where there are some.",
            "Perfect sharing and the number of CPUs are drawn into every speed-up figure."
            if campaign.scaled
            else "No speed-up curve was planned, so no bound is drawn.",
            scaling,
        ),
        _rule(
            "Plot all that is needed to read the results; join points only for a trend.",
            "Every block is a point; lines between numbers of workers are said to guide the "
            "eye only; each figure has its numbers below it."
            if campaign.scaled
            else "Each figure has its numbers below it.",
            scaling,
        ),
    )


def _rule(rule: str, met: str, place: Link) -> Words:
    return Strong(text=rule), f" {met} ", place
