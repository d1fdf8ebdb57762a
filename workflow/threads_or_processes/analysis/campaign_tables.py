"""How the campaign went: every trial accounted for, the machine's health, drift over the blocks."""

from typing import Any

import numpy as np
import pandas as pd

from threads_or_processes.analysis.frames import frame
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.measured import HealthRow, OrderRow, OutcomeRow
from threads_or_processes.records.vocabulary import ANY_HEALTH_FLAG, Basis, Outcome


def outcomes_table(plan: Plan, trials: pd.DataFrame) -> pd.DataFrame:
    """A row (`OutcomeRow`) for all planned trials, for each outcome, for those missing.

    Every outcome has its row, also at zero; the first trial by cell and block is the example.
    """
    recorded = trials.drop_duplicates("trial_id")
    places = set(zip(recorded["cell"], recorded["block"], strict=True))
    missing = sorted(
        {(trial.cell, trial.block) for trial in plan.trials} - places,
    )
    rows: list[dict[str, Any]] = [
        {"outcome": "planned", "trials": len(plan.trials)},
        *(_outcome_row(outcome, recorded) for outcome in Outcome),
        {
            "outcome": "missing",
            "trials": len(missing),
            "example_cell": missing[0][0] if missing else None,
            "example_explanation": "the data set has no record of it" if missing else None,
        },
    ]
    return frame(rows, OutcomeRow)


def _outcome_row(outcome: Outcome, recorded: pd.DataFrame) -> dict[str, Any]:
    of_kind = recorded[recorded["outcome"] == outcome]
    row: dict[str, Any] = {"outcome": outcome, "trials": len(of_kind)}
    if outcome is not Outcome.OK and len(of_kind):
        example = of_kind.iloc[0]
        row |= {
            "example_cell": example["cell"],
            "example_explanation": example["explanation"],
        }
    return row


def health_table(trials: pd.DataFrame) -> pd.DataFrame:
    """A row (`HealthRow`) for the trials with any flag, then one for each flag, by name.

    The first trial by cell and block is the example (`trials` in canonical order).
    """
    flagged = trials[trials["health_flags"].notna()].drop_duplicates("trial_id")
    of_flag: dict[str, list[Any]] = {}
    for trial in flagged.to_dict("records"):
        for flag in [ANY_HEALTH_FLAG, *str(trial["health_flags"]).split()]:
            of_flag.setdefault(flag, []).append(trial)
    rows = [_health_row(ANY_HEALTH_FLAG, of_flag.pop(ANY_HEALTH_FLAG, []))]
    rows += [_health_row(flag, of_flag[flag]) for flag in sorted(of_flag)]
    return frame(rows, HealthRow)


def _health_row(flag: str, trials: list[Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"flag": flag, "trials": len(trials)}
    if trials:
        row |= {"example_cell": trials[0]["cell"], "example_block": trials[0]["block"]}
    return row


_WALL_COLUMN = {Basis.TYPICAL: "wall_ns", Basis.QUIET: "quiet_wall_ns"}


def order_table(values: pd.DataFrame) -> pd.DataFrame:
    """One row (`OrderRow`) for each basis and block (`trial_values` in).

    A trial counts as its time over the median of its cell's trials on the same basis; cells with a
    single one say nothing. Blocks are in the order in which they ran: by the median start of their
    trials.
    """
    rows = [row for basis in Basis for row in _order_rows(values, basis)]
    return frame(rows, OrderRow)


def _order_rows(values: pd.DataFrame, basis: Basis) -> list[dict[str, object]]:
    known = values[values[_WALL_COLUMN[basis]].notna()]
    of_cell = known.groupby("cell")[_WALL_COLUMN[basis]]
    known = known.assign(ratio=known[_WALL_COLUMN[basis]] / of_cell.transform("median"))
    known = known[of_cell.transform("size") > 1]
    blocks = [
        (group["started_unix_ns"].median(), int(group["block"].iloc[0]), group["ratio"].to_numpy())
        for _, group in known.groupby("block")
    ]
    rows = []
    for place, (_, block, ratios) in enumerate(sorted(blocks, key=lambda one: one[:2]), start=1):
        lower, median, upper = np.quantile(ratios, [0.25, 0.5, 0.75])
        rows.append(
            {
                "basis": basis,
                "place": place,
                "block": block,
                "trials": ratios.size,
                "median_ratio": median,
                "lower_quartile_ratio": lower,
                "upper_quartile_ratio": upper,
            }
        )
    return rows
