"""The table of decisions: for each kind of work and arm, what was fastest and by how much.

The choice is between families (serial, threads, processes, ...), each by its best cell: within a
family, of all its models.

The best cell is chosen from the data it is then judged on, so its interval flatters it a little;
the reading against the runner-up says whether the choice matters at all. Where it is `equal`, the
simpler of the two families will do.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from threads_or_processes.analysis import columns
from threads_or_processes.analysis.estimates import geometric_mean
from threads_or_processes.analysis.ratios import Comparison, compare
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.trial_values import Times, wall_times
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.vocabulary import (
    NOTEBOOK_WORKLOAD,
    SERIAL,
    ComparisonResult,
    Family,
    Timing,
)

#: Of cells with equal times the simpler one comes first.
SIMPLEST_FIRST = tuple(Family)

#: Sends empty tasks one by one: what is left is the price of sending one.
DISPATCH = "dispatch"

#: Functions that measure the harness and stand for no kind of work.
NO_WORK = frozenset({NOTEBOOK_WORKLOAD, "empty", DISPATCH})

#: Model, workers and arm.
Way = tuple[str, int, str]

#: Compares a cell with a baseline.
Judge = Callable[[Cell, Cell], Comparison | None]


def decisions_table(plan: Plan, trials: pd.DataFrame, times: Times, rules: Rules) -> pd.DataFrame:
    """One row (`columns.DECISIONS`) for each workload and arm with something to decide.

    That is one of which the plan has warm cells of serial and of a parallel model. Workloads with
    varied parameters answer questions of their own. A cell is a candidate when it has an ok trial,
    none that failed, and lost no update: what crashed or gave a wrong result once is not
    recommended, however fast.
    """
    warm = decidable(plan)
    spoilt = (trials["outcome"] != "ok") | (trials["lost_updates"] > 0).fillna(value=False)
    failed = set(trials.loc[spoilt, "cell"])
    means_ns = {
        cell.id: geometric_mean(wall_times(times.of(cell.id), cell.id))
        for cell in warm
        if cell.id in times.typical and cell.id not in failed
    }
    judge = partial(_judge, times, rules)
    costs_ns = sending_costs_ns(plan, trials, times)
    serials = {(cell.workload, cell.arm): cell for cell in warm if cell.model == SERIAL}
    rows = []
    for workload, arm in dict.fromkeys((cell.workload, cell.arm) for cell in warm):
        fastest_first = sorted(
            (
                cell
                for cell in warm
                if (cell.workload, cell.arm) == (workload, arm) and cell.id in means_ns
            ),
            key=partial(_rank, plan, means_ns),
        )
        decision = _decision(
            plan,
            fastest_first,
            judge,
            own_serial=serials.get((workload, arm)),
            reference_serial=serials.get((workload, plan.reference_arm)),
        )
        best_ns = means_ns[fastest_first[0].id] if fastest_first else None
        if decision.get("own_speedup_reading") == ComparisonResult.FASTER:
            decision["pays_from_ns"] = pays_from_ns(
                costs_ns.get(way_of(fastest_first[0])), decision["own_speedup_ratio"], rules.margin
            )
        rows.append({"workload": workload, "arm": arm, "best_ns": best_ns, **decision})
    return columns.frame(rows, columns.DECISIONS)


def decidable(plan: Plan) -> list[Cell]:
    """The warm cells of all places (workload and arm) where there is something to decide."""
    warm = [
        cell
        for cell in plan.in_order()
        if cell.is_compared
        and cell.timing == Timing.WARM
        and cell.workload not in plan.varied
        and cell.function not in NO_WORK
    ]
    serial, parallel = (
        {(c.workload, c.arm) for c in warm if (plan.family(c) is Family.SERIAL) == is_serial}
        for is_serial in (True, False)
    )
    return [cell for cell in warm if (cell.workload, cell.arm) in serial & parallel]


def way_of(cell: Cell) -> Way:
    """How a cell works, whatever its work."""
    return cell.model, cell.workers, cell.arm


def sending_costs_ns(plan: Plan, trials: pd.DataFrame, times: Times) -> dict[Way, float]:
    """What sending a task costs each way beside calling it: from the cells with empty ones."""
    tasks = trials.dropna(subset=["tasks"]).drop_duplicates("cell").set_index("cell")["tasks"]
    each_ns = {
        way_of(cell): geometric_mean(wall_times(times.of(cell.id), cell.id)) / int(tasks[cell.id])
        for cell in plan.in_order()
        if cell.workload == DISPATCH and cell.is_compared and cell.id in times.typical
    }
    return {
        (model, workers, arm): each_ns[model, workers, arm] - each_ns.get((SERIAL, 1, arm), 0.0)
        for model, workers, arm in each_ns
        if model != SERIAL
    }


def pays_from_ns(cost_ns: float | None, speedup: float, margin: float) -> float | None:
    """The shortest task from which a way beats serial by the margin; None if that is not known.

    Serial takes t for a task; a way that makes long ones S times as fast and sends each at a cost
    of c takes t / S + c. That is faster by the margin m from t = c / (1 / (1 + m) - 1 / S) on.
    """
    gained = 1 / (1 + margin) - 1 / speedup
    return cost_ns / gained if cost_ns is not None and cost_ns > 0 and gained > 0 else None


def _judge(times: Times, rules: Rules, cell: Cell, baseline: Cell) -> Comparison | None:
    return compare(times, cell=cell, baseline=baseline, rules=rules)


def _rank(plan: Plan, means_ns: Mapping[str, float], cell: Cell) -> tuple[float, int, int, str]:
    return means_ns[cell.id], SIMPLEST_FIRST.index(plan.family(cell)), cell.workers, cell.id


def _decision(
    plan: Plan,
    fastest_first: Sequence[Cell],
    judge: Judge,
    *,
    own_serial: Cell | None,
    reference_serial: Cell | None,
) -> dict[str, Any]:
    """The columns of one decision but for `best_ns`; none without a candidate."""
    if not fastest_first:
        return {}
    best = fastest_first[0]
    family = plan.family(best)
    runner_up = next((cell for cell in fastest_first if plan.family(cell) is not family), None)
    decision: dict[str, Any] = {
        "best_cell": best.id,
        "best_model": best.model,
        "best_family": family.value,
        "best_workers": best.workers,
        **_compared(judge, best, reference_serial, "speedup", "speedup_ratio"),
        **_compared(judge, best, own_serial, "own_speedup", "own_speedup_ratio"),
    }
    if runner_up is not None:
        decision |= {
            "runner_up_cell": runner_up.id,
            "runner_up_model": runner_up.model,
            "runner_up_family": plan.family(runner_up).value,
            "runner_up_workers": runner_up.workers,
            **_compared(judge, best, runner_up, "advantage", "advantage_ratio"),
        }
    for kind in Family:
        champion = next((cell for cell in fastest_first if plan.family(cell) is kind), None)
        if champion is not None and kind is not Family.SERIAL:
            decision |= {
                f"{kind}_model": champion.model,
                f"{kind}_workers": champion.workers,
                **_compared(judge, champion, own_serial, kind, f"{kind}_speedup_ratio"),
            }
    return decision


def _compared(
    judge: Judge, cell: Cell, baseline: Cell | None, prefix: str, ratio_column: str
) -> dict[str, Any]:
    """Four columns of a comparison; none when the baseline was not measured."""
    comparison = judge(cell, baseline) if baseline is not None else None
    if comparison is None:
        return {}
    keys = comparison.estimate.keys
    return {
        ratio_column: comparison.estimate.ratio,
        f"{prefix}_low_ratio": keys[0].interval.low if keys else None,
        f"{prefix}_high_ratio": keys[0].interval.high if keys else None,
        f"{prefix}_reading": comparison.reading.value,
    }
