"""What a run with a budget leaves out when trials take longer than planned."""

import logging
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from threads_or_processes.pipeline import budget
from threads_or_processes.pipeline.budget import LEFT_OUT_FILE, Pacer
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.plan.thinning import limit_s
from threads_or_processes.records.paths import path_key
from threads_or_processes.records.plan import Trial
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, KINDS, SCALING
from threads_or_processes.trial import deadline

from tests.project.test_sweeps import campaign

BUDGET_S = 20 * 60.0


@dataclass
class Run:
    """A run of a sweep on a clock of its own, where trials take `pace` times as long.

    `paces`: the pace of the first blocks, where it is another one. `first_s`: how much longer the
    first trial takes.
    """

    sweep: Campaign
    pace: float
    paces: tuple[float, ...] = ()
    first_s: float = 0.0
    budget_s: float = BUDGET_S
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
            left_s=lambda: self.budget_s - self.now_s,
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
            if trial.record in self.left_out or self.now_s >= self.budget_s:
                deadline.leave_out(record)
            else:
                record.write_text("measured")
                self.measured.append(trial)
                pace = dict(enumerate(self.paces, start=1)).get(trial.block, self.pace)
                self.now_s += pace * self.sweep.expected_of(trial).quiet_s
                self.now_s += self.first_s if len(self.measured) == 1 else 0.0

    def leave_out(self, records: list[str], reason: str) -> None:
        self.told_left_out = records
        self.said += f"{reason}\n"

    @property
    def blocks(self) -> Counter[str]:
        """In how many blocks each cell was measured."""
        return Counter(trial.cell for trial in self.measured)

    @property
    def with_a_verdict(self) -> set[tuple[str, str]]:
        """The experiments of the first screen and their workloads that have all they need."""
        at = self.sweep.plan.cells_by_id
        blocks = [
            ((one.name, at[cell].workload), self.blocks[cell])
            for one in self.sweep.plan.experiments
            for cell in one.cells
            if one.name in (SCALING, KINDS)
        ]
        return {of for of, _ in blocks} - {of for of, number in blocks if number < FEWEST_BLOCKS}

    @property
    def left_out(self) -> list[str]:
        file = self.sweep.results / LEFT_OUT_FILE
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    monkeypatch.chdir(tmp_path)
    return campaign(None, 2, budget="20min")


@pytest.mark.parametrize("first_s", [0.0, 30.0])
def test_at_the_pace_of_the_plan_nothing_more_is_left_out(sweep: Campaign, first_s: float) -> None:
    run = Run(sweep, pace=1.0, first_s=first_s)
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
    by_name = {one.name: set(one.cells) for one in sweep.plan.experiments}
    whole = {cell for cell, number in run.blocks.items() if number == FEWEST_BLOCKS}
    assert by_name["kinds"] <= whole
    # The others end before the first block does.
    assert set(run.blocks.values()) == {1, FEWEST_BLOCKS}
    assert len(run.blocks) < len(sweep.plan.cells)


@pytest.mark.parametrize(
    ("overlay", "minutes", "paces", "verdicts"),
    [
        (None, 20, (4.0,), 2),
        (None, 20, (8.0,), 1),
        (None, 20, (1.0, 1.0, 1.0, 3.0), 4),
        (None, 20, (1.0, 1.0, 8.0, 1.0), 1),
        ("overlays/quick.yaml", 3, (2.8,), 1),
        ("overlays/quick.yaml", 3, (2.0, 2.2, 1.8), 2),
        ("overlays/quick.yaml", 3, (1.5, 1.5, 1.5, 1.5, 1.5, 2.5), 2),
        ("overlays/quick.yaml", 3, (1.0, 1.0, 1.0, 1.0, 1.0, 2.0), 2),
        ("overlays/quick.yaml", 5, (4.0,), 1),
    ],
)
def test_rather_fewer_workloads_than_blocks_too_few_for_a_verdict(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    overlay: str | None,
    minutes: int,
    paces: tuple[float, ...],
    verdicts: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = campaign(overlay, 2, budget=f"{minutes}min")
    run = Run(sweep, pace=paces[-1], paces=paces, budget_s=limit_s(sweep.plan.config))
    run.go()
    assert run.now_s < run.budget_s
    assert len(run.with_a_verdict) >= verdicts
    # What ends early ends for good: nothing is measured here and there.
    for cell, number in run.blocks.items():
        assert {trial.block for trial in run.measured if trial.cell == cell} == set(
            range(1, number + 1)
        )


@pytest.mark.parametrize("pace", [1.8, 2.5])
def test_what_is_kept_may_get_a_little_slower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pace: float
) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = campaign("overlays/quick.yaml", 2, budget="3min")
    run = Run(sweep, pace * 1.08, paces=(pace,), budget_s=limit_s(sweep.plan.config))
    run.go()
    assert len(run.said.splitlines()) == 1
    assert set(run.blocks.values()) == {1, FEWEST_BLOCKS}


@pytest.mark.parametrize(("later", "blocks"), [(1.0, [2, 4, 5, 6]), (8.0, [2, 3, 4]), (16.0, [2])])
def test_where_trials_become_faster_there_are_more_blocks_again(
    sweep: Campaign, later: float, blocks: list[int]
) -> None:
    run = Run(sweep, pace=later, paces=(16.0,))
    run.go()
    assert run.now_s < BUDGET_S
    first, *more = run.said.splitlines()
    assert "To stay within the budget, the rest is left out: blocks: 2 instead of 6" in first
    assert [line.partition("There is time for more: ")[2] for line in more] == [
        f"blocks: {now} instead of {was}" for was, now in pairwise(blocks)
    ]
    assert set(run.blocks.values()) == {1, blocks[-1]}


def test_after_the_end_nothing_is_planned_again(sweep: Campaign) -> None:
    run = Run(sweep, pace=1.0, paces=(1.0, 1.0, 2000.0))
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
    needs, has = map(int, re.findall(r"about (\d+) min", run.said)[:2])
    assert needs > has > 0
    assert len(budget.trials_left_out(sweep)) == len(sweep.plan.trials) - len(run.measured)
    assert "; startup" in budget.limits(sweep)
    budget.begin(sweep)
    assert not budget.trials_left_out(sweep)
    assert not run.left_out
    assert all(Path(sweep.record(trial)).exists() for trial in run.measured)
    assert 0 < deadline.left_s() < BUDGET_S


@pytest.mark.parametrize(("pace", "is_whole"), [(1.3, True), (3.0, False)])
def test_within_a_block_only_a_far_slower_machine_leaves_something_out(
    sweep: Campaign, pace: float, is_whole: bool
) -> None:
    run = Run(sweep, pace=pace)
    run.go()
    assert run.said
    planned, measured = (
        [trial for trial in trials if trial.block == 1]
        for trials in (sweep.plan.trials, run.measured)
    )
    assert (len(measured) == len(planned)) == is_whole


def test_the_place_of_cells_is_an_experiment_or_a_workload_in_it(sweep: Campaign) -> None:
    plan = sweep.plan
    startup, kinds = (
        next(one for one in plan.experiments if one.name == name) for name in ("startup", KINDS)
    )
    assert plan.places(startup.cells[:1]) == ["startup"]
    alone = [cell for cell in kinds.cells if plan.cells_by_id[cell].workload == "socket"]
    assert plan.places(alone[-1:]) == ["socket in kinds"]
    assert not plan.places([])


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
