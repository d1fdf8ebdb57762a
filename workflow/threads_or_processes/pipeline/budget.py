"""The budget of a run: when measuring ends, and what to leave out where trials take longer.

A busy machine falls behind the plan. Then all experiments would end with too few blocks for a
verdict. So after each block, what is left to measure is planned again at the pace so far: less
informative experiments end there, and the others get their blocks. Where trials have become faster
since, these get more blocks again. Only the pace decides.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from threads_or_processes.common.files import is_left_out, write_text
from threads_or_processes.pipeline.campaign import Campaign, catalogue
from threads_or_processes.pipeline.console import Follower, is_begun_trial
from threads_or_processes.pipeline.results import is_held
from threads_or_processes.plan.config import own_works
from threads_or_processes.plan.plan import make_plan
from threads_or_processes.plan.thinning import fitting, left_out, limit_s, with_blocks_of
from threads_or_processes.records.plan import Machine, Trial
from threads_or_processes.trial import deadline

#: The records that this run leaves out, a line for each; both below the folder of results.
LEFT_OUT_FILE = "left-out.txt"


def left_out_records(campaign: Campaign) -> list[Path]:
    """The records that only say that their trial was left out."""
    paths = (campaign.results / trial.record for trial in campaign.plan.possible_trials)
    return [path for path in paths if is_left_out(path)]


def begin(campaign: Campaign) -> None:
    """Set when measuring ends; what an earlier run left out is to be measured."""
    if not is_held(campaign.results):
        for record in left_out_records(campaign):
            record.unlink()
        left_out = campaign.results / LEFT_OUT_FILE
        if left_out.exists():  # a file system that is read-only refuses it for no file, too
            left_out.unlink()
    limit = limit_s(campaign.plan.config)
    if math.isfinite(limit):
        deadline.begin(limit, campaign.results / LEFT_OUT_FILE)


class Pacer(Follower):
    """Follows Snakemake's events, and plans again when the first trial of a block is to begin.

    Snakemake says that before it starts the trial, so this runs beside none. `leave_out` is told
    the records that are left out from then on, and why.
    """

    def __init__(
        self,
        campaign: Campaign,
        leave_out: Callable[[list[str], str], None],
        clock_s: Callable[[], float] = time.monotonic,
        left_s: Callable[[], float] = deadline.left_s,
    ) -> None:
        super().__init__()
        self._campaign = campaign
        self._catalogue = catalogue(own_works(campaign.plan.config))
        self._config = campaign.plan.config
        self._tell_left_out = leave_out
        self._clock_s, self._left_s = clock_s, left_s
        self._begun_s: float | None = None
        self._quiet_s = 0.0
        self._block = 0
        self._left_out: frozenset[str] = frozenset()

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of a trial that is to begin."""
        if not is_begun_trial(record, self._campaign.results):
            return
        wildcards = record.wildcards  # type: ignore[attr-defined]
        trial = self._campaign.trial(SimpleNamespace(**wildcards))
        now_s, block = self._clock_s(), int(wildcards["block"])
        if self._begun_s is None:
            self._begun_s = now_s
        elif block > self._block:
            self._plan_again((now_s - self._begun_s) / self._quiet_s, block)
        self._block = block
        if trial.record not in self._left_out:
            self._quiet_s += self._quiet_s_of(trial)

    def _plan_again(self, pace: float, block: int) -> None:
        """Leave out what doesn't fit where trials take `pace` times as long as planned.

        What ended stays so, except in the very next block: nothing is measured here and there.
        After the end no trial begins anyway.
        """
        left_s = self._left_s()
        if left_s <= 0:
            return

        def forecast_s(config: Mapping[str, Any], on: Machine) -> float:
            plan = make_plan(config, self._catalogue, on)
            ahead = (t for t in plan.trials if not Path(self._campaign.record(t)).exists())
            return pace * math.fsum(map(self._quiet_s_of, ahead))

        machine, before = self._campaign.plan.machine, self._config
        is_next = block <= before["blocks"] + 1
        most = with_blocks_of(self._campaign.plan.config, before) if is_next else before
        self._config = fitting(most, machine, forecast_s, left_s)
        if self._config == before:
            return
        was_left_out = self._left_out
        kept = {t.record for t in make_plan(self._config, self._catalogue, machine).trials}
        self._left_out = frozenset(
            trial.record for trial in self._campaign.plan.trials if trial.record not in kept
        )
        file = self._campaign.results / LEFT_OUT_FILE
        write_text(file, "".join(f"{record}\n" for record in sorted(self._left_out)))
        change = "To stay within the budget, the rest is left out"
        if self._left_out < was_left_out:
            change = "There is time for more"
        changes = "; ".join(left_out(before, self._config, machine))
        self._tell_left_out(
            [str(self._campaign.results / record) for record in self._left_out],
            f"Trials take {pace:.1f} times as long as planned. {change}: {changes}",
        )

    def _quiet_s_of(self, trial: Trial) -> float:
        return self._expected_s[trial.cell]

    @cached_property
    def _expected_s(self) -> Mapping[str, float]:
        """How long a trial of each cell takes on a quiet machine."""
        return {
            trial.cell: self._campaign.expected_of(trial).quiet_s
            for trial in self._campaign.plan.trials
        }
