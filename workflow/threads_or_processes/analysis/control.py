"""The A/A control: the same cell measured as two, so that every difference is noise."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from threads_or_processes.analysis.beyond_trials import Beyond, Twins, kind_of
from threads_or_processes.analysis.estimates import coefficient_of_variation
from threads_or_processes.analysis.ratio_estimates import RatioEstimate, estimate_ratio
from threads_or_processes.analysis.ratios import cell_columns, ratio_columns, samples_of
from threads_or_processes.analysis.trial_values import Times, TimesByBlock, wall_times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.comparisons import ControlRow
from threads_or_processes.records.vocabulary import Basis, Timing


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A cell and its replicate; no estimate without trials of both.

    The estimate's intervals are by their trials alone.
    """

    cell: Cell
    first: Cell
    basis: Basis
    estimate: RatioEstimate | None


def pairs(plan: Plan, times: Times) -> list[Pair]:
    """Each timed replicate with the first of its kind, in the order of cells."""
    firsts = {_place(cell): cell for cell in plan.cells if cell.replicate == 1}
    return [
        _pair(cell, firsts[_place(cell)], times, plan.confidence)
        for cell in plan.in_order()
        if cell.replicate > 1 and cell.timing is not Timing.MEMORY and _place(cell) in firsts
    ]


def _pair(cell: Cell, first: Cell, times: Times, confidence: float) -> Pair:
    basis = times.basis(cell.id, first.id)
    samples = samples_of(times, basis, cell=cell.id, baseline=first.id)
    estimate = (
        estimate_ratio(samples, confidence=confidence, beyond=Beyond())
        if samples is not None
        else None
    )
    return Pair(cell=cell, first=first, basis=basis, estimate=estimate)


def twins(measured: list[Pair]) -> Iterator[Twins]:
    """How far apart the two measurements of each pair are, and what their trials account for."""
    for pair in measured:
        if pair.estimate is not None and pair.estimate.blocks > 1:
            yield Twins(
                kind=kind_of(pair.cell),
                log_ratio=math.log(pair.estimate.ratio),
                standard_error=pair.estimate.samples.standard_error,
            )


def control_table(measured: list[Pair], times: Times) -> list[ControlRow]:
    """One row for each pair. One without a shared block has no ratio."""
    return [_row(pair, times) for pair in measured]


def _place(cell: Cell) -> tuple[str, str, int, str, str]:
    return cell.workload, cell.model, cell.workers, cell.arm, cell.timing


def _row(pair: Pair, times: Times) -> ControlRow:
    cell, first = pair.cell, pair.first
    row = ControlRow(
        **cell_columns(cell),
        worker_kind=cell.worker_kind,
        baseline_cell=first.id,
        blocks=0,
        quiet_cv_ratio=_variation(times.quiet, cell),
        quiet_baseline_cv_ratio=_variation(times.quiet, first),
        typical_cv_ratio=_variation(times.typical, cell),
        typical_baseline_cv_ratio=_variation(times.typical, first),
    )
    if pair.estimate is None:
        return row
    return replace(row, basis=pair.basis, **ratio_columns(pair.estimate))


def _variation(times: TimesByBlock, cell: Cell) -> float | None:
    return coefficient_of_variation(wall_times(times, cell.id))
