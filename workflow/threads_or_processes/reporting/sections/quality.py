"""What ran, what did not and why, and how much it varied."""

from collections.abc import Iterator, Sequence
from statistics import median_low

from threads_or_processes.records.tables.measured import (
    CellRow,
    HealthRow,
    OutcomeRow,
)
from threads_or_processes.records.vocabulary import ANY_HEALTH_FLAG, Basis, Outcome
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

NO_NOISE_FLOOR = (
    "No cell was measured twice under two names (A/A), so it is not known what difference noise "
    "alone makes."
)
NO_SENTINEL = (
    "No sentinel watched the CPUs (processes can't be pinned here), so the times are typical ones: "
    "all repetitions count, disturbed or not. On a machine shared with others, neighbours slow "
    "single trials down; parallel cells need every CPU undisturbed at once, so their speed-ups "
    "come out lower than on a quiet machine."
)


def build(evidence: Evidence) -> Iterator[Section]:
    """The account of the trials, and their variation."""
    cells = evidence.tables.cells
    order = order_figure(evidence.campaign, evidence.tables)
    paragraphs = (
        _account(evidence.tables),
        _quiet_time(evidence),
        _variation(cells),
        *slow_modes.told(evidence),
        _odd(evidence),
        noise_floor(evidence),
        "No outlier was dropped for its time: the sentinel alone says what is quiet, and "
        "typical times rest on every measured repetition.",
    )
    yield Section(
        anchor="quality",
        title="How good the data are",
        nav_title="Data quality",
        blocks=filled(
            *map(Paragraph, paragraphs),
            figure_builders.figure_block(order) if order else None,
            _outcomes(evidence.tables.outcomes),
            _health(evidence.tables.health),
            _flagged(cells, evidence.campaign),
            slow_modes.of_every_cell(evidence),
            variation.drift(evidence),
            variation.outliers(evidence),
            variation.percentiles(evidence),
            left_out(evidence.campaign.experiments, evidence.campaign),
        ),
    )


def _account(tables: Tables) -> str:
    """Planned = ok + explained, as a sum that can be checked."""
    planned = tables.ended["planned"]
    if planned and tables.ended[Outcome.OK] == planned:
        return f"All {text.count(planned, 'planned trial')} ended well."
    parts = [row for row in tables.outcomes if row.outcome != "planned" and row.trials]
    sum_ = " + ".join(f"{row.trials} {words.outcome_word(row.outcome)}" for row in parts)
    return f"{text.count(planned, 'trial')} planned = {sum_ or '0 recorded'}."


def _outcomes(rows: Sequence[OutcomeRow]) -> Table:
    return table_of(
        rows,
        (
            Column("Outcome", lambda row: words.outcome_word(row.outcome)),
            Number("Trials", lambda row: str(row.trials)),
            Column(
                "For example", lambda row: text.plain(row.example_cell or "", 100) or text.MISSING
            ),
            Column(
                "What was said there",
                lambda row: text.plain(row.example_explanation or "", 400) or text.MISSING,
            ),
        ),
        caption="How the planned trials ended; planned is the sum of the others",
    )


def _odd(evidence: Evidence) -> str:
    """In how many trials the machine itself said that something was odd."""
    recorded = evidence.tables.ended["planned"] - evidence.tables.ended["missing"]
    flagged = sum(row.trials for row in evidence.tables.health if row.flag == ANY_HEALTH_FLAG)
    opening = "Before and after each trial the machine was asked for its state"
    if not flagged:
        return f"{opening}; in none of {text.count(recorded, 'trial')} was anything odd."
    return (
        f"{opening}; in {text.fixed(flagged, 0)} of {text.count(recorded, 'trial')} something was "
        "odd. A flag drops no trial: it says where to look when a time is odd."
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
        caption="What was odd with the machine; a trial can have several flags",
    )


