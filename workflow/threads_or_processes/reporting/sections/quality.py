"""What ran, what did not and why, and how much it varied."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from statistics import median_low

from threads_or_processes.records.tables.measured import (
    CellRow,
    FailureRow,
    HealthRow,
    OutcomeRow,
)
from threads_or_processes.records.vocabulary import (
    ANY_HEALTH_FLAG,
    FEWEST_BLOCKS,
    FEWEST_QUIET,
    Basis,
    CellFlag,
    Outcome,
)
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.figure_spec import (
    Axis,
    FigureSpec,
    Kind,
    Mark,
    Scale,
    Series,
    Unit,
)
from threads_or_processes.reporting.page import (
    Column,
    Fold,
    Number,
    Paragraph,
    Section,
    Table,
    filled,
    table_of,
)
from threads_or_processes.reporting.palette import series_styles
from threads_or_processes.reporting.sections import figure_builders, slow_modes, variation
from threads_or_processes.reporting.sections.pivot_tables import left_out
from threads_or_processes.reporting.tables import Tables

#: The longest of each class of durations; the last class has no end.
DURATIONS_NS = (10_000_000, 30_000_000, 100_000_000, 300_000_000)

#: The anchor of the configurations that have them.
WITHOUT_TIMES = "trials-without-times"

#: The lines of the figure, by basis.
BASES = {Basis.TYPICAL: "all repetitions", Basis.QUIET: "undisturbed repetitions"}
NO_NOISE_FLOOR = "No A/A control was run, so the noise floor is unknown."
NO_SENTINEL = (
    "No sentinel was run (processes can't be pinned here), so all repetitions count, disturbed or "
    "not. On a shared machine this lowers speedups, because parallel work needs all CPUs at once."
)


def build(evidence: Evidence) -> Iterator[Section]:
    """The account of the trials, and their variation."""
    cells = evidence.tables.cells
    order = order_figure(evidence.campaign, evidence.tables)
    paragraphs = (
        _account(evidence.tables),
        _undisturbed(evidence),
        noise_floor(evidence),
        _variation(cells),
        *slow_modes.told(evidence),
        _odd(evidence),
        "No outliers were removed; only the sentinel decides which repetitions are undisturbed.",
    )
    yield Section(
        anchor="quality",
        title="Data quality",
        blocks=filled(
            Paragraph(" ".join(paragraphs[:3])),
            Fold(
                summary="Trials and machine state",
                content=filled(
                    *map(Paragraph, paragraphs[3:]),
                    _by_duration(evidence.tables.timed),
                    _outcomes(evidence.tables.outcomes),
                    _health(evidence.tables.health),
                    left_out(evidence.campaign.experiments, evidence.campaign),
                ),
            ),
            *_failures(evidence.tables.failures),
            _flagged(cells, evidence.campaign),
            Fold(
                summary="Diagnostics: order, drift, outliers, percentiles",
                on_paper=False,
                content=filled(
                    figure_builders.figure_block(order) if order else None,
                    slow_modes.of_every_cell(evidence),
                    variation.drift(evidence),
                    variation.outliers(evidence),
                    variation.percentiles(evidence),
                ),
            ),
        ),
    )


def _account(tables: Tables) -> str:
    """Planned = ok + explained, as a sum that can be checked."""
    planned = tables.ended["planned"]
    if planned and tables.ended[Outcome.OK] == planned:
        return words.sentence(f"{text.part(planned, planned, 'planned trial')} succeeded")
    parts = [row for row in tables.outcomes if row.outcome != "planned" and row.trials]
    sum_ = " + ".join(f"{row.trials} {words.outcome_word(row.outcome)}" for row in parts)
    return f"{text.count(planned, 'trial')} planned = {sum_ or '0 recorded'}."


def _outcomes(rows: Sequence[OutcomeRow]) -> Table:
    return table_of(
        [row for row in rows if row.trials],
        (
            Column("Outcome", lambda row: words.outcome_word(row.outcome)),
            Number("Trials", lambda row: text.whole(row.trials)),
        ),
        caption="Outcomes of the planned trials",
    )


def _failures(rows: Sequence[FailureRow]) -> Iterator[Fold]:
    """Which configurations have trials without times, and why."""
    if rows:
        yield Fold(
            summary="Trials without times, by configuration",
            anchor=WITHOUT_TIMES,
            content=(
                table_of(
                    rows,
                    (
                        Column("Configuration", lambda row: text.plain(row.cell, 100)),
                        Column("Outcome", lambda row: words.outcome_word(row.outcome)),
                        Number("Trials", lambda row: text.whole(row.trials)),
                        Column(
                            "Message",
                            lambda row: text.plain(row.explanation or "", 400) or text.MISSING,
                        ),
                    ),
                    caption="Trials without times",
                    source="failures",
                ),
            ),
        )


def _odd(evidence: Evidence) -> str:
    """How many trials were flagged for the state of the machine."""
    recorded = evidence.tables.ended["planned"] - evidence.tables.unrecorded
    flagged = sum(row.trials for row in evidence.tables.health if row.flag == ANY_HEALTH_FLAG)
    return (
        "The state of the machine was recorded before and after each trial; "
        f"{text.part(flagged, recorded, 'trial', 'were')} flagged."
        + (" Flagged trials count like all others." if flagged else "")
    )


def _health(rows: Sequence[HealthRow]) -> Table:
    return table_of(
        [row for row in rows if row.flag != ANY_HEALTH_FLAG],
        (
            Column("Flag", lambda row: text.plain(row.flag)),
            Column("What it means", lambda row: words.health_flag(row.flag)),
            Number("Trials", lambda row: text.whole(row.trials)),
            Column("For example", lambda row: text.plain(row.example_cell or "", 100)),
            Number("Block", lambda row: str(row.example_block)),
        ),
        caption="Flags of trials; a trial can have several",
    )


def _variation(cells: Sequence[CellRow]) -> str:
    shares = [c.between_trial_cv_ratio for c in cells if c.between_trial_cv_ratio is not None]
    if not shares:
        return "No configuration has two successful trials, so their variation is unknown."
    return (
        f"Coefficient of variation between trials: median {text.percent(median_low(shares))}, "
        f"max {text.percent(max(shares))} ({text.count(len(shares), 'configuration')})."
    )


def _undisturbed(evidence: Evidence) -> str:
    rows = evidence.tables.timed
    shares = [row.quiet_share_ratio for row in rows if row.quiet_share_ratio is not None]
    if not shares:
        return NO_SENTINEL
    disturbed = evidence.tables.disturbed
    imputed = sum(row.imputed or 0 for row in rows)
    stand_ins = (
        f" In {text.count(imputed, 'repetition')}, undisturbed chunks of the same trial replace "
        "disturbed ones."
        if imputed
        else ""
    )
    verdict = (
        f"{words.capital(text.part(disturbed, len(rows), 'timed configuration', 'use'))} all "
        "repetitions. A configuration has enough if half of its trials, and at least "
        f"{FEWEST_BLOCKS} or all, have {FEWEST_QUIET} undisturbed repetitions. If one has too "
        "few, all of its workload and timing use all repetitions."
        if disturbed
        else "Every timed configuration has enough of them."
    )
    return (
        f"Undisturbed repetitions: median {text.percent(median_low(shares))}, "
        f"min {text.percent(min(shares))} over configurations.{stand_ins} {verdict}"
    )


def _by_duration(rows: Sequence[CellRow]) -> Table:
    """How many repetitions are undisturbed, by how long they take."""
    classes: dict[int, list[tuple[CellRow, float]]] = {}
    for row in rows:
        if row.typical_ns and row.quiet_share_ratio is not None:
            place = bisect_left(DURATIONS_NS, row.typical_ns)
            classes.setdefault(place, []).append((row, row.quiet_share_ratio))
    return table_of(
        sorted(classes.items()),
        (
            Column("A repetition takes", lambda one: _duration(one[0])),
            Number("Configurations", lambda one: str(len(one[1]))),
            Number(
                "Undisturbed, median",
                lambda one: text.percent(median_low(share for _, share in one[1])),
            ),
            Number(
                "Use all repetitions",
                lambda one: str(sum(CellFlag.DISTURBED in row.flags for row, _ in one[1])),
            ),
        ),
        caption="Undisturbed repetitions by duration (the sentinel runs before and after a "
        "repetition, so it can miss a disturbance within a long one)",
    )


def _duration(place: int) -> str:
    """A class of durations: `up to 10 ms`, `longer than 300 ms`."""
    if place < len(DURATIONS_NS):
        return f"up to {text.about(DURATIONS_NS[place])}"
    return f"longer than {text.about(DURATIONS_NS[-1])}"


def _flagged(cells: Sequence[CellRow], campaign: Campaign) -> Fold:
    flagged = [row for row in cells if row.flags]
    table = table_of(
        flagged,
        (
            Column("Workload", lambda row: campaign.title(row.workload)),
            Column("Model", lambda row: campaign.model_title(row.model)),
            Number("Workers", lambda row: words.workers(row.workers, row.worker_kind)),
            Column("Build", lambda row: row.arm),
            Column("Timing", words.timing),
            Number(
                "Variation between trials", lambda row: text.percent(row.between_trial_cv_ratio)
            ),
            Number("Within a trial", lambda row: text.percent(row.within_trial_cv_ratio)),
            Column("Why", lambda row: words.flag_words(row.flags)),
        ),
        caption="Configurations that vary, were disturbed, had failures, or lost updates",
        row_headers=5,
    )
    return Fold(
        summary=f"Configurations with a remark: {len(flagged)} of {len(cells)}",
        on_paper=False,
        content=(table,),
    )


def noise_floor(evidence: Evidence) -> str:
    """What two measurements of one cell differ by, where that was measured."""
    apart = evidence.tables.differences_by_chance
    if not apart:
        return NO_NOISE_FLOOR
    return f"Noise floor (A/A control): {words.of_pairs(apart)}."


def order_figure(campaign: Campaign, tables: Tables) -> FigureSpec | None:
    """How far the trials of each block lie from their cells' medians; none for a single block."""
    axis = Axis(label="time ÷ median of its configuration", unit=Unit.RATIO, margin=campaign.margin)
    lines = [
        tuple(
            Mark(
                series=Series(title=title),
                value=row.median_ratio,
                low=row.lower_quartile_ratio,
                high=row.upper_quartile_ratio,
                position=row.place,
            )
            for row in tables.order
            if row.basis == basis
        )
        for basis, title in BASES.items()
    ]
    drawn = [line for line in lines if len(line) > 1]
    marks = tuple(mark for line in drawn for mark in line)
    if not marks:
        return None
    parts = [
        f"{line[0].series.title} from {axis.shown(min(mark.value for mark in line))} to "
        f"{axis.shown(max(mark.value for mark in line))}"
        for line in drawn
    ]
    return FigureSpec(
        name="order",
        kind=Kind.LINES,
        title="Times by block",
        finding=words.sentence(
            "the median trial of each block, over the median of its configuration – "
            + "; ".join(parts)
        ),
        caption="Median over trials of time ÷ median of its configuration, by block; whiskers are "
        "quartiles. Ratios are paired by block, so drift cancels in them.",
        positions=Axis(
            label="block, in the order in which they ran", unit=Unit.BLOCK, scale=Scale.LINEAR
        ),
        values=axis,
        styles=series_styles(marks, campaign),
        marks=marks,
    )
