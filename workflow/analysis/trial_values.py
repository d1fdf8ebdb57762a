"""From repetitions to trials: one value a trial, the unit of everything that follows."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from workflow.analysis.estimates import Floats, coefficient_of_variation

#: cell -> block -> the trial's wall time in ns; ok trials only.
TimesByBlock = Mapping[str, Mapping[int, float]]

REPETITION_TIMES = ["wall_ns", "user_ns", "system_ns", "parent_user_ns", "parent_system_ns"]
TRIAL_TIMES = ["setup_ns", "first_result_ns", "teardown_ns"]
TRIAL_KEY = ["cell", "block"]


def trial_values(repetitions: pd.DataFrame) -> pd.DataFrame:
    """A row for each ok trial that measured, by cell and block (`columns.TRIALS` in).

    Times of repetitions become their median over the trial's measured repetitions; warm-up does
    not count. `within_cv_ratio` is their variation. Times are floats (float64, NaN for missing).
    """
    counts = (repetitions["outcome"] == "ok") & (repetitions["phase"] == "measure")
    measured = repetitions[counts.fillna(value=False)]
    times = measured[TRIAL_KEY + REPETITION_TIMES + TRIAL_TIMES].astype(
        dict.fromkeys(REPETITION_TIMES + TRIAL_TIMES, "float64")
    )
    trials = times.groupby(TRIAL_KEY, sort=True)
    medians = trials[REPETITION_TIMES + TRIAL_TIMES].median()
    variation = [
        (key, coefficient_of_variation(np.sort(group.to_numpy())))
        for key, group in trials["wall_ns"]
    ]
    medians["within_cv_ratio"] = pd.Series(dict(variation), dtype="float64")
    return medians.reset_index()


def times_by_block(values: pd.DataFrame) -> TimesByBlock:
    """Wall times of the trials (`trial_values` in), ready for pairing by block."""
    times: dict[str, dict[int, float]] = {}
    for cell, block, wall_ns in zip(
        values["cell"], values["block"], values["wall_ns"], strict=True
    ):
        times.setdefault(str(cell), {})[int(block)] = float(wall_ns)
    return times


def wall_times(times: TimesByBlock, cell: str) -> Floats:
    """A cell's wall times in ns in the order of blocks, shape (ok trials,); may be empty."""
    of_cell = times.get(cell, {})
    return np.array([of_cell[block] for block in sorted(of_cell)], dtype=np.float64)
