"""The account of all planned trials: planned = ok + explained + missing."""

from typing import Any

import pandas as pd

from threads_or_processes.analysis.frames import frame
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.measured import OutcomeRow
from threads_or_processes.records.vocabulary import Outcome


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
        *(_row(outcome, recorded) for outcome in Outcome),
        {
            "outcome": "missing",
            "trials": len(missing),
            "example_cell": missing[0][0] if missing else None,
            "example_explanation": "the data set has no record of it" if missing else None,
        },
    ]
    return frame(rows, OutcomeRow)


def _row(outcome: Outcome, recorded: pd.DataFrame) -> dict[str, Any]:
    of_kind = recorded[recorded["outcome"] == outcome]
    row: dict[str, Any] = {"outcome": outcome, "trials": len(of_kind)}
    if outcome is not Outcome.OK and len(of_kind):
        example = of_kind.iloc[0]
        row |= {
            "example_cell": example["cell"],
            "example_explanation": example["explanation"],
        }
    return row
