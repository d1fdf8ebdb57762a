"""All absolute times and all ratios."""

from collections.abc import Iterator, Sequence

from threads_or_processes.records.tables.comparisons import RatioRow
from threads_or_processes.records.tables.measured import CellRow
from threads_or_processes.records.vocabulary import Family
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Block,
    Column,
    Fold,
    Heading,
    Paragraph,
    Section,
    Table,
)

HOW_TO_READ = (
    "Times are medians over trials. Quiet ones rest on the repetitions beside which the "
    "sentinel saw no neighbour, and say what the work costs on this hardware; typical ones "
    "on all repetitions, and say what a user of the machine saw. Where quiet time was too "
    "rare, the basis is typical and the interval is the wider for it. The interval "
    "of a median comes from order statistics and only reaches certain levels, so the level "
    "it attains is shown. With fewer than six blocks none reaches 95 %."
)


def build(evidence: Evidence) -> Iterator[Section]:
    """Tables of cells by workload and of ratios by contrast, in the tables' order."""
    campaign, tables = evidence.campaign, evidence.tables
    timed = [row for row in tables.cells if row.timing != "memory"]
    asked = (cell for e in campaign.experiments for cell in campaign.cells_of(e))
    workloads = dict.fromkeys(cell.workload for cell in asked if cell.timing != "memory")
    contrasts = dict.fromkeys(row.contrast for row in tables.ratios)
    cells: list[Block] = [
        _cells(name, [row for row in timed if row.workload == name], evidence) for name in workloads
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
            Paragraph(HOW_TO_READ),
            Heading(text="Times of every cell"),
            *(cells or [Paragraph("There are no cells.")]),
            Heading(text="Ratios by question"),
            *(ratios or [Paragraph("No two cells can be compared.")]),
        ),
    )


def _cells(workload: str, rows: Sequence[CellRow], evidence: Evidence) -> Fold:
    campaign = evidence.campaign
    unit = text.unit_for(row.median_ns for row in rows)
    columns_ns = (
        [row.typical_ns for row in rows],
        [row.median_ns for row in rows],
        [row.ci_low_ns for row in rows],
        [row.ci_high_ns for row in rows],
        [row.min_ns for row in rows],
        [row.max_ns for row in rows],
    )
    times = list(zip(*(text.times_in(column, unit) for column in columns_ns), strict=True))
    baseline = evidence.tables.serial(workload, campaign.reference_arm)
    title = campaign.title(workload)
    summary = f"{title}: {text.count(len(rows), 'cell')}"
    if baseline is not None and baseline.median_ns is not None:
        summary += f", serial on {campaign.reference_arm} takes {text.time(baseline.median_ns)}"
    return Fold(
        summary=summary,
        content=Table(
            caption=f"{title}: time of a batch by model, workers and arm",
            columns=(
                Column(header="Model"),
                Column(header="Workers", numeric=True),
                Column(header="Arm"),
                Column(header="Timing"),
                Column(header="Trials ok / planned", numeric=True),
                Column(header="Basis"),
                Column(header="Quiet time", numeric=True),
                Column(header="Typical", unit=unit.symbol, numeric=True),
                Column(header="Median", unit=unit.symbol, numeric=True),
                Column(header="Low", unit=unit.symbol, numeric=True),
                Column(header="High", unit=unit.symbol, numeric=True),
                Column(header="Level", numeric=True),
                Column(header="Fastest trial", unit=unit.symbol, numeric=True),
                Column(header="Slowest trial", unit=unit.symbol, numeric=True),
                Column(header="Variation between trials", numeric=True),
            ),
            rows=tuple(
                (
                    campaign.model_title(row.model),
                    words.workers(row.workers, row.worker_kind),
                    row.arm,
                    row.timing if row.replicate == 1 else f"{row.timing}, once more",
                    f"{row.ok} / {row.planned}",
                    row.basis or text.MISSING,
                    text.percent(row.quiet_share_ratio),
                    *shown[:4],
                    text.percent(row.ci_level, 3) if row.ci_low_ns is not None else text.MISSING,
                    *shown[4:],
                    text.percent(row.between_trial_cv_ratio),
                )
                for row, shown in zip(rows, times, strict=True)
            ),
            row_headers=4,
        ),
    )


def _ratios(contrast: str, rows: Sequence[RatioRow], campaign: Campaign) -> Fold:
    title = words.contrast_title(contrast, campaign.reference_arm)
    return Fold(
        summary=f"{title}: {text.count(len(rows), 'ratio')}",
        note=words.contrast_note(contrast),
        content=Table(
            caption=f"{title}: baseline time divided by the cell's time, paired by block",
            columns=(
                Column(header="Workload"),
                Column(header="Cell"),
                Column(header="Baseline"),
                Column(header="Timing"),
                Column(header="Cell takes"),
                Column(header="Baseline takes"),
                Column(header="Ratio", unit="×", numeric=True),
                Column(header="Low", unit="×", numeric=True),
                Column(header="High", unit="×", numeric=True),
                Column(header="Level", numeric=True),
                Column(header="Blocks", numeric=True),
                Column(header="Reading"),
            ),
            rows=tuple(_ratio(row, campaign) for row in rows),
            row_headers=4,
        ),
    )


def _side(cell_id: str, campaign: Campaign) -> str:
    """One side of a comparison: `model, n workers, arm`."""
    cell = campaign.cells_by_id[cell_id]
    model = campaign.models[cell.model]
    workers = None if model.family is Family.SERIAL else cell.workers
    return f"{words.choice(model.title, workers)}, {cell.arm}"


def _ratio(row: RatioRow, campaign: Campaign) -> tuple[str, ...]:
    interval = row.intervals
    return (
        campaign.title(row.workload),
        _side(row.cell, campaign),
        _side(row.baseline_cell, campaign),
        row.timing,
        text.time(row.cell_ns),
        text.time(row.baseline_ns),
        text.ratio_cell(row.ratio),
        text.ratio_cell(interval.ci_low_ratio),
        text.ratio_cell(interval.ci_high_ratio),
        text.MISSING if interval.ci_low_ratio is None else text.percent(interval.ci_level, 3),
        str(row.blocks),
        words.reading_word(row.reading),
    )
