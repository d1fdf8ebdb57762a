"""How the campaign went: every trial accounted for, the machine's health, drift over the blocks."""

import json
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from threads_or_processes.analysis.frames import as_list, as_rows
from threads_or_processes.analysis.trial_values import column_on
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.measured import (
    LEFT_OUT,
    MISSING,
    FailureRow,
    HealthRow,
    OrderRow,
    OutcomeRow,
)
from threads_or_processes.records.texts import shortened
from threads_or_processes.records.vocabulary import ANY_HEALTH_FLAG, Basis, HealthFlag, Outcome

NO_RECORD = "the data set has no record of it"
NO_TIME = "there was no time for it within the budget"


def outcomes_table(plan: Plan, trials: pd.DataFrame) -> list[OutcomeRow]:
    """A row for all planned trials, for each outcome, for those left out and those missing.

    Every outcome of the work has its row, also at zero.
    """
    ended = Counter(as_list(trials.drop_duplicates("trial_id")["outcome"]))
    ended[_without_record(plan)] = len(_missing(plan, trials))
    shown = [*Outcome, LEFT_OUT, MISSING]
    if_any = {Outcome.HARNESS_FAILED, LEFT_OUT}
    return [
        OutcomeRow(outcome="planned", trials=len(plan.trials)),
        *(
            OutcomeRow(outcome=outcome, trials=ended[outcome])
            for outcome in shown
            if outcome not in if_any or ended[outcome]
        ),
    ]


def failures_table(plan: Plan, trials: pd.DataFrame) -> list[FailureRow]:
    """A row for each cell and outcome other than ok, then for each cell that lacks trials.

    The first trial by block explains it (`trials` in canonical order).
    """
    recorded = trials.drop_duplicates("trial_id")
    failed = recorded[recorded["outcome"] != Outcome.OK]
    said: dict[tuple[str, str], list[str | None]] = {}
    for cell, outcome, explanation in as_rows(failed, "cell", "outcome", "explanation"):
        said.setdefault((cell, outcome), []).append(explanation)
    outcome = _without_record(plan)
    why = NO_TIME if outcome == LEFT_OUT else NO_RECORD
    for cell, _ in _missing(plan, trials):
        said.setdefault((cell, outcome), []).append(why)
    return [
        FailureRow(
            cell=cell,
            outcome=outcome,
            trials=len(of),
            explanation=shortened(of[0]) if of[0] else None,
        )
        for (cell, outcome), of in said.items()
    ]


def _without_record(plan: Plan) -> str:
    """How the planned trials without a record count."""
    return LEFT_OUT if plan.config.get("budget") else MISSING


def _missing(plan: Plan, trials: pd.DataFrame) -> list[tuple[str, int]]:
    """Cell and block of the planned trials without a record, in order."""
    places = set(zip(trials["cell"], trials["block"], strict=True))
    return sorted({(trial.cell, trial.block) for trial in plan.trials} - places)


def health_table(trials: pd.DataFrame) -> list[HealthRow]:
    """A row for the trials with any flag, then one for each flag, by name.

    The first trial by cell and block is the example (`trials` in canonical order).
    """
    of_flag: dict[str, list[tuple[str, int]]] = {}
    # One by one, for all texts together are large.
    columns = (trials[name] for name in ("cell", "block", "health_flags", "health_json"))
    for cell, block, said, health in zip(*columns, strict=True):
        flags = [] if pd.isna(said) else others_flags(said, health)
        for flag in [ANY_HEALTH_FLAG, *flags] if flags else []:
            of_flag.setdefault(flag, []).append((cell, block))
    of_any = of_flag.pop(ANY_HEALTH_FLAG, [])
    return [
        HealthRow(
            flag=flag,
            trials=len(found),
            example_cell=found[0][0] if found else None,
            example_block=found[0][1] if found else None,
        )
        for flag, found in [(ANY_HEALTH_FLAG, of_any), *sorted(of_flag.items())]
    ]


def others_flags(flags: str, health_json: str) -> list[str]:
    """A trial's flags, without CPU pressure that its own workers caused.

    Pressure is the time that any task waited for a CPU. Workers wait for each other wherever they
    outnumber the CPUs. Where others used little CPU time (no flag of load), others caused little.
    """
    found = flags.split()
    is_own_time_known = "own_ticks" in json.loads(health_json)["grown"]
    if is_own_time_known and HealthFlag.LOAD not in found:
        return [flag for flag in found if flag != HealthFlag.CPU_PRESSURE]
    return found


def order_table(values: pd.DataFrame) -> list[OrderRow]:
    """One row for each basis and block (`trial_values` in).

    A trial counts as its time over the median of its cell's trials on the same basis; cells with a
    single one say nothing. Blocks are in the order in which they ran: by the median start of their
    trials.
    """
    return [row for basis in Basis for row in _order_rows(values, basis)]


def _order_rows(values: pd.DataFrame, basis: Basis) -> Iterator[OrderRow]:
    wall_ns = column_on(basis, "wall_ns")
    known = values[values[wall_ns].notna()]
    of_cell = known.groupby("cell")[wall_ns]
    known = known.assign(ratio=known[wall_ns] / of_cell.transform("median"))
    known = known[of_cell.transform("size") > 1]
    blocks = [
        (group["started_unix_ns"].median(), int(group["block"].iloc[0]), group["ratio"].to_numpy())
        for _, group in known.groupby("block")
    ]
    for place, (_, block, ratios) in enumerate(sorted(blocks, key=lambda one: one[:2]), start=1):
        lower, median, upper = np.quantile(ratios, [0.25, 0.5, 0.75])
        yield OrderRow(
            basis=basis,
            place=place,
            block=block,
            trials=ratios.size,
            median_ratio=median,
            lower_quartile_ratio=lower,
            upper_quartile_ratio=upper,
        )
