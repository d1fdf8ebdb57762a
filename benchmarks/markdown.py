"""The benchmarks' tables in Markdown, printed row by row as they come to be known."""

from collections.abc import Iterable, Sequence


def print_header(columns: Sequence[str]) -> None:
    """The columns' names, and the line under them."""
    print_row(columns)
    print("|---" * len(columns) + "|", flush=True)


def print_row(cells: Iterable[str]) -> None:
    """One row of a table that has a header."""
    print("| " + " | ".join(cells) + " |", flush=True)
