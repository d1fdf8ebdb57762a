"""The table of distributions: how a cell's repetitions spread, for curves and for tails."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from threads_or_processes.analysis.estimates import Floats
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.measured import DistributionRow

#: Shares of the repetitions at which a distribution is given: 0 is the fastest, 1 the slowest.
SHARES: Floats = np.arange(21) / 20

#: Sums of shares are exact to rounding only: 0.1 + 0.2 is to reach 0.3.
ROUNDING = 1e-12


def distributions_table(plan: Plan, values: pd.DataFrame) -> list[DistributionRow]:
    """Rows for each cell with an ok trial, in the order of cells.

    `values` are the ok trials (`trial_values`). Quiet times are there where a trial has enough of
    them, whatever the basis of the cell.
    """
    by_cell = dict(iter(values.groupby("cell")))
    rows: list[DistributionRow] = []
    for cell in plan.in_order():
        if cell.id not in by_cell:
            continue
        trials = by_cell[cell.id]
        typical_ns = quantiles(list(trials["walls_ns"]), SHARES)
        quiet = [times for times in trials["quiet_walls_ns"] if times.size]
        quiet_ns = quantiles(quiet, SHARES) if quiet else [None] * SHARES.size
        rows += [
            DistributionRow(
                cell=cell.id, share_ratio=share, typical_ns=typical, quiet_ns=quiet_time
            )
            for share, typical, quiet_time in zip(SHARES, typical_ns, quiet_ns, strict=True)
        ]
    return rows


def quantiles(repetitions: Sequence[Floats], shares: Floats) -> Floats:
    """Times that these shares of the repetitions do not exceed; each trial weighs the same.

    The inverse of the empirical distribution function averaged over the trials, so every quantile
    is a time that was measured (definition 1 of Hyndman and Fan, "Sample quantiles in statistical
    packages", Am. Stat. 50, 1996). Where the repetitions beyond a share would be less than one, it
    is the slowest of all. A trial that is repeated more often weighs no more; repetitions that are
    shuffled or all doubled change nothing. `repetitions` is not empty, nor are its arrays.
    """
    found: Floats = np.quantile(
        np.concatenate(repetitions),
        np.maximum(shares - ROUNDING, 0.0),
        weights=np.concatenate([np.full(times.size, 1 / times.size) for times in repetitions]),
        method="inverted_cdf",
    )
    return found
