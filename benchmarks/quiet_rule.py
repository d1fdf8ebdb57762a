"""Which quiet rule is best: threshold, length of a batch, number of quiet repetitions.

Every trial goes on for its whole patience, and every sentinel reading is kept; so each rule can be
tried on the same trials afterwards. A rule is judged by how much the trials' values vary, weighed
with the time that a trial takes: the variance of a mean of as many trials as fit in a minute.
"""

import argparse
import itertools
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.bench import Bench, Cell, bench
from workflow.trial.watch import QuietRule

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
PATIENCE_S = 2.0
# No reading is that far below its floor, so a trial goes on for its whole patience.
NEVER_QUIET = -0.99


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
    judged = judge(pd.read_csv(arguments.data))
    print(summary(judged).to_string(index=False))


def measured(found: Bench, trials: int) -> pd.DataFrame:
    """A row a repetition of every trial; the trials in random order."""
    plan = list(itertools.product(CELLS, BATCHES_MS, range(trials)))
    random.Random(1).shuffle(plan)  # noqa: S311 - a design, not a secret
    rows: list[dict[str, Any]] = []
    for number, (cell, batch_ms, block) in enumerate(plan, start=1):
        record = found.trial(
            cell,
            block=block,
            batch_ms=batch_ms,
            repetitions=1,
            patience_s=PATIENCE_S,
            threshold=NEVER_QUIET,
        )
        key = {"cell": cell.name, "batch_ms": batch_ms, "block": block}
        rows += [{**key, **row} for row in repetitions(record)]
        print(f"\r{number} of {len(plan)} trials", end="", flush=True)
    print()
    return pd.DataFrame(rows)


def repetitions(record: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Each measured repetition: when it ended, how long it took, how disturbed it was."""
    rule = QuietRule(**record["sentinel"])
    begun_ns = record["repetitions"][0]["started_monotonic_ns"]
    for repetition in record["repetitions"]:
        if repetition["phase"] == "measure":
            yield {
                "elapsed_ns": repetition["started_monotonic_ns"] + repetition["wall_ns"] - begun_ns,
                "wall_ns": repetition["wall_ns"],
                "disturbance": disturbance(rule, repetition),
            }


def disturbance(rule: QuietRule, repetition: dict[str, Any]) -> float:
    """How far the worst reading of a CPU that took part was above that CPU's floor."""
    used = repetition["cpus"] or rule.cpus
    readings: Iterator[float] = (
        max(before, after) / floor - 1
        for cpu, floor, before, after in zip(
            rule.cpus,
            rule.floor_ns,
            repetition["sentinel_before_ns"],
            repetition["sentinel_after_ns"],
            strict=True,
        )
        if cpu in used
    )
    return max(readings)


def judge(rows: pd.DataFrame) -> pd.DataFrame:
    """Each rule on each cell: variation between trials, time a trial took, trials with a value."""
    judged = []
    for (cell, batch_ms), of_cell in rows.groupby(["cell", "batch_ms"]):
        trials = [trial for _, trial in of_cell.groupby("block")]
        for threshold, count in itertools.product(THRESHOLDS, COUNTS):
            values, times_s = zip(*(value(t, threshold, count) for t in trials), strict=True)
            known = [v for v in values if v is not None]
            mean_s = sum(times_s) / len(times_s) + 0.3
            judged.append(
                {
                    "cell": cell,
                    "batch_ms": batch_ms,
                    "threshold": threshold,
                    "count": count,
                    "with_value": len(known) / len(trials),
                    "cv": variation(known),
                    "trial_s": mean_s,
                }
            )
    table = pd.DataFrame(judged)
    # Relative standard error of the mean of the trials that fit in a minute; a trial without a
    # value took its time too.
    table["error_per_minute"] = table["cv"] * (table["trial_s"] / 60 / table["with_value"]) ** 0.5
    return table


def value(trial: pd.DataFrame, threshold: float, count: int) -> tuple[float | None, float]:
    """The median of the first `count` quiet repetitions (None under 3), and when it was known."""
    quiet = trial[trial["disturbance"] <= threshold].head(count)
    last = quiet if len(quiet) == count else trial
    elapsed_s = float(last["elapsed_ns"].max()) / 1e9
    return (float(quiet["wall_ns"].median()) if len(quiet) >= min(3, count) else None), elapsed_s


def variation(values: Sequence[float]) -> float:
    """Coefficient of variation; NaN for fewer than four values."""
    found = pd.Series(values, dtype="float64")
    return float(found.std() / found.mean()) if len(found) >= 4 else math.nan


def summary(judged: pd.DataFrame) -> pd.DataFrame:
    """The rules from best to worst: geometric mean of the errors over the cells."""
    judged = judged.assign(log_error=judged["error_per_minute"].map(math.log))
    rules = judged.groupby(["batch_ms", "threshold", "count"]).agg(
        cells=("log_error", "count"),
        worst_cv=("cv", "max"),
        median_cv=("cv", "median"),
        trial_s=("trial_s", "mean"),
        with_value=("with_value", "mean"),
        error_per_minute=("log_error", lambda logs: math.exp(logs.mean())),
    )
    complete = rules[rules["cells"] == len(CELLS)]
    return complete.sort_values("error_per_minute").round(4).reset_index()


if __name__ == "__main__":
    main()
