"""Trials to tables: `collect` makes the data set from records, `tables` the tables from it."""

import argparse
from pathlib import Path

from workflow.analysis.dataset import check_covers, dataset, read_dataset, write_dataset
from workflow.analysis.planned import read_plan
from workflow.analysis.records import read_identities, read_records
from workflow.analysis.tables import all_tables, write_tables
from workflow.errors import reported


def main() -> None:
    """Run the command that the arguments name."""
    arguments = _parser().parse_args()
    arguments.run(arguments)


def collect(arguments: argparse.Namespace) -> None:
    """Read every planned record, check it, write the data set."""
    plan = read_plan(arguments.plan)
    identities = read_identities(arguments.interpreters, plan)
    records = read_records(plan, results=arguments.records, identities=identities)
    trials = dataset(records, plan)
    write_dataset(trials, parquet=arguments.parquet, csv=arguments.csv)
    print(f"{len(records)} trials, {len(trials)} rows -> {arguments.parquet}, {arguments.csv}")


def tables(arguments: argparse.Namespace) -> None:
    """Read the data set, write every table."""
    plan = read_plan(arguments.plan)
    trials = read_dataset(arguments.trials)
    check_covers(trials, plan, arguments.trials)
    write_tables(all_tables(plan, trials), arguments.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workflow.analysis", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("collect", help=collect.__doc__)
    command.set_defaults(run=collect)
    _path(command, "--plan", "the campaign's plan.json")
    _path(command, "--interpreters", "folder with an identity <arm>.json for each arm")
    _path(command, "--records", "folder that the plan's record paths are relative to")
    _path(command, "--parquet", "data set to write")
    _path(command, "--csv", "the same as .csv.gz")

    command = commands.add_parser("tables", help=tables.__doc__)
    command.set_defaults(run=tables)
    _path(command, "--plan", "the campaign's plan.json")
    _path(command, "--trials", "data set, .parquet or .csv.gz")
    _path(command, "--out", "folder for the tables")
    return parser


def _path(command: argparse.ArgumentParser, name: str, meaning: str) -> None:
    command.add_argument(name, type=Path, required=True, help=meaning)


if __name__ == "__main__":
    reported(main)
