"""How good times are: each cell's (quality), and what cells of a block have in common (pairing)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from threads_or_processes.analysis.cells import cell_columns
from threads_or_processes.analysis.estimates import estimate_median
from threads_or_processes.analysis.flags import drift, two_modes, warm_up
from threads_or_processes.analysis.trial_values import (
    Times,
    TimesByBlock,
    TrialsOfCell,
    by_block,
    trials_of_cell,
)
from threads_or_processes.analysis.variation import lag1_autocorrelation, layout, nesting, outliers
from threads_or_processes.records.plan import Cell, PeersName, Plan
from threads_or_processes.records.tables.measured import PairingRow, QualityRow
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, Basis, Timing

NO_TRIAL = "no ok trial"
TOO_FEW_TRIALS = f"fewer than {FEWEST_BLOCKS} trials, too few to tell"
TOO_FEW_BLOCKS = f"the cells share fewer than {FEWEST_BLOCKS} blocks, too few to tell"
ONE_CELL = "fewer than two cells with an ok trial"
SAME_TRIALS = "all trials took the same time"
SAME_TIMES = "all times are the same"


def quality_table(plan: Plan, values: pd.DataFrame, times: Times) -> list[QualityRow]:
    """One row for each planned cell that is timed, in the order of cells.

    `values` are the ok trials (`trial_values`). All numbers of a cell are on the basis that its
    wall times allow; `note` says why some are missing.
    """
    by_cell = dict(iter(values.groupby("cell")))
    rows = []
    for cell in plan.in_order():
        if cell.timing is Timing.MEMORY:
            continue
        if cell.id in by_cell:
            basis = times.basis(cell.id)
            rows.append(quality_of(cell, trials_of_cell(by_cell[cell.id], basis), basis, plan))
        else:
            rows.append(QualityRow(**cell_columns(cell), trials=0, note=NO_TRIAL))
    return rows


def quality_of(cell: Cell, trials: TrialsOfCell, basis: Basis, plan: Plan) -> QualityRow:
    """The row of one cell's trials, whose times are on this basis."""
    wall_ns, log_times = np.sort(trials.wall_ns), np.log(trials.wall_ns)
    row = QualityRow(**cell_columns(cell), trials=wall_ns.size, basis=basis)
    if interval := estimate_median(wall_ns, confidence=plan.confidence):
        half_width_ns = (interval.high - interval.low) / 2
        row = replace(row, half_width_ratio=half_width_ns / float(np.median(wall_ns)))
    if wall_ns.size < FEWEST_BLOCKS:
        return replace(row, note=TOO_FEW_TRIALS)
    mild, severe = outliers(wall_ns)
    trend, start = drift(log_times), warm_up(trials.repetitions_ns)
    parts = nesting(trials.repetitions_ns)
    return replace(
        row,
        mild_outliers=mild,
        severe_outliers=severe,
        modes_ratio=two_modes(log_times, margin=plan.margin),
        lag1_autocorrelation=lag1_autocorrelation(log_times),
        drift=trend,
        note=None if trend else SAME_TRIALS,
        first_ratio=start.first_ratio if start else None,
        first_p_value=start.p_value if start else None,
        repetitions=parts.repetitions if parts else None,
        icc_ratio=parts.icc_ratio if parts else None,
        effective_repetitions=parts.effective_repetitions if parts else None,
    )


def pairing_table(plan: Plan, values: pd.DataFrame, times: Times) -> list[PairingRow]:
    """One row for each workload and timing, in the order of cells.

    Cells of one workload are compared with each other, so it is their blocks that matter. Cells
    without an ok trial take no part; blocks do in which all others have one. All times are on the
    basis that these cells allow together. Blocks are in the order in which they ran: by the median
    start of their trials.
    """
    groups: dict[PeersName, list[str]] = {}
    for cell in plan.in_order():
        if cell.timing is not Timing.MEMORY:
            groups.setdefault(cell.peers, []).append(cell.id)
    started = by_block(values, "started_unix_ns")
    return [_pairing(peers, cells, times, started) for peers, cells in groups.items()]


def _pairing(
    peers: PeersName, planned: Sequence[str], times: Times, started: TimesByBlock
) -> PairingRow:
    cells = [cell for cell in planned if cell in times.typical]
    row = PairingRow(workload=peers[0], timing=Timing(peers[1]), cells=len(cells))
    if len(cells) < 2:
        return replace(row, note=ONE_CELL)
    basis = times.basis_of_shared(*cells)
    on_basis = times.on(basis)
    shared = set[int].intersection(*(set(on_basis.get(cell, {})) for cell in cells))
    row = replace(row, blocks=len(shared), basis=basis)
    if len(shared) < FEWEST_BLOCKS:
        return replace(row, note=TOO_FEW_BLOCKS)
    blocks = sorted(
        shared, key=lambda block: (np.median([started[cell][block] for cell in cells]), block)
    )
    parts = layout(np.log([[on_basis[cell][block] for block in blocks] for cell in cells]))
    if parts is None:
        return replace(row, note=SAME_TIMES)
    return replace(
        row,
        block_share_ratio=parts.block_share_ratio,
        residual_sd_ratio=parts.residual_sd,
        residual_autocorrelation=lag1_autocorrelation(parts.residuals),
        block_autocorrelation=lag1_autocorrelation(parts.block_effects),
        drift=drift(parts.block_effects),
    )
