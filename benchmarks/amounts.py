"""What a line through the least and the long amount predicts for others, against what was measured.

Run `snakemake --cores all --configfile benchmarks/amounts.yaml` first, then this with its folder
under results/.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from threads_or_processes.analysis.dataset import read_dataset
from threads_or_processes.analysis.quiet import with_disturbance
from threads_or_processes.analysis.trial_values import trial_values

from benchmarks.markdown import print_table

THRESHOLD = 0.12
SHORT, LONG = 1, 8


def values_by_amount(results: Path) -> pd.DataFrame:
    """Each trial's median time (ns) by amount; on quiet repetitions where it has enough of them."""
    trials = with_disturbance(read_dataset(results / "trials.parquet"))
    frames = [
        trial_values(of_amount, quiet_threshold=THRESHOLD).assign(amount=amount)
        for amount, of_amount in trials[trials["phase"] == "measure"].groupby("amount")
    ]
    return pd.concat(frames)


def predicted_ratios(values: pd.DataFrame, column: str) -> pd.DataFrame:
    """Measured / predicted time of each trial at the amounts that made no part of the line."""
    wide = values.pivot(index=["cell", "block"], columns="amount", values=column)
    amounts: list[int] = [int(amount) for amount in wide.columns]
    slope = (wide[LONG] - wide[SHORT]) / (LONG - SHORT)
    return pd.DataFrame(
        {
            amount: wide[amount] / (wide[SHORT] + slope * (amount - SHORT))
            for amount in amounts
            if amount not in (SHORT, LONG)
        }
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the campaign's folder")
    values = values_by_amount(parser.parse_args().results)
    for column in ("wall_ns", "quiet_wall_ns"):
        ratios = predicted_ratios(values, column)
        rows = []
        for cell, of_cell in ratios.groupby("cell"):
            row = [str(cell)]
            for amount in ratios.columns:
                known = np.log(of_cell[amount].dropna().to_numpy())
                if len(known) < 2:
                    row.append(f"({len(known)} trials)")
                    continue
                half = stats.t.ppf(0.975, len(known) - 1) * stats.sem(known)
                mid = known.mean()
                low, high = np.exp([mid - half, mid + half])
                row.append(f"{np.exp(mid):.3f} [{low:.3f}, {high:.3f}] ({len(known)})")
            rows.append(row)
        print(f"\n{column}: measured / predicted, 95 % interval (trials)\n")
        print_table(["cell", *(f"{amount} batches" for amount in ratios.columns)], rows)


if __name__ == "__main__":
    main()
