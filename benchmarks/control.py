"""The A/A table: each cell measured as two, over the campaigns given.

Two measurements of one cell differ by chance alone, so their ratio should be 1.
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from threads_or_processes.analysis.beyond_trials import Kind, Twins
from threads_or_processes.analysis.control import Pair, control_table, pairs, twins
from threads_or_processes.analysis.dataset import read_dataset
from threads_or_processes.analysis.frames import frame
from threads_or_processes.analysis.quiet import with_disturbance
from threads_or_processes.analysis.trial_values import (
    Times,
    at_largest_amounts,
    times_of,
    trial_values,
)
from threads_or_processes.common.plan_file import read_plan
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.comparisons import ControlRow

from benchmarks.markdown import print_table

#: What the columns of each interval start with.
INTERVALS = {"Student's t": "first", "bootstrap": "second", "both together": "ci"}
# How far from 1 a ratio may be, by the number of workers.
SERIAL_BOUND, PARALLEL_BOUND = 0.03, 0.06
CELL_COLUMNS = ("cell", "ratios", "variation, quiet", "typical")
CAMPAIGN_COLUMNS = (
    "campaign",
    "pairs on quiet times",
    "serial within 3 %",
    "two workers within 6 %",
    "variation, quiet over typical",
)
BEYOND_COLUMNS = ("kind", "pairs", "standard deviation beyond the trials", "95 % likely")
#: Standard deviations of a log ratio that are tried.
DEVIATIONS = np.linspace(0, 0.1, 1001)


def main() -> None:
    """Print the rows as Markdown, and how many keep their bound."""
    measured = [measured_twice(*one) for one in campaigns_given("control", __doc__)]
    found = pd.concat(
        as_table(*one).assign(campaign=number) for number, one in enumerate(measured, start=1)
    )
    print_table(CELL_COLUMNS, rows(found))
    print()
    print_table(CAMPAIGN_COLUMNS, campaigns(found))
    print()
    print_table(BEYOND_COLUMNS, beyond(pair for of_plan, _ in measured for pair in twins(of_plan)))
    print()
    for name, interval in INTERVALS.items():
        print(coverage(found, interval, name))
    less = quiet_cv(found) / typical_cv(found)
    print(f"variation of quiet values / of typical ones: {less:.2f} (median cells)")


def campaigns_given(name: str, about: str | None) -> list[tuple[Plan, pd.DataFrame]]:
    """The plans and the data of the campaigns on the command line of the benchmark `name`."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=about)
    parser.add_argument("results", type=Path, nargs="+", help="results/<machine>-<campaign>")
    return [
        (read_plan(folder / "plan.json"), read_dataset(folder / "trials.parquet"))
        for folder in parser.parse_args().results
    ]


def measured_twice(
    plan: Plan, trials: pd.DataFrame, threshold: float | None = None
) -> tuple[list[Pair], Times]:
    """The pairs of a campaign at the largest amount of work, as if `threshold` had been its own."""
    chosen = plan.quiet_threshold if threshold is None else threshold
    largest = at_largest_amounts(with_disturbance(trials))
    times = times_of(trial_values(largest, quiet_threshold=chosen), plan)
    return pairs(plan, times), times


def as_table(found: list[Pair], times: Times) -> pd.DataFrame:
    """A row a pair."""
    return frame(control_table(found, times), ControlRow)


def beyond(found: Iterable[Twins]) -> Iterator[tuple[str, ...]]:
    """A row a kind: the likeliest standard deviation that its pairs' trials don't show.

    The range has all that are at most 1.92 less likely on the logarithmic scale: 95 % of
    chi-squared with one degree of freedom (Wilks, Ann. Math. Statist. 9, 1938).
    """
    of_kind: dict[Kind, list[Twins]] = {}
    for pair in found:
        of_kind.setdefault(pair.kind, []).append(pair)
    for (family, timing), twins_of_kind in of_kind.items():
        squares = np.array([pair.log_ratio**2 for pair in twins_of_kind])[:, None]
        errors = np.array([pair.standard_error**2 for pair in twins_of_kind])[:, None]
        total = errors + DEVIATIONS**2
        likely = -0.5 * (np.log(total) + squares / total).sum(axis=0)
        in_range = DEVIATIONS[likely > likely.max() - stats.chi2.ppf(0.95, 1) / 2]
        yield (
            f"{family}, {timing}",
            str(len(twins_of_kind)),
            f"{DEVIATIONS[likely.argmax()]:.2%}",
            f"{in_range[0]:.2%} to {in_range[-1]:.2%}",
        )


def rows(pairs: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """A row a cell: its ratios in all campaigns, and how much the trials varied."""
    for cell, of_cell in pairs.groupby("cell"):
        yield (
            str(cell),
            ", ".join(f"{ratio:.3f}" for ratio in of_cell["ratio"]),
            f"{quiet_cv(of_cell):.1%}",
            f"{typical_cv(of_cell):.1%}",
        )


def campaigns(pairs: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """A row a campaign: how many pairs keep their bound, and the furthest from 1.

    The last column is how much less quiet values vary from trial to trial than typical ones.
    """
    for campaign, of_campaign in pairs.groupby("campaign"):
        is_serial = of_campaign["workers"] == 1
        yield (
            str(campaign),
            f"{(of_campaign['basis'] == 'quiet').sum()} of {len(of_campaign)}",
            *(
                f"{kept(ratios, bound)} ({ratios.min():.3f} to {ratios.max():.3f})"
                for of_kind, bound in ((is_serial, SERIAL_BOUND), (~is_serial, PARALLEL_BOUND))
                for ratios in [of_campaign.loc[of_kind, "ratio"]]
            ),
            f"{quiet_cv(of_campaign) / typical_cv(of_campaign):.2f}",
        )


def kept(ratios: "pd.Series[float]", bound: float) -> str:
    """How many of the ratios are as near to 1 as they should be."""
    return f"{((ratios - 1).abs() <= bound).sum()} of {len(ratios)}"


def coverage(pairs: pd.DataFrame, prefix: str, method: str) -> str:
    """The share of intervals that hold 1, with Clopper and Pearson's own 95 % interval."""
    known = pairs[pairs[f"{prefix}_low_ratio"].notna()]
    hold = (known[f"{prefix}_low_ratio"] <= 1) & (known[f"{prefix}_high_ratio"] >= 1)
    found = stats.binomtest(int(hold.sum()), len(hold))
    low, high = found.proportion_ci(0.95)
    return (
        f"{method}: {hold.sum()} of {len(hold)} intervals hold 1, "
        f"{found.statistic:.0%} [{low:.0%}, {high:.0%}]"
    )


def quiet_cv(pairs: pd.DataFrame) -> float:
    """Median variation between trials, of quiet values; NaN where no pair has them."""
    return _median(pairs[["quiet_cv_ratio", "quiet_baseline_cv_ratio"]])


def typical_cv(pairs: pd.DataFrame) -> float:
    """Median variation between trials, of typical values."""
    return _median(pairs[["typical_cv_ratio", "typical_baseline_cv_ratio"]])


def _median(numbers: pd.DataFrame) -> float:
    return float(np.nanmedian(numbers.to_numpy(np.float64, na_value=np.nan)))


if __name__ == "__main__":
    main()
