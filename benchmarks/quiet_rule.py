"""Which quiet rule is best: threshold, length of a batch, number of quiet repetitions.

Every trial goes on for its whole patience, and every sentinel reading is kept; so each rule can be
tried on the same trials afterwards. A rule is judged by how much the trials' values vary, weighed
with the time that a trial takes: the variance of a mean of as many trials as fit in a minute.
"""

import argparse
import itertools
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from threads_or_processes.records.quiet import QuietRule, disturbance_ratio

from benchmarks.bench import Bench, Cell, bench, rule_of

CELLS = (
    Cell(workload="json"),
    Cell(workload="mandelbrot", arm="3.13t"),
    Cell(workload="mandelbrot", model="threads", workers=2, arm="3.13t"),
    Cell(workload="mandelbrot", model="processes-fork", workers=2),
    Cell(workload="compress", model="threads", workers=2),
)
BATCHES_MS = (5.0, 10.0, 20.0, 40.0)
THRESHOLDS = (0.03, 0.05, 0.08, 0.12, 0.2, 0.3, math.inf)
COUNTS = (3, 5, 9, 15, 25)
RULE = (THRESHOLDS, COUNTS)
RULES = tuple(itertools.product(*RULE))
# Every repetition counts, nine of them: what the others must beat.
NO_RULE = (20.0, math.inf, 9)
PATIENCE_S = 2.0
# No reading is that far below its floor, so a trial goes on for its whole patience.
NEVER_QUIET = -0.99
# What a trial takes beside its repetitions.
OVERHEAD_S = 0.15
FEWEST_VALUES = 4
DRAWS = 1000

Floats = NDArray[np.float64]


