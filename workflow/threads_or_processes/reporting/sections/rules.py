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
QUALITY = Link(text="Data quality", address="#quality")
SPEED_UP = Link(text="Scaling", address="#scaling")


def build(evidence: Evidence) -> tuple[Words, ...]:
    """Each rule with what is done about it in this report, and the section to look at."""
    campaign = evidence.campaign
    level = text.percent(campaign.confidence)
    scaling = SPEED_UP if campaign.scaled else NUMBERS
    return (
        _rule(
            "Say what a speedup is relative to, and how long that takes.",
            f"The baseline is serial: on {campaign.reference_arm} or on the same build, as each "
            "table says. Its time is shown for each workload.",
            DECISION,
        ),
        _rule(
            "Give the reason when only some benchmarks or some of the system are used.",
            "The whole configuration is shown; impossible combinations are listed with the reason.",
            METHODS,
        ),
        _rule(
            "Arithmetic means are for costs, harmonic means for rates.",
            "Times are summarised by medians, or by geometric means next to ratios; no rate is "
            "averaged.",
            NUMBERS,
        ),
        _rule(
            "Summarise costs, not ratios; if ratios, by the geometric mean.",
            "Ratios are ratios of geometric means; both times are shown next to them.",
            NUMBERS,
        ),
        _rule(
            "Say whether values are deterministic; if not, give intervals.",
            f"Times are not. From enough blocks, ratios and times of a batch have a {level} "
            "interval, over fresh processes. Startup has medians, memory minimum and maximum.",
            NUMBERS,
        ),
        _rule(
            "Do not assume a normal distribution without a look at the data.",
            "Times have order-statistic intervals, which assume none. The interval of a ratio "
            "encloses those of Student's t on logarithms and of a bootstrap. We test for modes, "
            "drift and outliers.",
            QUALITY,
        ),
        _rule(
            "Compare in a statistically sound way.",
            "Paired by randomised block, equivalence by two one-sided tests, claims with a stated "
            "limit, those about ratios adjusted for their number (Holm).",
            CLAIMS if evidence.tables.claims else METHODS,
        ),
        _rule(
            "Ask whether a mean or median is what matters; it may be a percentile.",
            "Percentiles of undisturbed and of all repetitions, for each configuration.",
            QUALITY,
        ),
        _rule(
            "Document all factors, their levels and the whole set-up.",
            "Machine, interpreters, flags, libraries, configuration and seed are in this file; "
            "the data have every repetition.",
            ENVIRONMENT,
        ),
        _rule(
            "For parallel times, say how they were taken, synchronised and summarised.",
            "Workers are up before the clock of a warm trial starts. The parent reads one "
            "monotonic clock around the whole batch.",
            METHODS,
        ),
        _rule(
            "Show upper bounds where there are some.",
            "Scaling figures show ideal linear speedup and the number of CPUs."
            if campaign.scaled
            else "No scaling was planned, so there is no bound to draw.",
            scaling,
        ),
        _rule(
            "Plot all that is needed to read the results; join points only for a trend.",
            "Lines between worker counts only guide the eye; each figure has a table of its "
            "numbers."
            if campaign.scaled
            else "Each figure has a table of its numbers.",
            scaling,
        ),
    )


def _rule(rule: str, met: str, place: Link) -> Words:
    return Strong(text=rule), f" {met} ", place
