"""The table of decisions: for each kind of work and arm, what was fastest and by how much.

The best cell is chosen from the data it is then judged on, so its interval flatters it a little;
the reading against the runner-up says whether the choice matters at all. Where it is `equal`, the
simpler of the two models will do.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from workflow.analysis import columns
from workflow.analysis.estimates import geometric_mean
from workflow.analysis.planned import NOTEBOOK_WORKLOAD, SERIAL, Cell, Family, Plan, Timing, family
from workflow.analysis.ratios import Comparison, compare
from workflow.analysis.trial_values import Times, wall_times

#: Of cells with equal times the simpler one comes first.
SIMPLEST_FIRST = (Family.SERIAL, Family.THREADS, Family.PROCESSES)

#: Compares a cell with a baseline (both by id).
Judge = Callable[[str, str], Comparison | None]


def decisions_table(plan: Plan, trials: pd.DataFrame, times: Times) -> pd.DataFrame:
    """One row (`columns.DECISIONS`) for each workload and arm with warm cells in the plan.

    A cell is a candidate when it has an ok trial and none that failed: what crashed or gave a
    wrong result once is not recommended, however fast. The notebook's replay is no candidate.
    """
    warm = [
        cell
        for cell in plan.in_order()
        if cell.timing == Timing.WARM and cell.workload != NOTEBOOK_WORKLOAD
    ]
    failed = set(trials.loc[trials["outcome"] != "ok", "cell"])
    means_ns = {
        cell.id: geometric_mean(wall_times(times.of(cell.id), cell.id))
        for cell in warm
        if cell.id in times.typical and cell.id not in failed
    }
    judge = partial(_judge, times, plan)
    serials = {(cell.workload, cell.arm): cell.id for cell in warm if cell.model == SERIAL}
    rows = []
    for workload, arm in dict.fromkeys((cell.workload, cell.arm) for cell in warm):
        fastest_first = sorted(
            (
                cell
                for cell in warm
                if (cell.workload, cell.arm) == (workload, arm) and cell.id in means_ns
            ),
            key=partial(_rank, means_ns),
        )
        decision = _decision(
            fastest_first,
            judge,
            own_serial=serials.get((workload, arm)),
            reference_serial=serials.get((workload, plan.reference_arm)),
        )
        best_ns = means_ns[fastest_first[0].id] if fastest_first else None
        rows.append({"workload": workload, "arm": arm, "best_ns": best_ns, **decision})
    return columns.frame(rows, columns.DECISIONS)


def _judge(times: Times, plan: Plan, cell: str, baseline: str) -> Comparison | None:
    return compare(
        times, cell=cell, baseline=baseline, confidence=plan.confidence, margin=plan.margin
    )


def _rank(means_ns: Mapping[str, float], cell: Cell) -> tuple[float, int, int, str]:
    return means_ns[cell.id], SIMPLEST_FIRST.index(family(cell.model)), cell.workers, cell.id


def _decision(
    fastest_first: Sequence[Cell],
    judge: Judge,
    *,
    own_serial: str | None,
    reference_serial: str | None,
) -> dict[str, Any]:
    """The columns of one decision but for `best_ns`; none without a candidate."""
    if not fastest_first:
        return {}
    best = fastest_first[0]
    runner_up = next((cell for cell in fastest_first if cell.model != best.model), None)
    decision: dict[str, Any] = {
        "best_cell": best.id,
        "best_model": best.model,
        "best_workers": best.workers,
        **_compared(judge, best.id, reference_serial, "speedup", "speedup_ratio"),
        **_compared(judge, best.id, own_serial, "own_speedup", "own_speedup_ratio"),
    }
    if runner_up is not None:
        decision |= {
            "runner_up_cell": runner_up.id,
            "runner_up_model": runner_up.model,
            "runner_up_workers": runner_up.workers,
            **_compared(judge, best.id, runner_up.id, "advantage", "advantage_ratio"),
        }
    for kind in (Family.THREADS, Family.PROCESSES):
        champion = next((cell for cell in fastest_first if family(cell.model) is kind), None)
        if champion is not None:
            decision |= {
                f"{kind}_workers": champion.workers,
                **_compared(judge, champion.id, own_serial, kind, f"{kind}_speedup_ratio"),
            }
    return decision


def _compared(
    judge: Judge, cell: str, baseline: str | None, prefix: str, ratio_column: str
) -> dict[str, Any]:
    """Four columns of a comparison; none when the baseline was not measured."""
    comparison = judge(cell, baseline) if baseline is not None else None
    if comparison is None:
        return {}
    interval = comparison.estimate.interval
    return {
        ratio_column: comparison.estimate.ratio,
        f"{prefix}_low_ratio": interval.low if interval else None,
        f"{prefix}_high_ratio": interval.high if interval else None,
        f"{prefix}_reading": comparison.reading.value,
    }
