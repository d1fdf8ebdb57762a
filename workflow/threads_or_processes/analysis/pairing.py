"""The table of pairing: what cells that ran in the same block have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from threads_or_processes.analysis.flags import drift
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.analysis.variation import lag1_autocorrelation, layout
from threads_or_processes.records.plan import PeersName, Plan
from threads_or_processes.records.tables.measured import PairingRow
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, Timing

ONE_CELL = "fewer than two cells with an ok trial"
TOO_FEW = f"the cells share fewer than {FEWEST_BLOCKS} blocks, too few to tell"
CONSTANT = "all times are the same"

#: cell -> block -> start of the trial in ns since 1970.
Starts = Mapping[tuple[str, int], int]


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
    starts = _starts(values)
    return [_row(peers, cells, times, starts) for peers, cells in groups.items()]


def _starts(values: pd.DataFrame) -> Starts:
    return {
        (str(cell), int(block)): int(start)
        for cell, block, start in zip(
            values["cell"], values["block"], values["started_unix_ns"], strict=True
        )
    }


def _row(peers: PeersName, planned: Sequence[str], times: Times, starts: Starts) -> PairingRow:
    cells = [cell for cell in planned if cell in times.typical]
    row = PairingRow(workload=peers[0], timing=Timing(peers[1]), cells=len(cells))
    if len(cells) < 2:
        return replace(row, note=ONE_CELL)
    basis = times.basis(*cells)
    on_basis = times.on(basis)
    shared = set[int].intersection(*(set(on_basis.get(cell, {})) for cell in cells))
    row = replace(row, blocks=len(shared), basis=basis)
    if len(shared) < FEWEST_BLOCKS:
        return replace(row, note=TOO_FEW)
    blocks = sorted(
        shared, key=lambda block: (np.median([starts[cell, block] for cell in cells]), block)
    )
    parts = layout(np.log([[on_basis[cell][block] for block in blocks] for cell in cells]))
    if parts is None:
        return replace(row, note=CONSTANT)
    return replace(
        row,
        block_share_ratio=parts.block_share_ratio,
        residual_sd_ratio=parts.residual_sd,
        residual_autocorrelation=lag1_autocorrelation(parts.residuals),
        block_autocorrelation=lag1_autocorrelation(parts.block_effects),
        drift=drift(parts.block_effects),
    )
