"""What A/A pairs would have said with another threshold of the quiet rule.

The sentinel's readings are in the data, so every threshold can be tried on trials that were
measured already. They ended when they had seen enough quiet by the threshold of their time: one far
above it finds more repetitions than it would have waited for.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from threads_or_processes.records.plan import Plan

from benchmarks.control import (
    PARALLEL_BOUND,
    SERIAL_BOUND,
    as_table,
    campaigns_given,
    coverage,
    kept,
    measured_twice,
)
from benchmarks.markdown import print_table

THRESHOLDS = (0.05, 0.08, 0.12, 0.16, 0.2, 0.3, math.inf)
COLUMNS = (
    "threshold",
    "on quiet times",
    "serial within 3 %",
    "two workers within 6 %",
    "spread, serial",
    "spread, two workers",
    "width",
    "intervals that hold 1",
)


def main() -> None:
    """Print a row for each threshold, as Markdown."""
    campaigns = campaigns_given("thresholds", __doc__)
    print_table(COLUMNS, (row(campaigns, threshold) for threshold in THRESHOLDS))


def row(campaigns: Iterable[tuple[Plan, pd.DataFrame]], threshold: float) -> Iterator[str]:
    """How near to 1 the ratios are, and how wide their intervals.

    Spread: the root mean square of the logarithms of ratios. Width: half an interval of Student's
    t, the median pair's.
    """
    pairs = pd.concat(
        as_table(*measured_twice(plan, trials, threshold)) for plan, trials in campaigns
    )
    serial = pairs["workers"] == 1
    log_ratios = np.log(pairs["ratio"].to_numpy(dtype=np.float64))
    widths = np.log(pairs["first_high_ratio"] / pairs["first_low_ratio"]) / 2
    yield "none" if math.isinf(threshold) else f"{threshold:.0%}"
    yield f"{(pairs['basis'] == 'quiet').sum()} of {len(pairs)}"
    for of_kind, bound in ((serial, SERIAL_BOUND), (~serial, PARALLEL_BOUND)):
        yield kept(pairs.loc[of_kind, "ratio"], bound)
    for of_kind in (serial, ~serial):
        yield f"{np.sqrt(np.nanmean(log_ratios[of_kind.to_numpy()] ** 2)):.1%}"
    yield f"{np.nanmedian(widths):.1%}"
    yield coverage(pairs, "first", "t").partition(": ")[2].partition(" intervals")[0]


if __name__ == "__main__":
    main()
