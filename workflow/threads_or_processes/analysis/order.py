"""The table of order: how far a block's trials lie from their cells' medians, as blocks ran."""

import numpy as np
import pandas as pd

from threads_or_processes.analysis.frames import frame
from threads_or_processes.records.tables.measured import OrderRow
from threads_or_processes.records.vocabulary import Basis

_COLUMN = {Basis.TYPICAL: "wall_ns", Basis.QUIET: "quiet_wall_ns"}


def order_table(values: pd.DataFrame) -> pd.DataFrame:
    """One row (`OrderRow`) for each basis and block (`trial_values` in).

    A trial counts as its time over the median of its cell's trials on the same basis; cells with a
    single one say nothing. Blocks are in the order in which they ran: by the median start of their
    trials.
    """
    rows = [row for basis in Basis for row in _rows(values, basis)]
    return frame(rows, OrderRow)


def _rows(values: pd.DataFrame, basis: Basis) -> list[dict[str, object]]:
    known = values[values[_COLUMN[basis]].notna()]
    of_cell = known.groupby("cell")[_COLUMN[basis]]
    known = known.assign(ratio=known[_COLUMN[basis]] / of_cell.transform("median"))
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
