"""Efficiency of workers, and which law of scaling describes it."""

from threads_or_processes.records.tables.experiments import ScalingRow
from threads_or_processes.records.tables.groups import Bounded, Ratio
from threads_or_processes.records.vocabulary import SCALING, FitState
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Column, Number, Paragraph, Table, table_of

STATES = {
    FitState.TOO_FEW_COUNTS: "fewer than four worker counts that the machine can run at a time",
    FitState.TOO_FEW_BLOCKS: "fewer than six blocks",
    FitState.POOR_FIT: "no law fits",
    FitState.WEAKLY_IDENTIFIED: "no peak in range",
    FitState.PEAK_BEYOND: "a peak too far out to be credible",
    FitState.IDENTIFIED: "a peak",
}


def efficiency(evidence: Evidence) -> tuple[Table, Paragraph]:
    """Efficiency and serial fraction of every cell of the scaling experiment."""
    campaign = evidence.campaign
    return (
        table_of(
            _scaled(evidence),
            (
                Column("Work", lambda row: campaign.title(row.workload)),
                Column("Model", lambda row: campaign.model_title(row.model)),
                Column("Build", lambda row: row.arm),
                Number("Workers", lambda row: words.workers(row.workers, row.worker_kind)),
                Number("Serial takes", lambda row: text.time(row.baseline_ns)),
                Number("Speedup", lambda row: _ratio(row.speedup), "×"),
                Number("Efficiency", lambda row: _ratio(row.efficiency)),
                Number("Serial fraction", lambda row: _ratio(row.serial_fraction)),
            ),
            caption="Efficiency and serial fraction",
            row_headers=4,
        ),
        Paragraph(
            "Efficiency: speedup over serial on the same build, divided by the worker count. "
            "Serial fraction (Karp and Flatt): the share of serial work that would explain the "
            "speedup. It grows with the worker count if workers cause overhead or outnumber the "
            "CPUs. It is negative if the speedup exceeds the worker count.",
            style="note",
        ),
    )


def beyond_workers(evidence: Evidence) -> Paragraph | None:
    """The speedups over serial on the same build that exceed the number of workers, if any do."""
    campaign = evidence.campaign
    exceeding = [
        (row, speedup, told)
        for row in _scaled(evidence)
        for speedup in [Ratio.of(row.speedup.value, row.speedup.low, row.speedup.high)]
        if speedup is not None and (told := words.beyond_workers(speedup, row.workers))
    ]
    if not exceeding:
        return None
    row, speedup, told = max(exceeding, key=lambda one: one[1].value / one[0].workers)
    many = text.part(len(exceeding), len(_scaled(evidence)), "speedup", "exceed")
    return Paragraph(
        f"Over serial on the same build, {many} the number of workers. The furthest: "
        f"{campaign.described(row.cell)}, {words.figures(speedup)}. It {told[0].lower()}{told[1:]}."
    )


def _scaled(evidence: Evidence) -> list[ScalingRow]:
    """The cells of the scaling experiment that have a speedup."""
    planned = evidence.campaign.experiment(SCALING)
    cells = set(planned.cells) if planned else set()
    return [
        row
        for row in evidence.tables.scaling
        if row.cell in cells and row.speedup.value is not None
    ]


def table(evidence: Evidence) -> Table:
    """The laws of every curve of the scaling experiment that allows them."""
    campaign = evidence.campaign
    scaled = {workload.label for workload in campaign.scaled}
    return table_of(
        [row for row in evidence.tables.fits if row.workload in scaled and row.preferred],
        (
            Column("Work", lambda row: campaign.title(row.workload)),
            Column("Model", lambda row: campaign.model_title(row.model)),
            Column("Build", lambda row: row.arm),
            Number(
                "Amdahl: contention",
                lambda row: _ratio(row.amdahl.contention if row.amdahl else None),
            ),
            Number(
                "Universal: contention", lambda row: _ratio(row.usl.contention if row.usl else None)
            ),
            Number("coherency", lambda row: _ratio(row.usl_coherency)),
            Column("Better", lambda row: "Amdahl" if row.preferred == "amdahl" else "universal"),
            Number("Peak", lambda row: text.whole(row.peak.value or None), "workers"),
            Column("Found", lambda row: STATES[row.state]),
        ),
        caption="Laws of scaling: contention (serial share of the work) and, in the universal law, "
        "coherency (cost of each pair of workers)",
        row_headers=3,
    )


def why_none(evidence: Evidence) -> tuple[str, ...]:
    """A sentence on why no law is shown; none if one is."""
    scaled = {workload.label for workload in evidence.campaign.scaled}
    rows = [row for row in evidence.tables.fits if row.workload in scaled]
    if not rows or any(row.preferred for row in rows):
        return ()
    reasons = dict.fromkeys(STATES[row.state] for row in rows)
    return (f"No law of scaling is fitted: {text.listing(list(reasons), 'or')}.",)


def _ratio(ratio: Bounded | None) -> str:
    """A ratio with its interval, where it has one."""
    return text.bounded(ratio, text.ratio_cell)