def _variation(cells: Sequence[CellRow]) -> str:
    shares = [c.between_trial_cv_ratio for c in cells if c.between_trial_cv_ratio is not None]
    if not shares:
        return "No cell has two successful trials, so nothing is known about their variation."
    return (
        f"From trial to trial of one cell, times vary by {text.percent(median_low(shares))} in the "
        f"typical cell and {text.percent(max(shares))} in the worst (standard deviation divided "
        f"by mean, {text.count(len(shares), 'cell')})."
    )


def _quiet_time(evidence: Evidence) -> str:
    rows = evidence.tables.timed
    shares = [row.quiet_share_ratio for row in rows if row.quiet_share_ratio is not None]
    if not shares:
        return NO_SENTINEL
    disturbed = evidence.tables.disturbed
    imputed = sum(row.imputed or 0 for row in rows)
    stand_ins = (
        f" In {text.count(imputed, 'quiet repetition')} undisturbed chunks of the same trial stand "
        "for disturbed ones."
        if imputed
        else ""
    )
    verdict = (
        f"{text.count(disturbed, 'cell')} never saw enough of it and fall back on typical times."
        if disturbed
        else "Every cell saw enough of it."
    )
    return (
        "A sentinel timed the same small piece of work on every CPU just before and just after "
        "each repetition. A repetition is quiet when no CPU that took part read more than "
        f"{text.percent(evidence.campaign.quiet_threshold)} above its floor; the measured time "
        f"itself plays no part in that. {text.percent(median_low(shares))} of the repetitions "
        f"were quiet in the typical cell, {text.percent(min(shares))} in the worst.{stand_ins} "
        f"{verdict}"
    )


def _flagged(cells: Sequence[CellRow], campaign: Campaign) -> Fold:
    flagged = [row for row in cells if row.flags]
    table = table_of(
        flagged,
        (
            Column("Workload", lambda row: campaign.title(row.workload)),
            Column("Model", lambda row: campaign.model_title(row.model)),
            Number("Workers", lambda row: words.workers(row.workers, row.worker_kind)),
            Column("Arm", lambda row: row.arm),
            Column("Timing", words.timing),
            Number(
                "Variation between trials", lambda row: text.percent(row.between_trial_cv_ratio)
            ),
            Number("Within a trial", lambda row: text.percent(row.within_trial_cv_ratio)),
            Column("Why", lambda row: words.flag_words(row.flags)),
        ),
        caption="Cells whose times vary, that had failures, or that lost updates",
        row_headers=5,
    )
    return Fold(
        summary=f"Cells to read with care: {len(flagged)} of {len(cells)}", content=(table,)
    )


def noise_floor(evidence: Evidence) -> str:
    """What two measurements of one cell differ by, where that was measured."""
    apart = evidence.tables.differences_by_chance
    if not apart:
        return NO_NOISE_FLOOR
    return f"Noise floor: two measurements of one cell (A/A) differ by {words.of_pairs(apart)}."


def order_figure(campaign: Campaign, tables: Tables) -> FigureSpec | None:
    """How far the trials of each block lie from their cells' medians; none for a single block."""
    axis = Axis(label="time ÷ median of its cell", unit=Unit.RATIO, margin=campaign.margin)
    lines = [
        tuple(
            Mark(
                series=Series(title=f"{basis} times"),
                value=row.median_ratio,
                low=row.lower_quartile_ratio,
                high=row.upper_quartile_ratio,
                position=row.place,
            )
            for row in tables.order
            if row.basis == basis
        )
        for basis in (Basis.TYPICAL, Basis.QUIET)
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
        title="Times, block by block",
        finding=words.sentence(
            f"the median trial of each block, over the median of its cell – {'; '.join(parts)}"
        ),
        caption="Each block's median trial, as a multiple of the median of its cell; whiskers hold "
        "half of the trials. A slope is a drift, a peak a busy time. Blocks are what ratios are "
        "paired by, so neither is in them.",
        positions=Axis(
            label="block, in the order in which they ran", unit=Unit.BLOCK, scale=Scale.LINEAR
        ),
        values=axis,
        styles=series_styles(marks, campaign),
        marks=marks,
    )
