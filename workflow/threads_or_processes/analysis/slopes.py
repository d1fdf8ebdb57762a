"""The table of slopes: what workers cost in all, and what each one more of them costs.

Start-up (cold cells) and memory (weighed cells) as a straight line over the number of workers. All
counts take part, those beyond the cores too: workers are created one after another by the parent,
and weigh the same whether they have a core or not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from threads_or_processes.analysis.curves import Curve, curve_of, well_covered
from threads_or_processes.analysis.estimates import Floats, centre, estimate_median
from threads_or_processes.analysis.experiment_tables import PARTS
from threads_or_processes.analysis.frames import frame
from threads_or_processes.analysis.trial_values import Times, TimesByBlock, by_block
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.experiments import SlopeRow
from threads_or_processes.records.tables.groups import Bounded, Intervals
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
) -> pd.DataFrame:
    """Rows (`SlopeRow`) for each workload, model and arm whose start-up or weight is known.

    `trials` is the data set, `values` its ok trials (`trial_values`). Three rows for start-up
    (first result, tear-down, whole life), all on the basis that the wall times of all their cells
    allow; one for memory. The replay of the notebook is left out: its work grows with its workers.
    """
    parts = {
        (basis, part): by_block(values, f"{prefix}{column}")
        for basis, prefix in ((Basis.QUIET, "quiet_"), (Basis.TYPICAL, ""))
        for part, column in PARTS.items()
    }
    weighed = trials[trials["outcome"] == "ok"].drop_duplicates("trial_id")
    weights = by_block(weighed, f"memory_{WEIGHT}_bytes")
    rows: list[dict[str, Any]] = []
    for cells in _ways(plan):
        if cells[0].timing == Timing.COLD:
            rows += _startup(cells, parts, times, plan.confidence)
        else:
            ids = _covered(cells, weights)
            row = _line_columns(ids, weights, plan.confidence)
            rows.append(_way(cells) | {"quantity": f"{WEIGHT}_bytes"} | row)
    return frame(rows, SlopeRow)


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


def _way(cells: Sequence[Cell]) -> dict[str, Any]:
    names = ("workload", "model", "start_method", "arm", "timing")
    return {name: getattr(cells[0], name) for name in names}


def _covered(cells: Sequence[Cell], values: TimesByBlock) -> dict[int, str]:
    """The ids, by number of workers, of the cells that enough blocks have a value of."""
    ids = {cell.workers: cell.id for cell in cells}
    kept = well_covered({count: values.get(ids[count], {}) for count in ids})
    return {count: ids[count] for count in kept}


def _startup(
    cells: Sequence[Cell],
    parts: Mapping[tuple[Basis, str], TimesByBlock],
    times: Times,
    confidence: float,
) -> Iterator[dict[str, Any]]:
    ids = _covered(cells, times.typical)
    basis = times.basis(*ids.values()) if ids else None
    for part in PARTS:
        row = _way(cells) | {"quantity": f"{part}_ns"}
        if basis is not None:
            row |= {"basis": basis}
        yield row | _line_columns(ids, parts[basis or Basis.TYPICAL, part], confidence)


def _line_columns(
    ids: Mapping[int, str], values: TimesByBlock, confidence: float
) -> dict[str, Any]:
    """The line over these cells' values, by number of workers; what is missing, and why."""
    row: dict[str, Any] = {"counts": len(ids), "blocks": 0}
    if ids:
        row |= {"least_workers": min(ids), "most_workers": max(ids)}
    if len(ids) < FEWEST_COUNTS:
        return row | {"state": SlopeState.TOO_FEW_COUNTS}
    curve = curve_of({count: values.get(cell, {}) for count, cell in ids.items()})
    row |= {"blocks": curve.blocks, "state": SlopeState.TOO_FEW_BLOCKS}
    if not curve.blocks:
        return row
    lines = lines_of_blocks(curve)
    for name, values_of_blocks in zip(("fixed", "per_worker"), lines, strict=True):
        row[name] = Bounded(value=float(np.median(values_of_blocks)))
        if interval := estimate_median(values_of_blocks, confidence=confidence):
            row |= {
                "state": SlopeState.FITTED,
                name: replace(row[name], low=interval.low, high=interval.high),
                "intervals": Intervals(ci_level=interval.level, ci_method=interval.method),
            }
    if len(ids) > FEWEST_COUNTS:
        row |= {"misfit_ratio": misfit(curve, lines)}
    return row


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
