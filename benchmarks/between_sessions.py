"""By how much a configuration's time moves from one session to another, though nothing changed.

Over all pairs of the campaigns given, as far as their code, interpreters and machine are the same.
"""

import argparse
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from threads_or_processes.analysis.added_blocks import plan_with_measured_blocks
from threads_or_processes.analysis.before_after import State, changes, pairs_in, state_of
from threads_or_processes.analysis.between_sessions import PRIOR_SD, SessionKind
from threads_or_processes.analysis.dataset import open_dataset
from threads_or_processes.analysis.differences import Made, Measured, is_unchanged, made_of
from threads_or_processes.analysis.package import PACKAGE_FILE, read_package
from threads_or_processes.pipeline.baseline import dataset_at
from threads_or_processes.records.tables.changes import ChangeRow
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, Basis, Timing

from benchmarks.markdown import print_table

COLUMNS = ("kind", "repetitions", "pairs of campaigns", "configurations", "seen", "default")
#: Fewer trials say little about their own spread.
FEWEST_TRIALS = 4

#: Of one pair of campaigns: mean squared log ratio less what trials account for, and of how many.
Seen = tuple[float, int]


def main() -> None:
    """Print the table, and how often intervals contain 1."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.between_sessions", description=__doc__
    )
    parser.add_argument("datasets", type=Path, nargs="+", help="folders or files of data sets")
    read = [read_campaign(path) for path in parser.parse_args().datasets]
    seen: dict[SessionKind, list[Seen]] = defaultdict(list)
    compared: list[ChangeRow] = []
    for (was, before), (now, after) in itertools.combinations(
        sorted(read, key=lambda one: one[1].first_unix_ns), 2
    ):
        measured = Measured(before=was, after=now)
        for kind, of_kind in moves(before, after, measured).items():
            seen[kind].append(of_kind)
        compared += itself(before, after, measured)
    print_table(COLUMNS, rows(seen))
    print(f"\n{held(compared)}")


def read_campaign(path: Path) -> tuple[Made, State]:
    """What a data set was measured with, and its trials."""
    file = dataset_at(path)
    package, data = read_package(file.parent / PACKAGE_FILE), open_dataset(file)
    plan = plan_with_measured_blocks(package.plan, data.states)
    return made_of(package, data.batches), state_of(plan, data.batches)


def moves(before: State, after: State, measured: Measured) -> Mapping[SessionKind, Seen]:
    """What warm configurations moved by between two campaigns, by kind."""
    found: dict[SessionKind, list[tuple[float, float]]] = defaultdict(list)
    for one in pairs_in(before, after, Counter()):
        samples = one.samples
        if (
            one.after.timing is Timing.WARM
            and samples.blocks >= FEWEST_TRIALS
            and is_unchanged(one.before, one.after, measured)
        ):
            found[one.kind].append((samples.log_mean**2, samples.standard_error**2))
    return {
        kind: (float(np.subtract(*np.mean(squares, axis=0))), len(squares))
        for kind, squares in found.items()
    }


def itself(before: State, after: State, measured: Measured) -> Iterator[ChangeRow]:
    """Every configuration that is compared with itself, with blocks enough for a result."""
    cells = {
        one.after.id
        for one in pairs_in(before, after, Counter())
        if is_unchanged(one.before, one.after, measured)
    }
    for row in changes(before, after, measured=measured).rows if cells else ():
        if row.cell in cells and row.blocks >= FEWEST_BLOCKS:
            yield row


def rows(seen: Mapping[SessionKind, Sequence[Seen]]) -> Iterator[tuple[str, ...]]:
    """A row a kind; seen are both weightings: each pair of campaigns alike, or by its size."""
    for kind, found in sorted(seen.items()):
        has_workers, basis = kind
        variances, sizes = np.array(found).T
        both = sorted(
            math.sqrt(max(0.0, float(np.average(variances, weights=weights))))
            for weights in (None, sizes)
        )
        yield (
            "with workers" if has_workers else "serial",
            "undisturbed" if basis is Basis.QUIET else "all",
            str(len(found)),
            str(int(sizes.sum())),
            f"{both[0]:.1%} to {both[1]:.1%}",
            f"{PRIOR_SD[kind]:.1%}",
        )


def held(compared: Sequence[ChangeRow]) -> str:
    """How many intervals contain 1, and what the configurations were called."""
    hold = sum(
        (row.intervals.ci_low_ratio or 0) <= 1 <= (row.intervals.ci_high_ratio or math.inf)
        for row in compared
    )
    called = ", ".join(
        f"{count} {word}"
        for word, count in Counter(str(row.reading) for row in compared).most_common()
    )
    return f"{hold} of {len(compared)} intervals contain 1; {called}"


if __name__ == "__main__":
    main()
