"""What stands beside a timed repetition."""

import itertools
import os
from dataclasses import dataclass, field

import pytest
from threads_or_processes.records.quiet import QuietRule
from threads_or_processes.trial.measured import timing
from threads_or_processes.trial.measured.probe_client import ProbeClient, Reading
from threads_or_processes.trial.measured.timing import FRESH_NS, Batch, Length, time_warm
from threads_or_processes.trial.models.serial import Serial

RULE = QuietRule(cpus=[0], floor_ns=[1], threshold=99.0)


@dataclass(frozen=True, kw_only=True)
class Numbered(ProbeClient):
    """A sentinel whose readings are numbered as they are taken, and quiet whatever they are."""

    asks: int = -1
    answers: int = -1
    rule: QuietRule = RULE
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def read(self) -> Reading:
        """The next number."""
        return [next(self.numbers)]


@pytest.mark.parametrize(
    ("tick_ns", "readings"),
    [
        pytest.param(1, [(0, 1), (1, 2), (2, 3)], id="at once: one reading serves two repetitions"),
        pytest.param(FRESH_NS, [(0, 1), (2, 3), (4, 5)], id="later: it is taken anew"),
    ],
)
def test_a_reading_between_two_repetitions_serves_both_while_it_is_fresh(
    tick_ns: int, readings: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count(step=tick_ns)
    monkeypatch.setattr(timing, "clock", lambda: next(ticks))
    batch = Batch(function=os.path.basename, tasks=["a", "b"], arguments={}, workers=1)
    timings = time_warm(Serial(), [batch], Length(warmups=1, repetitions=2), Numbered())
    beside = [
        (r["sentinel_before_ns"], r["sentinel_after_ns"]) for r in timings.found["repetitions"]
    ]
    assert beside == [([before], [after]) for before, after in readings]
