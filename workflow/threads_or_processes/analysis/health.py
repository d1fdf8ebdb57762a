"""The table of the machine's health: how many trials ran while something was odd."""

from typing import Any

import pandas as pd

from threads_or_processes.analysis.frames import frame
from threads_or_processes.records.tables.measured import HealthRow
from threads_or_processes.records.vocabulary import ANY_HEALTH_FLAG


def health_table(trials: pd.DataFrame) -> pd.DataFrame:
    """A row (`HealthRow`) for the trials with any flag, then one for each flag, by name.

    The first trial by cell and block is the example (`trials` in canonical order).
    """
    flagged = trials[trials["health_flags"].notna()].drop_duplicates("trial_id")
    of_flag: dict[str, list[Any]] = {}
    for trial in flagged.to_dict("records"):
        for flag in [ANY_HEALTH_FLAG, *str(trial["health_flags"]).split()]:
            of_flag.setdefault(flag, []).append(trial)
    rows = [_row(ANY_HEALTH_FLAG, of_flag.pop(ANY_HEALTH_FLAG, []))]
    rows += [_row(flag, of_flag[flag]) for flag in sorted(of_flag)]
    return frame(rows, HealthRow)


def _row(flag: str, trials: list[Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"flag": flag, "trials": len(trials)}
    if trials:
        row |= {"example_cell": trials[0]["cell"], "example_block": trials[0]["block"]}
    return row