def main() -> None:
    """Measure, or read what was measured, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quiet_rule", description=__doc__)
    parser.add_argument("--trials", type=int, default=10, help="trials of each cell and length")
    parser.add_argument(
        "--data", type=Path, default=Path("results/quiet-rule.csv.gz"), help="measured here or read"
    )
    arguments = parser.parse_args()
    if not arguments.data.exists():
        arguments.data.parent.mkdir(exist_ok=True)
        with bench() as found:
            measured(found, arguments.trials).to_csv(arguments.data, index=False)
    print(judge(pd.read_csv(arguments.data)).to_string(index=False))


def measured(found: Bench, trials: int) -> pd.DataFrame:
    """A row a repetition of every trial; the trials in random order.

    Disturbances are above the floors of all readings, as in the analysis.
    """
    plan = list(itertools.product(CELLS, BATCHES_MS, range(trials)))
    random.Random(1).shuffle(plan)  # noqa: S311 - a design, not a secret
    records: list[dict[str, Any]] = []
    for number, (cell, batch_ms, block) in enumerate(plan, start=1):
        record = found.trial(
            cell,
            block=block,
            batch_ms=batch_ms,
            repetitions=1,
            patience_s=PATIENCE_S,
            threshold=NEVER_QUIET,
        )
        records.append(record)
        print(f"\r{number} of {len(plan)} trials", end="", flush=True)
    print()
    by_workers = {
        workers: rule_of(
            found.monitor.cpus, (r for r in records if r["cell"]["workers"] == workers)
        )
        for workers in {cell.workers for cell in CELLS}
    }
    return pd.DataFrame(
        {"cell": cell.name, "batch_ms": batch_ms, "block": block, **row}
        for (cell, batch_ms, block), record in zip(plan, records, strict=True)
        for row in repetitions(record, by_workers[cell.workers])
    )


def repetitions(record: dict[str, Any], rule: QuietRule) -> Iterable[dict[str, Any]]:
    """Each measured repetition: when it ended, how long it took, how disturbed it was."""
    begun_ns = record["repetitions"][0]["started_monotonic_ns"]
    for repetition in record["repetitions"]:
        if repetition["phase"] == "measure":
            yield {
                "elapsed_ns": repetition["started_monotonic_ns"] + repetition["wall_ns"] - begun_ns,
                "wall_ns": repetition["wall_ns"],
                "disturbance": disturbance_ratio(
                    rule.ratios(repetition["sentinel_before_ns"], repetition["sentinel_after_ns"]),
                    repetition["cpus"],
                    workers=record["cell"]["workers"],
                )
                - 1,
            }


def judge(rows: pd.DataFrame) -> pd.DataFrame:
    """The rules (batch, threshold, count), from best to worst.

    `error_per_minute` is the relative standard error of the mean of the trials that fit in a
    minute, as a geometric mean over the cells; `to_no_rule` is it over that of nine repetitions
    of 20 ms, quiet or not, with a 95 % interval from trials drawn anew. Rules that leave a cell
    without a value are left out.
    """
    found = [
        [
            Tried.of([trial for _, trial in of_length[of_length["cell"] == name].groupby("block")])
            for name in sorted(set(rows["cell"]))
        ]
        for _, of_length in rows.groupby("batch_ms")
    ]
    generator = np.random.default_rng(1)
    drawn = [
        np.concatenate([_errors([one.drawn(generator) for one in cells]) for cells in found])
        for _ in range(DRAWS)
    ]
    errors = np.concatenate([_errors(cells) for cells in found])
    no_rule = list(itertools.product(BATCHES_MS, *RULE)).index(NO_RULE)
    low, high = np.nanquantile([one / one[no_rule] for one in drawn], [0.025, 0.975], axis=0)
    table = pd.DataFrame(
        {
            "worst_cv": _over_cells(found, lambda cells: cells.max(axis=0), Tried.variations),
            "median_cv": _over_cells(found, lambda cells: np.median(cells, 0), Tried.variations),
            "trial_s": _over_cells(found, lambda cells: cells.mean(axis=0), Tried.seconds),
            "with_value": _over_cells(found, lambda cells: cells.mean(axis=0), Tried.with_value),
            "error_per_minute": errors,
            "to_no_rule": errors / errors[no_rule],
            "low": low,
            "high": high,
        },
        index=pd.MultiIndex.from_product(
            [BATCHES_MS, *RULE], names=["batch_ms", "threshold", "count"]
        ),
    )
    known = table[table["error_per_minute"].notna()]
    return known.sort_values("error_per_minute").round(4).reset_index()


def _errors(cells: Sequence["Tried"]) -> Floats:
    """Geometric mean over the cells, for each rule."""
    found = np.array([one.errors_per_minute() for one in cells])
    return np.asarray(stats.gmean(found, axis=0))


def _over_cells(
    found: Sequence[Sequence["Tried"]],
    together: Callable[[Floats], Floats],
    of: Callable[["Tried"], Floats],
) -> Floats:
    return np.concatenate([together(np.array([of(one) for one in cells])) for cells in found])


@dataclass(frozen=True)
class Tried:
    """Every rule tried on the trials of a cell: values (ns) and times (s), (trials, rules).

    A value is NaN where a rule finds too little quiet in a trial.
    """

    values_ns: Floats
    times_s: Floats

    @classmethod
    def of(cls, trials: Sequence[pd.DataFrame]) -> "Tried":
        """Try them."""
        tried = np.array([[value(trial, *rule) for rule in RULES] for trial in trials])
        return cls(values_ns=tried[..., 0], times_s=tried[..., 1] + OVERHEAD_S)

    def drawn(self, generator: np.random.Generator) -> "Tried":
        """As many trials, drawn with replacement."""
        chosen = generator.integers(len(self.values_ns), size=len(self.values_ns))
        return Tried(values_ns=self.values_ns[chosen], times_s=self.times_s[chosen])

    def with_value(self) -> Floats:
        """The share of the trials that have a value, for each rule."""
        return np.asarray(np.isfinite(self.values_ns).mean(axis=0))

    def seconds(self) -> Floats:
        """What a trial takes, for each rule."""
        return np.asarray(self.times_s.mean(axis=0))

    def variations(self) -> Floats:
        """Coefficient of variation between trials for each rule; NaN for fewer than four values."""
        known = np.isfinite(self.values_ns).sum(axis=0) >= FEWEST_VALUES
        values = self.values_ns[:, known]
        found = np.full(len(RULES), math.nan)
        found[known] = np.nanstd(values, axis=0, ddof=1) / np.nanmean(values, axis=0)
        return found

    def errors_per_minute(self) -> Floats:
        """Of the mean of the trials that fit in a minute; one without a value took its time too."""
        return np.asarray(self.variations() / np.sqrt(60 * self.with_value() / self.seconds()))


def value(trial: pd.DataFrame, threshold: float, count: int) -> tuple[float, float]:
    """The median of the first `count` quiet repetitions (NaN under 3), and when it was known."""
    quiet = trial[trial["disturbance"] <= threshold].head(count)
    last = quiet if len(quiet) == count else trial
    elapsed_s = float(last["elapsed_ns"].max()) / 1e9
    return (float(quiet["wall_ns"].median()) if len(quiet) >= 3 else math.nan), elapsed_s


if __name__ == "__main__":
    main()
