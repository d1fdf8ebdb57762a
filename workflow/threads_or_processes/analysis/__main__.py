"""Trials to tables: `collect` makes the data set from records, `tables` the tables from it.

`unpack` puts an archived data set where `tables` and the report look for one.
`decide` looks at the records before a data set is made, and says which cells get more blocks.
`keep` copies a data set as a baseline, and `compare` says what changed since.

Only commands that estimate import SciPy, which takes longer than all that the others do.
"""

import argparse
import gc
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow

from threads_or_processes.analysis.added_blocks import plan_with_measured_blocks, with_blocks
from threads_or_processes.analysis.archived import unpack_dataset
from threads_or_processes.analysis.dataset import (
    batches_of,
    check_covers,
    open_dataset,
)
from threads_or_processes.analysis.differences import Measured, differences
from threads_or_processes.analysis.frames import csv_text, frame, without_formulas
from threads_or_processes.analysis.package import (
    CSV_FILE,
    PACKAGE_FILE,
    PARQUET_FILE,
    REPETITIONS_FILE,
    Package,
    as_record,
    notes_in,
)
from threads_or_processes.analysis.records import Record, read_identities, read_records
from threads_or_processes.analysis.states import Opened, earlier_state, state_name
from threads_or_processes.analysis.states import keep as keep_files
from threads_or_processes.analysis.stored import Stored, write_dataset
from threads_or_processes.common.decoding import read_as
from threads_or_processes.common.errors import exit_on_user_error
from threads_or_processes.common.files import read_json, write_json, write_text
from threads_or_processes.common.plan_file import read_plan
from threads_or_processes.common.provenance import git_commit, version
from threads_or_processes.records.baseline import BaselineNote
from threads_or_processes.records.interpreter import Identity, Parity, plain_arms, without_place
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.precision import Round
from threads_or_processes.records.tables.changes import BASELINE_TABLES


def main() -> None:
    """Run the command that the arguments name."""
    arguments = _parser().parse_args()
    # Data sets become millions of lists without a cycle: searching them takes a tenth of the time.
    gc.disable()
    pyarrow.set_memory_pool(pyarrow.system_memory_pool())  # what it frees is of use to NumPy
    arguments.run(arguments)


def decide_stopping(arguments: argparse.Namespace) -> None:
    """Read every record that is there so far, judge how wide the intervals are."""
    from threads_or_processes.analysis.precision import decide
    from threads_or_processes.analysis.reduction import reduced
    from threads_or_processes.analysis.trial_values import (
        at_largest_amounts,
        times_of,
        trial_values,
    )

    earlier, plan, _, records = _measured(arguments)
    found = reduced(plan, Stored.in_memory(batches_of(records, plan)).batches)
    trials = at_largest_amounts(found.repetitions)
    values = trial_values(trials, quiet_threshold=plan.quiet_threshold)
    decided = decide(plan, times_of(values, plan), earlier)
    write_json(arguments.out, msgspec.to_builtins(decided))
    print(decided.summary())


def _measured(
    arguments: argparse.Namespace,
) -> tuple[Round | None, Plan, dict[str, Identity], Iterator[Record]]:
    """The last round, the plan with all that was added, the identities by name, the records."""
    last = read_as(arguments.rounds[-1], Round) if arguments.rounds else None
    plan = with_blocks(read_plan(arguments.plan), last.blocks if last else {})
    identities = read_identities(arguments.interpreters, plan)
    records = read_records(plan, results=arguments.records, identities=identities)
    return last, plan, identities, records


def collect(arguments: argparse.Namespace) -> None:
    """Read every planned record, check it, write the data set and its package, and keep both."""
    _, plan, identities, records = _measured(arguments)
    trials, rows = write_dataset(batches_of(records, plan), arguments.out)
    package = Package(
        plan_json=read_json(arguments.plan),
        interpreters={name: without_place(identity) for name, identity in identities.items()},
        parity=read_as(arguments.interpreters / "parity.json", Parity),
        git_commit=git_commit(),
        version=version(),
        **notes_in(arguments.out),
        **arguments.code,
    )
    write_json(arguments.out / PACKAGE_FILE, as_record(package))
    data = Stored(trials=arguments.out / PARQUET_FILE, repetitions=arguments.out / REPETITIONS_FILE)
    name = state_name(data.batches, package.csv.sha256)
    csv, package_file = arguments.out / CSV_FILE, arguments.out / PACKAGE_FILE
    keep_files(csv, package_file, arguments.states / name)
    print(f"{trials} trials, {rows} rows -> {arguments.out}")


def unpack(arguments: argparse.Namespace) -> None:
    """Check an archived data set and write what measuring would have left."""
    said = unpack_dataset(arguments.dataset, arguments.package, arguments.out)
    print(f"{said} -> {arguments.out}")


