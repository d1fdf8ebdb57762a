"""Which trials are added and which may yet be, from the judgements that are there."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from threads_or_processes.common.files import write_json
from threads_or_processes.pipeline.adaptive_blocks import Refinement
from threads_or_processes.pipeline.campaign import Campaign

from tests.project.test_sweeps import campaign

JSON = ("json", "warm")


class PendingError(Exception):
    """What stands for Snakemake's word that a judgement is still to be made."""


@dataclass(frozen=True)
class Judged:
    """The precise sweep, with judgements as they are made."""

    sweep: Campaign

    def file(self, number: int) -> Path:
        return self.sweep.results / "precision" / f"{number}.json"

    def judge(self, number: int, *going_on: tuple[str, str]) -> None:
        """Write a judgement after which these go on."""
        assert self.sweep.plan.precision is not None
        peers = [
            {
                "workload": peers.workload,
                "timing": peers.timing,
                "blocks": 10,
                "next_blocks": 12 if peers.name in going_on else 10,
            }
            for peers in self.sweep.plan.precision.peers
        ]
        write_json(self.file(number), {"peers": peers})

    def wait_for(self, number: int) -> None:
        if not self.file(number).exists():
            raise PendingError


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judged:
    monkeypatch.chdir(tmp_path)
    return Judged(campaign("overlays/precise.yaml", 2))


def test_rounds_go_on_until_one_wants_nothing(judged: Judged) -> None:
    refinement = Refinement(judged.sweep, judged.wait_for)
    with pytest.raises(PendingError):
        refinement.added()
    judged.judge(1, JSON)
    added = refinement.added(1)
    assert sorted(added) == sorted(
        str(judged.sweep.results / f"trials/{cell.id}/{block:03d}.json")
        for cell in judged.sweep.plan.cells
        for block in (11, 12)
        if (cell.workload, cell.timing) == JSON
    )
    assert refinement.judgements(1) == [str(judged.file(1))]
    with pytest.raises(PendingError):
        refinement.judgements()
    judged.judge(2)
    assert refinement.added() == added
    assert refinement.judgements() == [str(judged.file(1)), str(judged.file(2))]


def test_what_may_yet_be_added_is_counted_and_said(judged: Judged) -> None:
    refinement = Refinement(judged.sweep, judged.wait_for)
    everything = refinement.possible(1)
    assert {(trial.cell.workload, trial.cell.timing) for trial in everything} == {
        (cell.workload, cell.timing) for cell in judged.sweep.plan.cells if cell.timing != "memory"
    }
    assert f"up to {len(everything):,} more for precision" in refinement.announcement([], 1)
    assert refinement.possible(None) == []
    judged.judge(1, JSON)
    left = refinement.possible(2)
    assert {(trial.cell.workload, trial.cell.timing) for trial in left} == {JSON}
    assert {trial.block for trial in left} == set(range(13, 21))
    write_json(Path(judged.sweep.record(left[0])), {})
    assert refinement.possible(2) == left[1:]
