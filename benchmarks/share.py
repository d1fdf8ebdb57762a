"""How much of a sweep is spent inside repetitions, and on what the rest goes.

Read from the records of campaigns that ended well; a campaign's retry pass doesn't count.
"""

import argparse
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from threads_or_processes.common.files import read_json

from benchmarks.markdown import print_table

COLUMNS = (
    "campaign",
    "trials",
    "between two trials (ms): quartiles",
    "in repetitions",
    "between repetitions",
    "start and end of a trial",
    "between trials",
    "the pipeline's CPU time beside a trial (ms): median, most",
)
# A longer time between two trials was an interruption.
MOST_BETWEEN_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Where the time of one trial went (ns), up to the start of the next one."""

    repetitions_ns: int
    between_repetitions_ns: int
    around_ns: int
    until_next_ns: int


def main() -> None:
    """Print a row for each campaign."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.share", description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, help="folders results/<machine>")
    print_table(COLUMNS, map(row, parser.parse_args().results))


def row(results: Path) -> Iterator[str]:
    """The cells of one campaign's row."""
    records = in_order(results)
    spent = [
        where_it_went(trial, following)
        for trial, following in pairwise(records)
        if between_ns(trial, following) < MOST_BETWEEN_S * 1e9
    ]
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
    yield f"{statistics.median(beside_ms):.2f}, {max(beside_ms):.2f}"


def in_order(results: Path) -> Sequence[dict[str, Any]]:
    """The first try of every trial, as they were measured."""
    records = (read_json(file) for file in (results / "archive").glob("*.json"))
    return sorted(
        (one for one in records if one["try"] == 1),
        key=lambda one: one["started_monotonic_ns"],
    )


def where_it_went(trial: dict[str, Any], following: dict[str, Any]) -> Spent:
    """The parts of the time from a trial's start to the start of the one that follows."""
    whole_ns: int = trial["ended_monotonic_ns"] - trial["started_monotonic_ns"]
    repetitions = trial["repetitions"]  # none where memory is weighed
    within_ns: int = sum(one["wall_ns"] for one in repetitions)
    starts_ns = [one["started_monotonic_ns"] for one in repetitions]
    span_ns: int = starts_ns[-1] + repetitions[-1]["wall_ns"] - starts_ns[0] if starts_ns else 0
    return Spent(
        repetitions_ns=within_ns,
        between_repetitions_ns=span_ns - within_ns,
        around_ns=whole_ns - span_ns,
        until_next_ns=between_ns(trial, following),
    )


def between_ns(trial: dict[str, Any], following: dict[str, Any]) -> int:
    """From the end of a trial's process to the start of the next one's."""
    between: int = following["started_monotonic_ns"] - trial["ended_monotonic_ns"]
    return between


if __name__ == "__main__":
    main()
