"""The table of slopes: what workers cost in all, and what each one more of them costs.

Start-up (cold cells) and memory (weighed cells) as a straight line over the number of workers. All
counts take part, those beyond the cores too: workers are created one after another by the parent,
and weigh the same whether they have a core or not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from threads_or_processes.analysis.curves import ByWorkers, Curve, covered, curve_of
from threads_or_processes.analysis.estimates import Floats, bounded_median, centre
from threads_or_processes.analysis.experiment_tables import PARTS
from threads_or_processes.analysis.trial_values import (
    Times,
    by_block,
    column_on,
    ok_trials,
)
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.experiments import SlopeRow
from threads_or_processes.records.vocabulary import (
    NOTEBOOK_WORKLOAD,
    Basis,
    Family,
    SlopeState,
    Timing,
)

WEIGHT = "idle"

FEWEST_COUNTS = 2


def slopes_table(
    plan: Plan, trials: pd.DataFrame, values: pd.DataFrame, times: Times
) -> list[SlopeRow]:
    """Rows for each workload, model and arm whose start-up or weight is known.

    `trials` is the data set, `values` its ok trials (`trial_values`). Three rows for start-up
    (first result, tear-down, whole life), all on the basis that the wall times of all their cells
    allow; one for memory. The replay of the notebook is left out: its work grows with its workers.
    """
    parts = {
        (basis, part): by_block(values, column_on(basis, column))
        for basis in Basis
        for part, column in PARTS.items()
    }
    weights = by_block(ok_trials(trials), f"memory_{WEIGHT}_bytes")
    rows = []
    for cells in _ways(plan):
        first, is_cold = cells[0], cells[0].timing is Timing.COLD
        ids = covered(cells, times.typical if is_cold else weights)
        basis = times.basis_of_shared(*ids.values()) if is_cold and ids else None
        quantities = (
            {f"{part}_ns": parts[basis or Basis.TYPICAL, part] for part in PARTS}
            if is_cold
            else {f"{WEIGHT}_bytes": weights}
        )
        for quantity, by_cell in quantities.items():
            row = SlopeRow(
                workload=first.workload,
                model=first.model,
                start_method=first.start_method,
                arm=first.arm,
                timing=Timing.COLD if is_cold else Timing.MEMORY,
                quantity=quantity,
                counts=len(ids),
                least_workers=min(ids, default=None),
                most_workers=max(ids, default=None),
                basis=basis,
                blocks=0,
                state=SlopeState.TOO_FEW_COUNTS,
            )
            by_workers = {count: by_cell.get(cell, {}) for count, cell in ids.items()}
            rows.append(_with_line(row, by_workers, plan.confidence))
    return rows


def _ways(plan: Plan) -> Iterator[Sequence[Cell]]:
    """Cells that differ in the number of workers only, in the order of cells."""
    ways: dict[tuple[str, ...], list[Cell]] = {}
    for cell in plan.in_order():
        if (
            cell.timing in (Timing.COLD, Timing.MEMORY)
            and cell.replicate == 1
            and cell.workload != NOTEBOOK_WORKLOAD
            and plan.family(cell) is not Family.SERIAL
        ):
            way = (cell.workload, cell.arm, cell.timing, cell.model)
            ways.setdefault(way, []).append(cell)
    yield from ways.values()


def _with_line(row: SlopeRow, by_workers: ByWorkers, confidence: float) -> SlopeRow:
    """The row with the line over its quantity, as far as there is one."""
    if len(by_workers) < FEWEST_COUNTS:
        return row
    curve = curve_of(by_workers)
    if not curve.blocks:
        return replace(row, state=SlopeState.TOO_FEW_BLOCKS)
    lines = lines_of_blocks(curve)
    fixed, intervals = bounded_median(lines[0], confidence)
    per_worker, _ = bounded_median(lines[1], confidence)
    return replace(
        row,
        blocks=curve.blocks,
        state=SlopeState.FITTED if curve.blocks > 1 else SlopeState.TOO_FEW_BLOCKS,
        fixed=fixed,
        per_worker=per_worker,
        intervals=intervals,
        misfit_ratio=misfit(curve, lines) if len(by_workers) > FEWEST_COUNTS else None,
    )


def lines_of_blocks(curve: Curve) -> Floats:
    """Each block's own least squares line: cost without workers, cost of each; (2, blocks).

    What a block's trials have in common is in its line, so the blocks' lines are independent, and
    their medians have intervals by order statistics: Student's t, simulated on trials of which one
    in five is disturbed, holds the cost of a worker 77 % of the time at six blocks and 88 % at ten,
    a bootstrap of the blocks less.
    """
    distance = curve.workers - curve.workers.mean()
    middle = centre(curve.values)
    distances = curve.values - middle[:, None]
    per_worker = (distances * distance).sum(axis=1) / (distance**2).sum()
    return np.stack([middle - per_worker * curve.workers.mean(), per_worker])


def misfit(curve: Curve, lines: Floats) -> float | None:
    """How far the blocks' lines miss the worst count, over the largest value (0.03 is 3 %).

    Both are medians of the blocks; None where all values are 0.
    """
    fixed, per_worker = lines[..., None]
    missed = np.abs(np.median(curve.values - fixed - per_worker * curve.workers, axis=0))
    largest = float(np.median(curve.values, axis=0).max())
    return float(missed.max()) / largest if largest > 0 else None
