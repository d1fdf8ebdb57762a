"""More blocks on demand, as the rules see it: what is added, round after round, until it is enough.

After each round a stopping decision (`python -m threads_or_processes.analysis decide`) says which
groups of cells continue; the plan holds the trials that this adds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path

from threads_or_processes.common.decoding import read_as
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.pipeline.console import Ahead
from threads_or_processes.plan.blocks import added, rounds_of
from threads_or_processes.records.plan import PeersName, Trial
from threads_or_processes.records.precision import Round

FOLDER = "precision"


@dataclass(frozen=True)
class AdaptiveBlocks:
    """The rounds of a campaign.

    `await_decision` is called with a round, from 1, before its stopping decision is read; it raises
    what Snakemake understands while that is still to be made.
    """

    campaign: Campaign
    await_decision: Callable[[int], object]

    def decisions(self, rounds: int | None = None) -> list[str]:
        """The stopping decisions of the first `rounds`, or of all that are needed."""
        return [str(self._decision(number)) for number, _ in islice(self._rounds(), rounds)]

    def added(self, rounds: int | None = None) -> list[str]:
        """The records of the trials that the first `rounds` add, or all that are needed."""
        return [
            self.campaign.record(trial)
            for _, trials in islice(self._rounds(), rounds)
            for trial in trials
        ]

    @property
    def lost(self) -> list[str]:
        """Files behind a finished report or data set that are not there any more."""
        if not (self.campaign.is_finished and self.campaign.has_its_plan):
            return self.campaign.lost
        made = replace(self, await_decision=lambda number: self._decision(number).stat())
        added: list[str] = []
        try:
            for _, trials in made._rounds():
                added += map(self.campaign.record, trials)
        except FileNotFoundError as missing:
            added.append(missing.filename)
        return [*self.campaign.lost, *(file for file in added if not Path(file).exists())]

    def announcement(self, ahead: Ahead) -> str:
        """What is ahead: trials still to be measured, and what the next round may add."""
        return self.campaign.announcement(ahead.trials, self.possible(ahead.next_round))

    def possible(self, number: int | None) -> list[Trial]:
        """The trials that may yet be added if round `number` is decided next, at most."""
        precision = self.campaign.plan.precision
        if precision is None or number is None:
            return []
        continuing = self._continuing(number - 1) if number > 1 else set(precision.looks)
        return [
            trial
            for later in range(number, rounds_of(precision) + 1)
            for trial in added(precision, self.campaign.plan.cells_by_id, later, continuing)
            if not Path(self.campaign.record(trial)).exists()
        ]

    def _rounds(self) -> Iterator[tuple[int, list[Trial]]]:
        """Each round with the trials it adds; the last one adds none."""
        plan = self.campaign.plan
        if plan.precision is None:
            return
        for number in count(1):
            self.await_decision(number)
            trials = added(plan.precision, plan.cells_by_id, number, self._continuing(number))
            yield number, trials
            if not trials:
                return

    def _continuing(self, number: int) -> set[PeersName]:
        """The groups of cells that continue after a round."""
        return read_as(self._decision(number), Round).continuing

    def _decision(self, number: int) -> Path:
        return self.campaign.results / FOLDER / f"{number}.json"
