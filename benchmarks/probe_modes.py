"""What a reading says of a batch beside it: all CPUs read at once, or one after the other.

Serial batches run here, one after another, with readings in both probe modes between them. A mode
is good when it leaves out few batches that took hardly longer than the quickest ones (left out),
and lets few in that took much longer (let in).
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from threads_or_processes.records.quiet import ProbeMode, QuietRule
from threads_or_processes.trial.measured.probe_client import ProbeReading, Reading, current_cpu
from threads_or_processes.trial.supervisor.lock import machine_lock
from threads_or_processes.trial.supervisor.sentinel import CannotPinError, floors, sentinel

from benchmarks.bench import THRESHOLD

BATCH_S = 0.02
# Times the quickest 2 %: what is called as quick as they are, and what is called disturbed.
QUICK_RATIO, SLOW_RATIO = 1.06, 1.10
HIGH_RATIO = 1.2
DOCUMENT = [{"id": n, "name": f"n{n}", "value": n * 1.5, "tags": ["x", "y"]} for n in range(100)]

Readings = dict[ProbeMode, Reading]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One batch: the CPU that it ran on, its time, and the readings just before and just after."""

    cpu: int
    wall_ns: int
    before: Readings
    after: Readings


def main() -> None:
    """Measure, then print a row for each mode."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probe_modes", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long to measure")
    arguments = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    try:
        with machine_lock(), sentinel(cpus) as read:
            batches = list(measured(read, arguments.minutes * 60))
    except CannotPinError as error:
        sys.exit(f"there is no sentinel to try: {error}")
    least_ns = np.quantile([batch.wall_ns for batch in batches], 0.02)
    slowness = np.array([batch.wall_ns for batch in batches]) / least_ns
    quick, slow = slowness <= QUICK_RATIO, slowness > SLOW_RATIO
    print(f"{len(batches)} batches, {quick.sum()} quick, {slow.sum()} slow")
    for mode in ProbeMode:
        rule = QuietRule(
            cpus=cpus,
            floor_ns=floors([batch.after[mode] for batch in batches]),
            threshold=THRESHOLD,
            mode=mode,
        )
        quiet = np.array([is_quiet(batch, rule) for batch in batches])
        print(
            f"{mode:8} quiet {quiet.mean():.0%}, quick left out {(quick & ~quiet).sum()}, "
            f"slow let in {(slow & quiet).sum()}"
        )
        # Where every CPU reads high, and the batch is quick all the same, they share a core.
        high = np.array([all_high(batch, rule) for batch in batches])
        if high.any():
            low, median, top = np.quantile(slowness[high], [0.1, 0.5, 0.9])
            print(
                f"{'':8} beside {high.sum()} all CPUs read {HIGH_RATIO} times their floors: "
                f"{median:.2f} times the least in the median, {low:.2f} to {top:.2f}"
            )


def measured(read: Callable[[ProbeMode], list[ProbeReading]], seconds: float) -> Iterator[Batch]:
    """Batches for so long; those that changed their CPU are left out."""
    rounds = rounds_of(BATCH_S)
    end_s = time.monotonic() + seconds
    before = readings(read)
    while time.monotonic() < end_s:
        cpu, begun_ns = current_cpu(), time.perf_counter_ns()
        work(rounds)
        wall_ns, is_same = time.perf_counter_ns() - begun_ns, current_cpu() == cpu
        after = readings(read)
        if is_same:
            yield Batch(cpu=cpu, wall_ns=wall_ns, before=before, after=after)
        before = after


def readings(read: Callable[[ProbeMode], list[ProbeReading]]) -> Readings:
    """One in each mode."""
    return {mode: [answer.reading_ns for answer in read(mode)] for mode in ProbeMode}


def work(rounds: int) -> None:
    """Plain Python and C, as most work is."""
    for _ in range(rounds):
        json.loads(json.dumps(DOCUMENT))


def rounds_of(seconds: float) -> int:
    """How many rounds take so long."""
    rounds, spent_s = 1, 0.0
    while spent_s < seconds:
        rounds *= 2
        begun_s = time.perf_counter()
        work(rounds)
        spent_s = time.perf_counter() - begun_s
    return max(1, round(rounds * seconds / spent_s))


def is_quiet(batch: Batch, rule: QuietRule) -> bool:
    """As a serial trial's repetition would be."""
    before, after = batch.before[rule.mode], batch.after[rule.mode]
    return rule.is_quiet([batch.cpu], before, after, workers=1)


def all_high(batch: Batch, rule: QuietRule) -> bool:
    """Whether every CPU read high, before and after."""
    return all(
        min(before, after) > HIGH_RATIO * floor
        for before, after, floor in zip(
            batch.before[rule.mode], batch.after[rule.mode], rule.floor_ns, strict=True
        )
    )


if __name__ == "__main__":
    main()
