"""What a run with a budget leaves out when trials take longer than planned."""

import logging
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from threads_or_processes.pipeline import budget
from threads_or_processes.pipeline.budget import LEFT_OUT_FILE, Pacer
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.records.paths import path_key
from threads_or_processes.records.plan import Trial
from threads_or_processes.trial import deadline

from tests.project.test_sweeps import campaign

BUDGET_S = 20 * 60.0


@dataclass
class Run:
    """A run of the default sweep on a clock of its own, where trials take `pace` times as long.

    `paces`: the pace of the first blocks, where it is another one.
    """

    sweep: Campaign
    pace: float
    paces: tuple[float, ...] = ()
    now_s: float = 0.0
    measured: list[Trial] = field(default_factory=list)
    said: str = ""
    told_left_out: list[str] = field(default_factory=list)

    def go(self) -> None:
        """Go through all trials as Snakemake does; what is left out takes no time."""
        pacer = Pacer(
            self.sweep,
            self.leave_out,
            clock_s=lambda: self.now_s,
            left_s=lambda: BUDGET_S - self.now_s,
        )
        for trial in self.sweep.plan.trials:
            cell = self.sweep.plan.cells_by_id[trial.cell]
            event = logging.makeLogRecord(
                {
                    "event": LogEvent.JOB_INFO,
                    "output": [self.sweep.record(trial)],
                    "wildcards": {
                        "workload": path_key(cell.workload),
                        "model": cell.model,
                        "workers": str(cell.workers),
                        "arm": cell.arm,
                        "timing": cell.id.rpartition("/")[2],
                        "block": str(trial.block),
                    },
                }
            )
            pacer.emit(event)
            record = Path(self.sweep.record(trial))
            record.parent.mkdir(parents=True, exist_ok=True)
            if trial.record in self.left_out or self.now_s >= BUDGET_S:
                deadline.leave_out(record)
            else:
                record.write_text("measured")
                self.measured.append(trial)
                pace = dict(enumerate(self.paces, start=1)).get(trial.block, self.pace)
                self.now_s += pace * self.sweep.expected_of(trial).quiet_s

    def leave_out(self, records: list[str], reason: str) -> None:
        self.told_left_out = records
        self.said += f"{reason}\n"

    @property
    def left_out(self) -> list[str]:
        file = self.sweep.results / LEFT_OUT_FILE
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    monkeypatch.chdir(tmp_path)
    return campaign(None, 2, budget="20min")


def test_at_the_pace_of_the_plan_nothing_more_is_left_out(sweep: Campaign) -> None:
    run = Run(sweep, pace=1.0)
    run.go()
    assert len(run.measured) == len(sweep.plan.trials)
    assert run.now_s < BUDGET_S
    assert not run.said


def test_on_a_busy_machine_fewer_experiments_get_all_their_blocks(sweep: Campaign) -> None:
    run = Run(sweep, pace=2.0)
    run.go()
    assert run.now_s < BUDGET_S
    assert "Trials take 2.0 times as long" in run.said
    assert sorted(run.told_left_out) == [str(sweep.results / one) for one in run.left_out]
    blocks = Counter(trial.cell for trial in run.measured)
    at = sweep.plan.cells_by_id
    whole = {cell for cell, number in blocks.items() if number == at[cell].blocks}
    by_name = {one.name: set(one.cells) for one in sweep.plan.experiments}
    assert by_name["kinds"] <= whole
    assert len(whole) < len(blocks)
    # What ends early ends for good: nobody is measured now and then.
    for cell, number in blocks.items():
        assert {trial.block for trial in run.measured if trial.cell == cell} == set(
            range(1, number + 1)
        )


@pytest.mark.parametrize("later", [1.0, 3.5, 4.5])
def test_where_trials_become_faster_there_are_more_blocks_again(
    sweep: Campaign, later: float
) -> None:
    run = Run(sweep, pace=later, paces=(5.5,))
    run.go()
    assert run.now_s < BUDGET_S
    first, *more = run.said.splitlines()
    assert "To stay within the budget, the rest is left out: blocks: 3 instead of 6" in first
    told = [int(re.search(r"There is time for more: blocks: (\d)", line)[1]) for line in more]  # type: ignore[index]
    assert told == list(range(4, 4 + len(told)))
    blocks = Counter(trial.cell for trial in run.measured)
    assert set(blocks.values()) == {1, max([3, *told])}
    assert len(told) == {1.0: 3, 3.5: 1, 4.5: 0}[later]


def test_after_the_end_nothing_is_planned_again(sweep: Campaign) -> None:
    run = Run(sweep, pace=1.0, paces=(1.0, 1.0, 20.0))
    run.go()
    assert {trial.block for trial in run.measured} == {1, 2, 3}
    assert not run.said


def test_the_next_run_measures_what_was_left_out(
    sweep: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TRIALS_END_S", "TRIALS_LEFT_OUT"):
        monkeypatch.setenv(name, "")  # so that it is as before after the test
        monkeypatch.delenv(name)
    run = Run(sweep, pace=2.5)
    run.go()
    assert len(budget.left_out_records(sweep)) == len(sweep.plan.trials) - len(run.measured)
    budget.begin(sweep)
    assert not budget.left_out_records(sweep)
    assert not run.left_out
    assert all(Path(sweep.record(trial)).exists() for trial in run.measured)
    assert 0 < deadline.left_s() < BUDGET_S


def test_a_trial_is_left_out_by_name_or_when_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "results/here/trials/json/serial/1/3.13/warm/1.json"
    assert not deadline.is_over(record)
    named = tmp_path / "left-out.txt"
    monkeypatch.setenv("TRIALS_LEFT_OUT", str(named))
    assert not deadline.is_over(record)
    named.write_text("trials/json/serial/1/3.13/warm/1.json\n")
    assert deadline.is_over(record)
    assert not deadline.is_over(record.with_name("2.json"))
    monkeypatch.setenv("TRIALS_END_S", "0")
    assert deadline.is_over(record.with_name("2.json"))
