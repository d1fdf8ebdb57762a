"""The commands of this room: `measure` runs one trial, `calibrate` sizes one workload."""

import argparse
import json
import os
from pathlib import Path

from workflow.errors import reported
from workflow.files import read_json, write_json
from workflow.trial.lock import machine_lock
from workflow.trial.neighbours import neighbours
from workflow.trial.trial import quiet_repetitions, read_identity, run_calibration, run_tries


def measure(arguments: argparse.Namespace) -> None:
    """Run one trial alone on the machine and write its record."""
    identity = read_identity(arguments.identity)
    calibration = read_json(arguments.calibration)
    with machine_lock(), neighbours(arguments.sentinel) as watched:
        tries = list(run_tries(arguments.order, arguments.position, identity, calibration, watched))
    # The archive keeps every try, and what a later run of the same trial would replace.
    for record in tries:
        write_json(arguments.archive / f"{record['trial_id']}.json", record)
    quietest = max(tries, key=quiet_repetitions)
    kept = arguments.archive / f"{quietest['trial_id']}.json"
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.unlink(missing_ok=True)
    os.link(kept, arguments.out)


def calibrate(arguments: argparse.Namespace) -> None:
    """Size one workload alone on the machine and write its calibration."""
    identity = read_identity(arguments.identity)
    with machine_lock():
        calibration = run_calibration(
            arguments.request["function"],
            arguments.request["params"],
            arguments.request["batch_ms"],
            identity,
        )
    write_json(arguments.out, calibration)


def main() -> None:
    """Parse the command line and obey."""
    parser = argparse.ArgumentParser(prog="python -m workflow.trial", description=__doc__)
    commands = parser.add_subparsers(required=True)

    one = commands.add_parser("measure", help="run one trial and write its record")
    one.add_argument("--order", type=json.loads, required=True, help="the trial as JSON")
    one.add_argument("--position", type=int, required=True, help="its place in the planned order")
    one.add_argument("--identity", type=Path, required=True, help="the arm's identity file")
    one.add_argument("--calibration", type=Path, required=True, help="the workload's calibration")
    one.add_argument(
        "--sentinel", type=Path, required=True, help="file of the campaign's sentinel readings"
    )
    one.add_argument("--archive", type=Path, required=True, help="folder that keeps every record")
    one.add_argument("--out", type=Path, required=True, help="the record to write")
    one.set_defaults(obey=measure)

    size = commands.add_parser("calibrate", help="size one workload's batch")
    size.add_argument(
        "--request", type=json.loads, required=True, help="its function, params and batch_ms (JSON)"
    )
    size.add_argument("--identity", type=Path, required=True, help="the reference arm's identity")
    size.add_argument("--out", type=Path, required=True, help="the calibration to write")
    size.set_defaults(obey=calibrate)

    arguments = parser.parse_args()
    arguments.obey(arguments)


if __name__ == "__main__":
    reported(main)
