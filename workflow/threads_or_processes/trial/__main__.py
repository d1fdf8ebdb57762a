"""The commands of this package.

`measure` runs one trial, `retry` is the retry pass over those that saw no quiet moment,
`calibrate` sizes one workload.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import exit_on_user_error
from threads_or_processes.common.files import put_in_place, write_json
from threads_or_processes.common.phrases import format_duration
from threads_or_processes.common.plan_file import read_plan
from threads_or_processes.common.signing import read_identity, signed
from threads_or_processes.records.plan import Plan
from threads_or_processes.trial.deadline import is_over, leave_out, left_s
from threads_or_processes.trial.machine import check_unchanged, fingerprint
from threads_or_processes.trial.supervisor.faults import SurroundingsError
from threads_or_processes.trial.supervisor.lock import machine_lock
from threads_or_processes.trial.supervisor.noise_monitor import NoiseMonitor, noise_monitor
from threads_or_processes.trial.supervisor.retry_pass import candidates, retries
from threads_or_processes.trial.supervisor.retry_schedule import RetrySchedule, Stop
from threads_or_processes.trial.supervisor.trial import (
    Circumstances,
    read_calibration,
    record_trial,
    run_calibration,
    stopped,
)

# While the retry pass waits, it says so this often.
SAY_EVERY_S = 15.0


def measure(arguments: argparse.Namespace) -> None:
    """Run one trial alone on the machine and write its record; none where the budget is over."""
    if is_over(arguments.out):
        leave_out(arguments.out)
        return
    identity = read_identity(arguments.identity)
    calibration = read_calibration(arguments.calibration)
    with machine_lock() as has_lock:
        record = record_trial(
            arguments.spec,
            arguments.position,
            identity,
            calibration,
            arguments.sentinel,
            Circumstances(machine=arguments.machine, has_lock=has_lock),
        )
    _keep(record, arguments.archive)
    _count(record, arguments.archive, arguments.out)


def run_retry_pass(arguments: argparse.Namespace) -> None:
    """Try those trials again that saw no quiet moment, at quiet moments, for a stated time."""
    plan, begun_s = read_plan(arguments.plan), time.monotonic()
    budget_s = max(0.0, min(plan.config["trial"]["retry_pass_s"], left_s()))
    with contextlib.ExitStack() as stack:
        has_lock = stack.enter_context(machine_lock())
        circumstances = Circumstances(machine=plan.fingerprint, has_lock=has_lock)
        circumstances.check()  # before the sentinel takes its floors
        try:
            monitor = stack.enter_context(noise_monitor(arguments.results / "sentinel.json"))
            account = (
                _retry(arguments.results, plan, monitor, budget_s, circumstances) if monitor else {}
            )
        except SurroundingsError as fault:
            raise stopped(fault) from None
    seconds = round(time.monotonic() - begun_s)
    write_json(arguments.out, {**account, "budget_s": budget_s, "seconds": seconds})


def _retry(
    results: Path,
    plan: Plan,
    monitor: NoiseMonitor,
    budget_s: float,
    circumstances: Circumstances,
) -> dict[str, Any]:
    """Keep every try, let the quietest count; how many trials lacked quiet, and gained it."""
    lacking = candidates(plan, results, monitor)
    if not (lacking and budget_s):
        return {"lacking": len(lacking), "gained": 0, "tries": 0}
    said_s = time.monotonic()
    schedule = RetrySchedule.of(lacking, budget_s=budget_s, now_s=said_s)
    _say(
        f"{len(lacking)} trials have too few undisturbed repetitions; they are repeated, "
        f"for {format_duration(budget_s, 'up to')}"
    )
    tries = 0
    for retry in retries(plan, schedule, monitor, results=results, circumstances=circumstances):
        if retry:
            _keep(retry.record, results / "archive")
            if retry.is_quietest:
                _count(retry.record, results / "archive", retry.path)
            tries += 1
        if (now_s := time.monotonic()) - said_s > SAY_EVERY_S:
            said_s = now_s
            _say(schedule.progress(now_s))
    stopped = schedule.stop(time.monotonic()) or Stop.NONE_LEFT
    # By the floors of now, others may have become disturbed.
    still = {one.path for one in candidates(plan, results, monitor)}
    gained = sum(one.path not in still for one in lacking)
    _say(
        f"{gained} of {len(lacking)} are complete after {tries} attempts; "
        f"the retry pass ends: {stopped}"
    )
    return {
        "lacking": len(lacking),
        "gained": gained,
        "tries": tries,
        "given_up": schedule.given_up,
        "waiting": len(schedule.queue),
        "stopped": stopped,
    }


def _say(words: str) -> None:
    print(words, flush=True)


def _keep(record: Mapping[str, Any], archive: Path) -> None:
    """Put a try into the archive, which keeps all, also what a later run would replace."""
    write_json(archive / f"{record['trial_id']}.json", signed(record))


def _count(record: Mapping[str, Any], archive: Path, out: Path) -> None:
    """Let a try that is in the archive be the one that counts."""
    put_in_place(archive / f"{record['trial_id']}.json", out)


def calibrate(arguments: argparse.Namespace) -> None:
    """Size one workload alone on the machine and write its calibration."""
    identity = read_identity(arguments.identity)
    with machine_lock():
        check_unchanged(arguments.machine)
        calibration = run_calibration(
            arguments.request["function"],
            arguments.request["params"],
            arguments.request["batch_ms"],
            identity,
            arguments.request.get("workers"),
        )
        check_unchanged(arguments.machine, fingerprint())
    write_json(arguments.out, signed(calibration))


def run_command(command_line: Sequence[str]) -> None:
    """Parse a command line and run its command; a `UserError` is shown, and exits."""
    arguments = command_line_parser().parse_args(command_line)
    exit_on_user_error(lambda: arguments.run(arguments))


@cache
def command_line_parser() -> argparse.ArgumentParser:
    """The commands and their arguments; each sets `run`."""
    parser = argparse.ArgumentParser(
        prog="python -m threads_or_processes.trial", description=__doc__
    )
    commands = parser.add_subparsers(required=True)

    one = commands.add_parser("measure", help="run one trial and write its record")
    one.add_argument("--spec", type=json.loads, required=True, help="the trial as JSON")
    one.add_argument("--position", type=int, required=True, help="its place in the planned order")
    one.add_argument("--identity", type=Path, required=True, help="the build's identity file")
    one.add_argument("--calibration", type=Path, required=True, help="the workload's calibration")
    one.add_argument(
        "--sentinel", type=Path, required=True, help="file of the campaign's sentinel readings"
    )
    one.add_argument(
        "--machine", type=json.loads, required=True, help="the planned machine's fingerprint (JSON)"
    )
    one.add_argument("--archive", type=Path, required=True, help="folder that keeps every record")
    one.add_argument("--out", type=Path, required=True, help="the record to write")
    one.set_defaults(run=measure)

    again = commands.add_parser("retry", help="repeat trials with too few undisturbed repetitions")
    again.add_argument("--plan", type=Path, required=True, help="the campaign's plan.json")
    again.add_argument("--results", type=Path, required=True, help="the campaign's folder")
    again.add_argument("--out", type=Path, required=True, help="the account to write")
    again.set_defaults(run=run_retry_pass)

    size = commands.add_parser("calibrate", help="size one workload's batch")
    size.add_argument(
        "--request", type=json.loads, required=True, help="its function, params and batch_ms (JSON)"
    )
    size.add_argument("--identity", type=Path, required=True, help="the reference build's identity")
    size.add_argument(
        "--machine", type=json.loads, required=True, help="the planned machine's fingerprint (JSON)"
    )
    size.add_argument("--out", type=Path, required=True, help="the calibration to write")
    size.set_defaults(run=calibrate)
    return parser


if __name__ == "__main__":
    run_command(sys.argv[1:])
