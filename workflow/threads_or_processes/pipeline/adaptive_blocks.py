"""More blocks on demand, as the rules see it: what is added, round after round, until it is enough.

A round's judgement (`python -m threads_or_processes.analysis judge`) says which peers go on; the
plan has said already which trials that adds.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from threads_or_processes.common.files import read_json
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.plan.blocks import Trial

FOLDER = "precision"


@dataclass(frozen=True)
class Refinement:
    """The rounds of a campaign.

    `await_judgement` is called with a round, from 1, before its judgement is read; it raises what
    Snakemake understands while that is still to be made.
    """

    campaign: Campaign
    await_judgement: Callable[[int], object]

    def judgements(self, rounds: int | None = None) -> list[str]:
        """The judgements of the first `rounds`, or of all that are needed."""
        return [str(self._judgement(number)) for number, _ in islice(self._rounds(), rounds)]

    def added(self, rounds: int | None = None) -> list[str]:
        """The records of the trials that the first `rounds` add, or all that are needed."""
        return [
            self.campaign.record(trial)
            for _, trials in islice(self._rounds(), rounds)
            for trial in trials
        ]

    def announcement(self, ahead: Collection[str], judging: int | None) -> str:
        """What is ahead: records still to be made, and what the round judged next may add."""
        return self.campaign.announcement(ahead, self.possible(judging))

    def possible(self, number: int | None) -> list[Trial]:
        """The trials that may yet be added if round `number` is the next to be judged, at most."""
        precision = self.campaign.plan.precision
        if precision is None or number is None:
            return []
        going_on = (
            self._going_on(number - 1) if number > 1 else {peers.name for peers in precision.peers}
        )
        return [
            trial
            for later in range(number, len(precision.rounds) + 1)
            for trial in precision.added(later, going_on)
            if not Path(self.campaign.record(trial)).exists()
        ]

    def _rounds(self) -> Iterator[tuple[int, list[Trial]]]:
        """Each round with the trials it adds; the last one adds none."""
        precision = self.campaign.plan.precision
        if precision is None:
            return
        for number in count(1):
            self.await_judgement(number)
            trials = precision.added(number, self._going_on(number))
            yield number, trials
            if not trials:
                return

    def _going_on(self, number: int) -> set[tuple[str, str]]:
        """The names of the peers that go on after a round."""
        return {
            (peers["workload"], peers["timing"])
            for peers in read_json(self._judgement(number))["peers"]
            if peers["next_blocks"] > peers["blocks"]
        }

    def _judgement(self, number: int) -> Path:
        return self.campaign.results / FOLDER / f"{number}.json"