def tables(arguments: argparse.Namespace) -> None:
    """Read the data set, write every table."""
    from threads_or_processes.analysis.tables import tables_of, write_tables

    plan = read_plan(arguments.plan)
    trials = open_dataset(arguments.trials)
    plan = plan_with_measured_blocks(plan, trials.states)
    check_covers(trials.states, plan, arguments.trials)
    identities = read_identities(arguments.interpreters, plan)
    write_tables(
        tables_of(plan, trials.batches, plain_arms=plain_arms(identities.values())), arguments.out
    )


def keep(arguments: argparse.Namespace) -> None:
    """Copy a data set and its package as a baseline."""
    keep_files(arguments.trials, arguments.package, arguments.out)
    print(f"{arguments.trials} -> {arguments.out}")


def compare(arguments: argparse.Namespace) -> None:
    """Compare a data set with a baseline, write what changed and what differs."""
    from threads_or_processes.analysis.before_after import changes, in_both, state_of

    new = Opened.of(arguments.trials, arguments.package)
    states, name = None, arguments.name
    if arguments.states:
        earlier, states = earlier_state(arguments.states, new)
        old = earlier or new
        name = old.state_name
    else:
        old = Opened.of(arguments.baseline, arguments.baseline_package, is_kept=True)
    measured = Measured(before=old.made, after=new.made)
    again = in_both(old.data.batches, new.data.batches)
    before = state_of(old.plan, old.data.batches, again)
    after = state_of(new.plan, new.data.batches, again)
    found = changes(before, after, measured=measured)
    note = BaselineNote(
        name=name,
        last_unix_ns=old.last_unix_ns,
        trials_csv_sha256=old.package.csv.sha256,
        margin=after.plan.margin,
        is_itself=old.package.csv.sha256 == new.package.csv.sha256,
        sentinel_ratio=found.sentinel_ratio,
        spread_from=found.spread_from,
        together=found.together,
        left_out=found.left_out,
        states=states,
    )
    rows = {"changes": found.rows, "differences": differences(measured)}
    for table, record in BASELINE_TABLES.items():
        content = csv_text(without_formulas(frame(rows[table], record)))
        write_text(arguments.out / f"{table}.csv", content)
    write_json(arguments.out / "baseline.json", msgspec.to_builtins(note))
    print(f"{len(rows['changes'])} configurations compared with {name}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m threads_or_processes.analysis", description=__doc__
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("decide", help=decide_stopping.__doc__)
    command.set_defaults(run=decide_stopping)
    _records(command)
    _path(command, "--out", "the round to write")

    command = commands.add_parser("collect", help=collect.__doc__)
    command.set_defaults(run=collect)
    _records(command)
    _path(command, "--out", "folder to write the data set and its datapackage.json to")
    _path(command, "--states", "folder that keeps each data set, under its date")
    command.add_argument(
        "--code", type=json.loads, required=True, help="hashes of functions and models, as JSON"
    )

    command = commands.add_parser("unpack", help=unpack.__doc__)
    command.set_defaults(run=unpack)
    _path(command, "--package", "the data set's datapackage.json")
    _path(command, "--dataset", "the data set, .csv.gz or .parquet")
    _path(command, "--out", "folder of results to write")

    command = commands.add_parser("tables", help=tables.__doc__)
    command.set_defaults(run=tables)
    _path(command, "--plan", "the campaign's plan.json")
    _path(command, "--interpreters", "folder with <arm>.json for each arm")
    _path(command, "--trials", "data set, .parquet or .csv.gz")
    _path(command, "--out", "folder for the tables")

    command = commands.add_parser("keep", help=keep.__doc__)
    command.set_defaults(run=keep)
    _path(command, "--trials", "data set, .csv.gz")
    _path(command, "--package", "its datapackage.json")
    _path(command, "--out", "folder of the baseline")

    command = commands.add_parser("compare", help=compare.__doc__)
    command.set_defaults(run=compare)
    command.add_argument("--name", help="what the baseline is called")
    command.add_argument("--baseline", type=Path, help="its data set, .csv.gz or .parquet")
    command.add_argument("--baseline-package", type=Path, help="its datapackage.json")
    command.add_argument("--states", type=Path, help="instead of these: take it from this folder")
    _path(command, "--trials", "data set, .parquet or .csv.gz")
    _path(command, "--package", "its datapackage.json")
    _path(command, "--out", "folder for what changed")
    return parser


def _records(command: argparse.ArgumentParser) -> None:
    """What says where the records lie, and which of them are planned."""
    _path(command, "--plan", "the campaign's plan.json")
    _path(command, "--interpreters", "folder with <arm>.json for each arm, and parity.json")
    _path(command, "--records", "folder that the plan's record paths are relative to")
    command.add_argument(
        "--rounds",
        type=Path,
        nargs="*",
        default=[],
        help="the rounds that are decided so far, in order",
    )


def _path(command: argparse.ArgumentParser, name: str, meaning: str) -> None:
    command.add_argument(name, type=Path, required=True, help=meaning)


if __name__ == "__main__":
    exit_on_user_error(main)
