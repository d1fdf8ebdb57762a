"""How much of what differs from trial to trial is the environment that the trial was given.

Each trial draws the size of its environment and its hash seed, which shift where things lie in
memory. Here every environment is used twice: where two trials of one environment are more alike
than two of different ones, layout is what tells trials apart.
"""

import argparse
import random
import statistics
from collections.abc import Mapping, Sequence

import numpy as np
from threads_or_processes.records.vocabulary import FEWEST_QUIET
from threads_or_processes.trial.supervisor.trial import quiet_repetitions

from benchmarks.against_pyperf import BATCH_MS, quiet_ms
from benchmarks.bench import SERIAL_CELLS, Bench, Cell, bench, rule_of
from benchmarks.markdown import print_table

COLUMNS = (
    "cell",
    "median ms",
    "least and most of an environment",
    "spread",
    "due to the environment",
    "environments",
)
#: Of an environment: its values in the order in which they were measured.
Values = Mapping[int, Sequence[float]]


def main() -> None:
    """Measure in random order, then print a row for each function."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layout", description=__doc__)
    parser.add_argument("--environments", type=int, default=20)
    arguments = parser.parse_args()
    with bench() as found:
        values = measured(found, SERIAL_CELLS, arguments.environments)
    print_table(COLUMNS, (row(cell, of_cell) for cell, of_cell in values.items()))


def measured(found: Bench, cells: Sequence[Cell], environments: int) -> dict[Cell, Values]:
    """Two trials of each cell in each environment; a trial without quiet has no value."""
    plan = [(cell, number) for cell in cells for number in range(environments)] * 2
    random.Random(1).shuffle(plan)  # noqa: S311 - a design, not a secret
    records = [
        (cell, number, found.trial(cell, block=number, batch_ms=BATCH_MS)) for cell, number in plan
    ]
    rule = rule_of(found.monitor.cpus, [record for _, _, record in records])
    values: dict[Cell, dict[int, list[float]]] = {cell: {} for cell in cells}
    for cell, number, record in records:
        if quiet_repetitions(record, rule) >= FEWEST_QUIET:
            values[cell].setdefault(number, []).append(quiet_ms(record, rule))
    return {cell: values[cell] for cell in cells}


def row(cell: Cell, values: Values) -> tuple[str, ...]:
    """Spread is the standard deviation over the mean; its square is split in two."""
    pairs = np.array([pair for pair in values.values() if len(pair) == 2])
    means = pairs.mean(axis=1)
    within = float(np.mean((pairs[:, 0] - pairs[:, 1]) ** 2) / 2)
    total = within + max(0.0, float(means.var(ddof=1)) - within / 2)
    return (
        cell.name,
        f"{statistics.median(means):.2f}",
        f"{means.min():.2f} to {means.max():.2f}",
        f"{total**0.5 / pairs.mean():.1%}",
        f"{1 - within / total:.0%}",
        str(len(pairs)),
    )


if __name__ == "__main__":
    main()
