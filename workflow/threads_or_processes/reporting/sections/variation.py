"""How much times vary: from block to block, from trial to trial, from repetition to repetition."""

from threads_or_processes.records.tables.groups import Trend
from threads_or_processes.records.tables.measured import DistributionRow
from threads_or_processes.records.vocabulary import Basis, Timing
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Column, Fold, Number, table_of


def drift(evidence: Evidence) -> Fold:
    """What blocks have in common, and whether it changes from the first to the last."""
    return Fold(
        summary="Order and drift by block",
        note="Blocks run one after the other. Block effects cancel in every ratio; drift affects "
        "absolute times only. p: rank correlation (Mann-Kendall), two-sided, unadjusted.",
        content=(
            table_of(
                [row for row in evidence.tables.pairing if row.blocks],
                (
                    Column("Work", lambda row: evidence.campaign.title(row.workload)),
                    Column("Timing", lambda row: row.timing),
                    Column("Repetitions", lambda row: words.basis(row.basis)),
                    Number("Configurations", lambda row: str(row.cells)),
                    Number("Blocks", lambda row: str(row.blocks)),
                    Number(
                        "Share of the variance", lambda row: text.percent(row.block_share_ratio)
                    ),
                    Number("Residual variation", lambda row: text.percent(row.residual_sd_ratio)),
                    Number(
                        "Autocorrelation",
                        lambda row: text.number(row.block_autocorrelation),
                    ),
                    Number("Last block / first", lambda row: _change(row.drift)),
                    Number("p", lambda row: _p(row.drift)),
                ),
                caption="Block effects and drift",
                row_headers=2,
            ),
        ),
    )


def _change(drift: Trend | None) -> str:
    return text.ratio_cell(drift.change_ratio if drift else None)


def _p(drift: Trend | None) -> str:
    return text.number(drift.p_value if drift else None)


def outliers(evidence: Evidence) -> Fold:
    """How the trials of every cell are spread, and whether their order matters."""
    return Fold(
        summary="Outliers, drift and first repetitions",
        note="Outliers are trials more than 1.5 (mild) or 3 (severe) interquartile ranges beyond a "
        "quartile. They count like all others.",
        content=(
            table_of(
                [row for row in evidence.tables.quality if row.mild_outliers is not None],
                (
                    Column("Configuration", lambda row: _named(row.cell, evidence.campaign)),
                    Number("Trials", lambda row: str(row.trials)),
                    Column("Repetitions", lambda row: words.basis(row.basis)),
                    Number("Mild outliers", lambda row: text.whole(row.mild_outliers)),
                    Number("Severe", lambda row: text.whole(row.severe_outliers)),
                    Number("Slower mode / faster", lambda row: text.ratio_cell(row.modes_ratio)),
                    Number("Last trial / first", lambda row: _change(row.drift)),
                    Number("p", lambda row: _p(row.drift)),
                    Number(
                        "Autocorrelation",
                        lambda row: text.number(row.lag1_autocorrelation),
                    ),
                    Number(
                        "First repetition / others", lambda row: text.ratio_cell(row.first_ratio)
                    ),
                    Number("Between trials", lambda row: text.percent(row.icc_ratio)),
                ),
                caption="Every configuration with enough trials",
            ),
        ),
    )


#: Shares of the repetitions whose times are shown.
PERCENTILES = (0.05, 0.5, 0.95, 0.99)


def percentiles(evidence: Evidence) -> Fold:
    """Tails matter to who waits: a median says nothing about the slowest twentieth."""
    cells: dict[str, dict[float, DistributionRow]] = {}
    for row in evidence.tables.distributions:
        cells.setdefault(row.cell, {})[row.share_ratio] = row
    shown = [share for share in PERCENTILES if any(share in of for of in cells.values())]

    def percentile(basis: Basis, share: float) -> Number[str]:
        def time(cell: str) -> str:
            row = cells[cell].get(share)
            return text.time(getattr(row, f"{basis}_ns") if row else None)

        return Number(f"{words.capital(words.basis(basis))}, {text.percent(share)}", time)

    return Fold(
        summary="Percentiles of the repetitions",
        note="The time that a share of the repetitions does not exceed; trials have equal weight.",
        content=(
            table_of(
                cells if shown else (),
                (
                    Column("Configuration", lambda cell: _named(cell, evidence.campaign)),
                    *(
                        percentile(basis, share)
                        for basis in (Basis.TYPICAL, Basis.QUIET)
                        for share in shown
                    ),
                ),
                caption="Percentiles of the repetitions",
            ),
        ),
    )


def _named(cell_id: str, campaign: Campaign) -> str:
    """A cell in one place of a table: work, model, workers, arm, and its timing unless warm."""
    cell = campaign.cells_by_id[cell_id]
    again = "once more" if cell.replicate > 1 else ""
    timing = "" if cell.timing is Timing.WARM else cell.timing
    workers = text.count(cell.workers, "worker")
    parts = (campaign.title(cell.workload), campaign.model_title(cell.model), workers, cell.arm)
    return ", ".join(part for part in (*parts, timing, again) if part)
