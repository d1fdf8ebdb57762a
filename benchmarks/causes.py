"""Where the time of works with a known cause goes, and what the report takes for the cause."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from threads_or_processes.records.tables.parts import PartsRow
from threads_or_processes.records.vocabulary import Part, PartsState
from threads_or_processes.reporting.tables import read_rows

from benchmarks.markdown import print_table

COLUMNS = (
    *("work", "way", "arm"),
    *(part.replace("_", " ") for part in Part),
    *("waits serially", "switches", "CPU time in the kernel", "likely cause"),
)


def main() -> None:
    """Print a row for each way, at the largest amount of work."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.causes", description=__doc__)
    parser.add_argument("results", type=Path, nargs="+", help="folders of results, of causes.yaml")
    for results in parser.parse_args().results:
        print_table(COLUMNS, rows(read_rows(results / "tables" / "parts.csv", PartsRow)))


def rows(table: tuple[PartsRow, ...]) -> Iterator[tuple[str, ...]]:
    """The cells of each row."""
    most: dict[str, int] = {}
    for row in table:
        most[row.cell] = max(row.amount, most.get(row.cell, 0))
    for row in table:
        if row.amount == most[row.cell] and row.state is PartsState.MEASURED:
            yield (
                *(row.workload, row.model, row.arm),
                *(f"{share.value or 0:.2f}" for share in row.parts.values()),
                f"{row.own_waiting_ratio or 0:.2f}",
                f"{(row.voluntary_switches or 0) + (row.involuntary_switches or 0):,.0f}",
                f"{row.system_ratio or 0:.2f}",
                ", ".join(cause.replace("_", " ") for cause in row.causes) or "nothing stands out",
            )


if __name__ == "__main__":
    main()
