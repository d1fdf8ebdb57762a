"""All absolute times and all ratios."""

from collections.abc import Callable, Iterator, Sequence

from threads_or_processes.records.tables.comparisons import RatioRow
from threads_or_processes.records.tables.measured import CellRow
from threads_or_processes.records.vocabulary import ContrastKind, Family, Timing
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.limits import MOST_WORKLOADS, told
from threads_or_processes.reporting.page import (
    Block,
    Column,
    Fold,
    Heading,
    Number,
    Paragraph,
    Section,
    table_of,
)
from threads_or_processes.reporting.sections import slow_modes
from threads_or_processes.reporting.sections.amounts import has_amounts

HOW_TO_READ = (
    "Times are medians over trials. Undisturbed times estimate the cost on idle hardware. "
    "All-repetition times include interference, so their intervals are wider. The interval of a "
    "median comes from order statistics, so its level is given; with fewer than six blocks it is "
    "below 95 %."
)

LARGEST = (
    "Warm times are those of the largest amount of work. All amounts are in tables/amounts.csv, "
    "the fitted lines in tables/overheads.csv."
)


def build(evidence: Evidence) -> Iterator[Section]:
    """Tables of cells by workload and of ratios by contrast, in the tables' order."""
    campaign, tables = evidence.campaign, evidence.tables
    asked = (cell for e in campaign.experiments for cell in campaign.cells_of(e))
    workloads = dict.fromkeys(cell.workload for cell in asked if cell.timing is not Timing.MEMORY)
    contrasts = dict.fromkeys(row.contrast for row in tables.ratios)
    cells: list[Block] = [
        _cells(name, [row for row in tables.timed if row.workload == name], evidence)
        for name in list(workloads)[:MOST_WORKLOADS]
    ]
    ratios: list[Block] = [
        _ratios(name, [row for row in tables.ratios if row.contrast == name], campaign)
        for name in contrasts
    ]
    yield Section(
        anchor="numbers",
        title="All numbers",
        nav_title="Numbers",
        blocks=(
            Paragraph(f"{HOW_TO_READ} {slow_modes.MEANING}"),
            *((Paragraph(LARGEST),) if has_amounts(tables) else ()),
            Heading(text="Times by workload"),
            *(cells or [Paragraph("There are no configurations.")]),
            *told(len(cells), len(workloads), "workloads, the first", "cells"),
            Heading(text="Ratios by question"),
            *(ratios or [Paragraph("No two configurations can be compared.")]),
        ),
    )


def _cells(workload: str, rows: Sequence[CellRow], evidence: Evidence) -> Fold:
    campaign = evidence.campaign
    unit = text.unit_for(row.median_ns for row in rows)
    modes = evidence.tables.modes_at_most
    baseline = evidence.tables.serial(workload, campaign.reference_arm)
    title = campaign.title(workload)
    summary = f"{title}: {text.count(len(rows), 'configuration')}"
    if baseline is not None and baseline.median_ns is not None:
        summary += f", serial on {campaign.reference_arm} takes {text.time(baseline.median_ns)}"

    def times(header: str, value_ns: Callable[[CellRow], float | None]) -> Number[CellRow]:
        shown = text.times_in([value_ns(row) for row in rows], unit)
        of_cell = {row.cell: time for row, time in zip(rows, shown, strict=True)}
        return Number(header, lambda row: of_cell[row.cell], unit.symbol)

    def level(row: CellRow) -> str:
        return text.MISSING if row.ci_low_ns is None else text.percent(row.ci_level, 3)

    return Fold(
        summary=summary,
        content=(
            table_of(
                rows,
                (
                    Column("Model", lambda row: campaign.model_title(row.model)),
                    Number("Workers", lambda row: words.workers(row.workers, row.worker_kind)),
                    Column("Build", lambda row: row.arm),
                    Column("Timing", words.timing),
                    Number("Trials ok / planned", lambda row: f"{row.ok} / {row.planned}"),
                    Column("Repetitions", lambda row: words.basis(row.basis)),
                    Number("Undisturbed", lambda row: text.percent(row.quiet_share_ratio)),
                    times("All repetitions", lambda row: row.typical_ns),
                    times("Median", lambda row: row.median_ns),
                    times("Low", lambda row: row.ci_low_ns),
                    times("High", lambda row: row.ci_high_ns),
                    Number("Level", level),
                    times(
                        "Fast mode",
                        lambda row: modes[row.cell].fast.value if row.cell in modes else None,
                    ),
                    Number("Slow trials", lambda row: slow_modes.slow_of(modes.get(row.cell))),
                    Number("Co-placed", lambda row: slow_modes.shared_of(modes.get(row.cell))),
                    Number(
                        "Variation between trials",
                        lambda row: text.percent(row.between_trial_cv_ratio),
                    ),
                ),
                caption=f"{title}: time of a batch",
                row_headers=4,
            ),
        ),
    )


def _ratios(contrast: ContrastKind, rows: Sequence[RatioRow], campaign: Campaign) -> Fold:
    question, note = words.CONTRASTS[contrast]
    title = question.format(reference=campaign.reference_arm)

    def level(row: RatioRow) -> str:
        interval = row.intervals
        is_missing = interval.ci_low_ratio is None
        return text.MISSING if is_missing else text.percent(interval.ci_level, 3)

    return Fold(
        summary=f"{title}: {text.count(len(rows), 'ratio')}",
        note=note,
        content=(
            table_of(
                rows,
                (
                    Column("Workload", lambda row: campaign.title(row.workload)),
                    Column("Configuration", lambda row: _side(row.cell, campaign)),
                    Column("Baseline", lambda row: _side(row.baseline_cell, campaign)),
                    Column("Timing", lambda row: row.timing),
                    Column("Time", lambda row: text.time(row.cell_ns)),
                    Column("Baseline time", lambda row: text.time(row.baseline_ns)),
                    Number("Ratio", lambda row: text.ratio_cell(row.ratio), "×"),
                    Number("Low", lambda row: text.ratio_cell(row.intervals.ci_low_ratio), "×"),
                    Number("High", lambda row: text.ratio_cell(row.intervals.ci_high_ratio), "×"),
                    Number("Level", level),
                    Number("Blocks", lambda row: str(row.blocks)),
                    Column("Result", lambda row: words.RESULTS[row.reading]),
                ),
                caption=f"{title}: baseline time ÷ time",
                row_headers=4,
                source="ratios",
            ),
        ),
    )


def _side(cell_id: str, campaign: Campaign) -> str:
    """One side of a comparison: `model, n workers, arm`."""
    cell = campaign.cells_by_id[cell_id]
    model = campaign.models[cell.model]
    workers = None if model.family is Family.SERIAL else cell.workers
    return f"{words.choice(model.title, workers)}, {cell.arm}"
