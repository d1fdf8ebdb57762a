"""Slow trials and workers that shared a CPU, beside the time of the fast mode."""

from collections.abc import Iterator, Sequence

from threads_or_processes.records.tables.measured import ModesRow, SlowModesRow
from threads_or_processes.records.vocabulary import SLOW_GAP
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Column, Fold, Number, Table, table_of

MEANING = (
    "A trial is slow if a gap of at least "
    f"{text.percent(SLOW_GAP)} separates it from the faster half of its configuration's trials. "
    "The fast mode is the median of the others. Workers are co-placed if two of them began or "
    "ended chunks on one CPU while another CPU had none."
)


def told(evidence: Evidence) -> Iterator[str]:
    """How many trials were slow and how many repetitions co-placed: a sentence an amount."""
    rows = evidence.tables.slow_modes
    for amount in dict.fromkeys(row.amount for row in rows):
        at_amount = [row for row in rows if row.amount == amount]
        slow = text.listing([_slow_of_family(row) for row in at_amount])
        shared = text.listing(
            [f"{shared_of(row)} of {row.family}" for row in at_amount if row.placed]
        )
        yield words.sentence(f"slow trials at {batches(amount)}: {slow}") + (
            f" Co-placed: {shared}." if shared else ""
        )


def _slow_of_family(row: SlowModesRow) -> str:
    share = text.bounded(row.slow_share, text.percent)
    return f"{text.part(row.slow_trials, row.trials, 'trial')} of {row.family} ({share})"


def shared_of(row: ModesRow | SlowModesRow | None) -> str:
    """Which part of the repetitions was co-placed: `3.4 % of 120 repetitions`."""
    if row is None or not row.placed or row.co_placed is None:
        return text.MISSING
    return f"{text.percent(row.co_placed / row.placed)} of {text.count(row.placed, 'repetition')}"


def batches(amount: int) -> str:
    """An amount of work: `8 batches`."""
    return text.count(amount, "batch", "batches")


def slow_of(row: ModesRow | None) -> str:
    """A cell's slow trials and how slow they are: `1 of 8, 1.25×`; a dash for too few trials."""
    if row is None or row.slow_trials is None:
        return text.MISSING
    found = f"{row.slow_trials} of {row.trials}"
    return f"{found}, {text.ratio_cell(row.slow_times_ratio)}×" if row.slow_trials else found


def modes_of_cells(rows: Sequence[ModesRow], campaign: Campaign, caption: str) -> Table:
    """A row for each cell and amount."""
    return table_of(
        rows,
        (
            Column("Work", lambda row: campaign.title(row.workload)),
            Column("Model", lambda row: campaign.model_title(row.model)),
            Number("Workers", lambda row: words.workers(row.workers, row.worker_kind)),
            Column("Build", lambda row: row.arm),
            Number("Batches", lambda row: str(row.amount)),
            Number("Fast mode", lambda row: text.bounded(row.fast, text.time)),
            Number("Slow trials", lambda row: slow_of(row)),
            Number("Share", lambda row: text.bounded(row.slow_share, text.percent)),
            Number("Co-placed", lambda row: shared_of(row)),
            Number("Pinned / free", lambda row: words.compared_briefly(row.over_free)),
            Number(
                "Time when co-placed / else", lambda row: text.ratio_cell(row.co_placed_times_ratio)
            ),
        ),
        caption=caption,
        row_headers=5,
    )


def of_every_cell(evidence: Evidence) -> Fold:
    """The cells that have slow trials or shared CPUs, at every amount."""
    rows = [row for row in evidence.tables.modes if row.slow_trials or row.co_placed]
    caption = "Configurations and amounts with slow trials or co-placed workers"
    return Fold(
        summary=f"{caption}: {len(rows)} of {len(evidence.tables.modes)}",
        note=MEANING,
        content=(modes_of_cells(rows, evidence.campaign, caption),),
    )
