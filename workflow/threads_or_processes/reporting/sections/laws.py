"""What workers are made use of, and which law describes it."""

from threads_or_processes.records.tables.experiments import FitRow, ScalingRow
from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.records.vocabulary import SCALING, FitState
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Column, Fold, Table

WAY = (Column(header="Work"), Column(header="Model"), Column(header="Arm"))

STATES: dict[str, str] = {
    FitState.TOO_FEW_COUNTS: "fewer than four numbers of workers within the cores",
    FitState.TOO_FEW_BLOCKS: "fewer than six blocks",
    FitState.POOR_FIT: "no law fits",
    FitState.WEAKLY_IDENTIFIED: "no peak within sight",
    FitState.PEAK_BEYOND: "a peak beyond what can be believed",
    FitState.IDENTIFIED: "a peak",
}


def efficiency(evidence: Evidence) -> Fold:
    """Efficiency and serial fraction of every cell of the scaling experiment."""
    campaign = evidence.campaign
    planned = campaign.experiment(SCALING)
    cells = set(planned.cells) if planned else set()
    return Fold(
        summary="Efficiency and serial fraction",
        note="Efficiency is the speed-up over serial on the same arm, divided by the workers. "
        "The serial fraction (Karp and Flatt) is the share of the work that, done by one worker "
        "at a time, would explain the speed-up: the same for every number of workers if that is "
        "so, growing if workers cost overhead, below 0 if the speed-up is more than the workers.",
        content=Table(
            caption="What the workers of the scaling experiment come to",
            columns=(
                *WAY,
                Column(header="Workers", numeric=True),
                Column(header="Serial takes", numeric=True),
                Column(header="Speed-up", unit="×", numeric=True),
                Column(header="Efficiency", numeric=True),
                Column(header="Serial fraction", numeric=True),
            ),
            rows=tuple(
                _efficiency(row, campaign)
                for row in evidence.tables.scaling
                if row.cell in cells and row.speedup.value is not None
            ),
            row_headers=4,
        ),
    )


def _efficiency(row: ScalingRow, campaign: Campaign) -> tuple[str, ...]:
    cell = campaign.cells_by_id[row.cell]
    return (
        campaign.title(cell.workload),
        campaign.model_title(cell.model),
        cell.arm,
        words.workers(cell.workers, cell.worker_kind),
        text.time(row.baseline_ns),
        _ratio(row.speedup),
        _ratio(row.efficiency),
        _ratio(row.serial_fraction),
    )


def table(evidence: Evidence) -> Table:
    """The laws of every curve of the scaling experiment that allows them."""
    campaign = evidence.campaign
    scaled = {workload.label for workload in campaign.scaled}
    return Table(
        caption="Laws of scaling, fitted up to the physical cores: the contended share of the work "
        "and, in the universal law, what each pair of workers costs",
        columns=(
            *WAY,
            Column(header="Amdahl: contention", numeric=True),
            Column(header="Universal: contention", numeric=True),
            Column(header="coherency", numeric=True),
            Column(header="Better"),
            Column(header="Peak", unit="workers", numeric=True),
            Column(header="Found"),
        ),
        rows=tuple(
            _law(row, campaign)
            for row in evidence.tables.fits
            if row.workload in scaled and row.preferred
        ),
        row_headers=3,
    )


def _law(row: FitRow, campaign: Campaign) -> tuple[str, ...]:
    return (
        campaign.title(row.workload),
        campaign.model_title(row.model),
        row.arm,
        _ratio(row.amdahl.contention if row.amdahl else Bounded()),
        _ratio(row.usl.contention if row.usl else Bounded()),
        _ratio(row.usl_coherency),
        {None: "", "amdahl": "Amdahl", "usl": "universal"}[row.preferred],
        text.fixed(row.peak.value, 0) if row.peak.value else text.MISSING,
        STATES.get(row.state, row.state),
    )


def why_none(evidence: Evidence) -> tuple[str, ...]:
    """A sentence on why no law is shown; none if one is."""
    scaled = {workload.label for workload in evidence.campaign.scaled}
    rows = [row for row in evidence.tables.fits if row.workload in scaled]
    if not rows or any(row.preferred for row in rows):
        return ()
    reasons = dict.fromkeys(STATES.get(row.state, row.state) for row in rows)
    return (f"No law of scaling is fitted: {text.listing(list(reasons), 'or')}.",)


def _ratio(ratio: Bounded) -> str:
    """A ratio with its interval, where it has one."""
    return text.bounded(ratio, text.ratio_cell)
