"""The retry pass: trials that never saw a quiet moment are tried again when all are measured.

A neighbour is busy for minutes: another try at once meets it again. So the campaign first measures
everything, then waits, as long as there is a chance and up to a stated time, for quiet moments, and
gives these to the trials that lack them. Every try is kept, and of a trial's tries the quietest
counts, as ever.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from threads_or_processes.common.decoding import problem_with
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import is_left_out, read_json
from threads_or_processes.common.signing import read_identity
from threads_or_processes.records.paths import path_key
from threads_or_processes.records.plan import PeersName, Plan, Trial
from threads_or_processes.records.quiet import quiet_trials_wanted
from threads_or_processes.records.trial import TrialFile, differing
from threads_or_processes.records.vocabulary import FEWEST_QUIET
from threads_or_processes.trial.supervisor.faults import HarnessError, SurroundingsError
from threads_or_processes.trial.supervisor.noise_monitor import NoiseMonitor
from threads_or_processes.trial.supervisor.retry_schedule import RetrySchedule
from threads_or_processes.trial.supervisor.trial import (
    ORDINARY,
    Circumstances,
    measure_trial,
    quiet_repetitions,
    read_calibration,
    tell,
)

# So long it waits for a moment that is quiet for one trial, before another one's turn comes.
TURN_S = 5.0


@dataclass(frozen=True)
class Candidate:
    """A trial that lacks quiet repetitions: its record's path, and the best of its records."""

    trial: Trial
    workers: int
    path: Path
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Retry:
    """One more try of a trial, and whether it was the quietest so far."""

    path: Path
    record: Mapping[str, Any]
    is_quietest: bool


def candidates(plan: Plan, results: Path, monitor: NoiseMonitor | None = None) -> list[Candidate]:
    """The timed trials of a plan with too few quiet repetitions, those that matter most first.

    Judged by what `monitor` knows by now, or by the rules of their time. Those that failed, that
    nothing watched, or whose cell waits for no quiet, are none.

    All cells that are compared are on one basis, so one cell without enough quiet time puts all of
    them on typical times: first come cells that lack some, of those peers that lack the fewest.
    """
    found = []
    for trial in sorted(plan.trials, key=lambda trial: trial.position):
        cell, path = plan.cells_by_id[trial.cell], results / trial.record
        if is_left_out(path):
            continue
        if cell.patience_s > 0 and _is_timed(record := read_json(path)):
            _check_machine(path, record, plan.fingerprint)
            rule = monitor.rule(plan.quiet_threshold, workers=cell.workers) if monitor else None
            if quiet_repetitions(record, rule) < FEWEST_QUIET:
                found.append(Candidate(trial, cell.workers, path, record))
    lacks = _lacking_by_cell(plan, found)
    lacks_of_peers: Counter[PeersName] = Counter()
    for cell in plan.cells:
        lacks_of_peers[cell.peers] += lacks[cell.id]
    return sorted(
        found,
        key=lambda one: (
            lacks[one.trial.cell] == 0,
            lacks_of_peers[plan.cells_by_id[one.trial.cell].peers],
        ),
    )


def _lacking_by_cell(plan: Plan, found: Iterable[Candidate]) -> Counter[str]:
    """How many quiet trials each cell lacks before its times are quiet ones."""
    disturbed = Counter(one.trial.cell for one in found)
    return Counter(
        {
            cell.id: max(0, disturbed[cell.id] - (cell.blocks - quiet_trials_wanted(cell.blocks)))
            for cell in plan.cells
        }
    )


def _check_machine(path: Path, record: Mapping[str, Any], planned: Mapping[str, Any]) -> None:
    """`UserError` for a record of another machine: its readings are of other CPUs."""
    if fields := differing(record["machine"], planned):
        raise UserError(
            f"a trial was measured on another machine: its {', '.join(fields)} differ",
            where=str(path),
            hint="delete the file and run snakemake again; the trial will be measured again",
        )


def _is_timed(record: Any) -> bool:
    """Whether a record has watched times; one that is no record is refused when it is collected."""
    return (
        problem_with(record, TrialFile) is None
        and record.get("outcome") == "ok"
        and bool(record.get("sentinel") and record.get("repetitions"))
    )


def retries(
    plan: Plan,
    schedule: RetrySchedule[Candidate],
    monitor: NoiseMonitor,
    *,
    results: Path,
    circumstances: Circumstances = ORDINARY,
) -> Iterator[Retry | None]:
    """Try trials again, each at a quiet moment, until the schedule stops.

    None: the one whose turn it was has met no quiet moment for some seconds.
    """
    threshold = plan.quiet_threshold
    while not schedule.stop(time.monotonic()):
        one = schedule.queue[0].item
        patience_s = min(TURN_S, schedule.left_s(time.monotonic()))
        if not monitor.await_quiet(threshold, patience_s, workers=one.workers):
            schedule.let_others_go_first()
            yield None
            continue
        cell = one.record["cell"]
        interpreter = plan.interpreter(cell["arm"], one.trial.block)
        try:
            record = measure_trial(
                plan.spec(one.trial),
                one.trial.position,
                read_identity(results / "interpreters" / f"{interpreter}.json"),
                read_calibration(results / "calibration" / f"{path_key(cell['workload'])}.json"),
                monitor,
                attempt=one.record["try"] + 1,
                circumstances=circumstances,
            )
        except SurroundingsError:
            raise
        except HarnessError as fault:  # one of its tries is spent
            tell(f"a retry of {cell['id']} failed: {fault}")
            schedule.take_note(one, time.monotonic(), has_enough=False)
            yield None
            continue
        rule = monitor.rule(threshold, workers=one.workers)
        is_quietest = record["outcome"] == "ok" and (
            quiet_repetitions(record, rule) > quiet_repetitions(one.record, rule)
        )
        yield Retry(one.path, record, is_quietest)
        if record["repetitions"]:
            monitor.remember(record)
        best: Mapping[str, Any] = record if is_quietest else {**one.record, "try": record["try"]}
        schedule.take_note(
            replace(one, record=best),
            time.monotonic(),
            has_enough=quiet_repetitions(best, rule) >= FEWEST_QUIET,
        )
