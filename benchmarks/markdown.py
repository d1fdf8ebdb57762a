"""The benchmarks' tables in Markdown, printed row by row as they come to be known."""

from collections.abc import Iterable, Sequence


def print_table(columns: Sequence[str], rows: Iterable[Iterable[str]]) -> None:
    """The columns' names, the line under them, and each row as soon as it is there."""
    _print_row(columns)
    print("|---" * len(columns) + "|", flush=True)
    for row in rows:
        _print_row(row)


def _print_row(cells: Iterable[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)
