"""The A/A table: each cell measured as two, over the campaigns given.

Two measurements of one cell differ by chance alone, so their ratio should be 1.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

METHODS = {"ci": "Student's t", "second": "bootstrap of medians"}
# How far from 1 the ratio may be, by the number of workers.
SERIAL_BOUND, PARALLEL_BOUND = 0.03, 0.06


def main() -> None:
    """Print the rows as Markdown, and how many keep their bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.control", description=__doc__)
    parser.add_argument("results", type=Path, nargs="+", help="results/<machine>-<campaign>")
    arguments = parser.parse_args()
    tables = [pd.read_csv(folder / "tables/control.csv") for folder in arguments.results]
    pairs = pd.concat(tables, keys=range(1, len(tables) + 1), names=["campaign"]).reset_index()
    print("| cell | ratios | within | variation, quiet | variation, typical |")
    print("|---|---|---|---|---|")
    for row in rows(pairs):
        print("| " + " | ".join(row) + " |")
    print(summary(pairs))


def rows(pairs: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """A row a cell: its ratios in all campaigns, and how much the trials varied."""
    for cell, of_cell in pairs.groupby("cell"):
        yield (
            str(cell),
            " ".join(f"{ratio:.3f}" for ratio in of_cell["ratio"]),
            "yes" if within(of_cell).all() else "no",
            f"{quiet_cv(of_cell):.1%}",
            f"{typical_cv(of_cell):.1%}",
        )


def summary(pairs: pd.DataFrame) -> str:
    """How many ratios keep the bound, and how much less quiet values vary than typical ones."""
    serial = pairs["workers"] == 1
    kept = {
        "serial": within(pairs[serial]),
        "two workers": within(pairs[~serial]),
    }
    lines = [f"{name}: {found.sum()} of {len(found)} within" for name, found in kept.items()]
    lines += [coverage(pairs, prefix, name) for prefix, name in METHODS.items()]
    less = quiet_cv(pairs) / typical_cv(pairs)
    lines.append(f"variation of quiet values / of typical ones: {less:.2f} (median cells)")
    return "\n".join(lines)


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


def within(pairs: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each pair's ratio is as near to 1 as it should be."""
    bound = pairs["workers"].map(lambda workers: SERIAL_BOUND if workers == 1 else PARALLEL_BOUND)
    return (pairs["ratio"] - 1).abs() <= bound


def quiet_cv(pairs: pd.DataFrame) -> float:
    """Median variation between trials, of quiet values."""
    return float(np.nanmedian(pairs[["quiet_cv_ratio", "quiet_baseline_cv_ratio"]].to_numpy()))


def typical_cv(pairs: pd.DataFrame) -> float:
    """Median variation between trials, of typical values."""
    return float(np.nanmedian(pairs[["typical_cv_ratio", "typical_baseline_cv_ratio"]].to_numpy()))


if __name__ == "__main__":
    main()
