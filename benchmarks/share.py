"""How much of a sweep is spent inside repetitions, and on what the rest goes.

Read from the records of campaigns that ended well; a campaign's retry pass doesn't count.
"""

import argparse
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from threads_or_processes.common.files import read_json
from threads_or_processes.records.trial import repetitions_at

from benchmarks.markdown import print_table

COLUMNS = (
    "campaign",
    "trials",
    "between two trials (ms): quartiles",
    "in repetitions",
    "between repetitions",
    "start and end of a trial",
    "between trials",
    "minutes, all repetitions undisturbed",
    "the pipeline's CPU time beside a trial (ms): median, most",
)
# A longer time between two trials was an interruption.
MOST_BETWEEN_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Where the time of one trial went (ns), up to the start of the next one.

    `undisturbed_ns` is what it would have been without repetitions beyond those wanted.
    """

    repetitions_ns: int
    between_repetitions_ns: int
    around_ns: int
    until_next_ns: int
    undisturbed_ns: float


def main() -> None:
    """Print a row for each campaign."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.share", description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, help="folders results/<machine>")
    print_table(COLUMNS, map(row, parser.parse_args().results))


def row(results: Path) -> Iterator[str]:
    """The cells of one campaign's row."""
    records = in_order(results)
    wanted = {cell["id"]: cell["repetitions"] for cell in read_json(results / "plan.json")["cells"]}
    spent_by_cell: dict[str, list[Spent]] = defaultdict(list)
    for trial, following in pairwise(records):
        if between_ns(trial, following) < MOST_BETWEEN_S * 1e9:
            cell = trial["cell"]["id"]
            spent_by_cell[cell].append(where_it_went(trial, following, wanted[cell]))
    spent = list(chain.from_iterable(spent_by_cell.values()))
    quartiles = statistics.quantiles([one.until_next_ns / 1e6 for one in spent], n=4)
    parts = [
        sum(one.repetitions_ns for one in spent),
        sum(one.between_repetitions_ns for one in spent),
        sum(one.around_ns for one in spent),
        sum(one.until_next_ns for one in spent),
    ]
    beside_ms = [record["beside_cpu_ns"] / 1e6 for record in records]
    yield results.name
    yield f"{len(records):,}"
    yield ", ".join(f"{quartile:.0f}" for quartile in quartiles)
    yield from (f"{part / sum(parts):.0%}" for part in parts)
    yield f"{sum(map(undisturbed_ns, spent_by_cell.values())) / 60e9:.1f}"
    yield f"{statistics.median(beside_ms):.2f}, {max(beside_ms):.2f}"


def in_order(results: Path) -> Sequence[dict[str, Any]]:
    """The first try of every trial, as they were measured."""
    records = (read_json(file) for file in (results / "archive").glob("*.json"))
    return sorted(
        (one for one in records if one["try"] == 1),
        key=lambda one: one["started_monotonic_ns"],
    )


def undisturbed_ns(trials: Sequence[Spent]) -> float:
    """What the trials of a cell would take on a quiet machine, by the quarter that was fastest."""
    return len(trials) * float(np.quantile([one.undisturbed_ns for one in trials], 0.25))


def where_it_went(trial: dict[str, Any], following: dict[str, Any], wanted: int) -> Spent:
    """The parts of the time from a trial's start to the start of the one that follows.

    `wanted` is how many repetitions the plan wants of the smallest amount of work.
    """
    whole_ns: int = trial["ended_monotonic_ns"] - trial["started_monotonic_ns"]
    repetitions = trial["repetitions"]  # none where memory is weighed
    within_ns: int = sum(one["wall_ns"] for one in repetitions)
    starts_ns = [one["started_monotonic_ns"] for one in repetitions]
    span_ns: int = starts_ns[-1] + repetitions[-1]["wall_ns"] - starts_ns[0] if starts_ns else 0
    around_ns, until_next_ns = whole_ns - span_ns, between_ns(trial, following)
    needed_ns = [
        ns
        for walls_ns, count in needed(repetitions, wanted)
        for ns in [statistics.median(walls_ns)] * count
    ]
    gap_ns = (span_ns - within_ns) / max(1, len(repetitions) - 1)
    return Spent(
        repetitions_ns=within_ns,
        between_repetitions_ns=span_ns - within_ns,
        around_ns=around_ns,
        until_next_ns=until_next_ns,
        undisturbed_ns=around_ns + until_next_ns + sum(needed_ns) + gap_ns * len(needed_ns),
    )


def needed(
    repetitions: Sequence[dict[str, Any]], wanted: int
) -> Iterator[tuple[Sequence[int], int]]:
    """The times (ns) of warm-ups and of each amount, and how many of them a trial needs."""
    walls_ns: dict[tuple[str, int], list[int]] = defaultdict(list)
    for one in repetitions:
        walls_ns[one["phase"], one["amount"]].append(one["wall_ns"])
    for (phase, amount), found in walls_ns.items():
        yield found, len(found) if phase == "warmup" else repetitions_at(amount, wanted)


def between_ns(trial: dict[str, Any], following: dict[str, Any]) -> int:
    """From the end of a trial's process to the start of the next one's."""
    between: int = following["started_monotonic_ns"] - trial["ended_monotonic_ns"]
    return between


if __name__ == "__main__":
    main()
