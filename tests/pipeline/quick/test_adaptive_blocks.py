"""Which trials are added and which may yet be, from the stopping decisions that are there."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from threads_or_processes.common.files import write_json
from threads_or_processes.pipeline.adaptive_blocks import AdaptiveBlocks
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.pipeline.console import Ahead
from threads_or_processes.records.plan import Trial
from threads_or_processes.records.precision import Decision, Round, StoppingDecision

from tests.project.test_sweeps import campaign, config_of

JSON = ("json", "warm")


class PendingError(Exception):
    """What stands for Snakemake's word that a decision is still to be made."""


#: Blocks of the sweep before any are added.
BASE: int = config_of("overlays/precise.yaml")["blocks"]


@dataclass(frozen=True)
class Decided:
    """The precise sweep, with stopping decisions as they are made."""

    sweep: Campaign

    def file(self, number: int) -> Path:
        return self.sweep.results / "precision" / f"{number}.json"

    def decide(self, number: int, *continuing: tuple[str, str]) -> None:
        """Write a decision after which these continue."""
        assert self.sweep.plan.precision is not None
        peers = [
            StoppingDecision(
                workload=peers.workload,
                timing=peers.timing,
                blocks=BASE,
                widest=None,
                decision=Decision.MORE if peers.name in continuing else Decision.ENOUGH,
                next_blocks=BASE + 2 if peers.name in continuing else BASE,
            )
            for peers in self.sweep.plan.precision.peers
        ]
        decided = Round(round=number, target=0.03, peers=tuple(peers))
        write_json(self.file(number), msgspec.to_builtins(decided))

    def peers(self, trial: Trial) -> tuple[str, str]:
        """What a trial's cell shares with those that get more blocks together."""
        return self.sweep.plan.cells_by_id[trial.cell].peers

    def wait_for(self, number: int) -> None:
        if not self.file(number).exists():
            raise PendingError


@pytest.fixture
def decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Decided:
    monkeypatch.chdir(tmp_path)
    return Decided(campaign("overlays/precise.yaml", 2))


def test_rounds_continue_until_one_wants_nothing(decided: Decided) -> None:
    blocks = AdaptiveBlocks(decided.sweep, decided.wait_for)
    with pytest.raises(PendingError):
        blocks.added()
    decided.decide(1, JSON)
    added = blocks.added(1)
    assert sorted(added) == sorted(
        str(decided.sweep.results / f"trials/{cell.id}/{block:03d}.json")
        for cell in decided.sweep.plan.cells
        for block in (BASE + 1, BASE + 2)
        if (cell.workload, cell.timing) == JSON
    )
    assert blocks.decisions(1) == [str(decided.file(1))]
    with pytest.raises(PendingError):
        blocks.decisions()
    decided.decide(2)
    assert blocks.added() == added
    assert blocks.decisions() == [str(decided.file(1)), str(decided.file(2))]


def test_what_was_lost_behind_a_data_set_is_found_in_each_round(decided: Decided) -> None:
    blocks = AdaptiveBlocks(decided.sweep, decided.wait_for)
    decided.decide(1, JSON)
    decided.decide(2)
    decided.sweep.write_plan(decided.sweep.results / "plan.json", log=Path("log"))
    made = [*decided.sweep.behind_dataset, *blocks.added(), *decided.sweep.dataset_files]
    for file in made:
        if not Path(file).exists():
            write_json(Path(file), {})
    assert blocks.lost == []
    gone = [decided.sweep.records[3], blocks.added()[1]]
    for file in gone:
        Path(file).unlink()
    assert blocks.lost == gone
    decided.file(2).unlink()
    assert blocks.lost == [*gone, str(decided.file(2))]
    Path(decided.sweep.dataset_files[0]).unlink()
    assert blocks.lost == []  # nothing is finished


def test_what_may_yet_be_added_is_counted_and_said(decided: Decided) -> None:
    blocks = AdaptiveBlocks(decided.sweep, decided.wait_for)
    everything = blocks.possible(1)
    assert {decided.peers(trial) for trial in everything} == {
        (cell.workload, cell.timing) for cell in decided.sweep.plan.cells if cell.timing != "memory"
    }
    assert f"up to {len(everything):,} more for precision" in blocks.announcement(
        Ahead(next_round=1)
    )
    assert blocks.possible(None) == []
    decided.decide(1, JSON)
    left = blocks.possible(2)
    assert {decided.peers(trial) for trial in left} == {JSON}
    assert {trial.block for trial in left} == set(range(BASE + 3, 21))
    write_json(Path(decided.sweep.record(left[0])), {})
    assert blocks.possible(2) == left[1:]
