"""The gate: a run that found what `fail_on` names ends with an exit code of its own."""

import csv
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

from threads_or_processes.common.streams import said

#: Neither a failed step (1) nor a mistake of the user's (2): the report is made.
EXIT_CODE = 3


def failing(folders: Iterable[Path], fail_on: Collection[str]) -> list[str]:
    """A line for each claim with such a verdict, in folders of results that have tables."""
    found: dict[str, None] = {}
    for folder in folders:
        table = folder / "tables/claims.csv"
        if not table.exists():
            continue
        with table.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                if row["verdict"] in fail_on:
                    found[f"{row['verdict']} on {folder.name}: {row['sentence']}"] = None
    return list(found)


def close(folders: Iterable[Path], fail_on: Collection[str]) -> None:
    """Say what was found and exit, if anything was."""
    if found := failing(folders, fail_on):
        said("\n".join([*found, f"fail_on in the config: exit code {EXIT_CODE}", ""]), sys.stderr)
        sys.exit(EXIT_CODE)
