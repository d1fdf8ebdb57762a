"""The budget of a run: when measuring ends, and what to leave out where trials take longer.

A busy machine falls behind the plan. Then all experiments would end with too few blocks for a
verdict. So before the next block what is left to measure is planned again at the present pace: less
informative experiments and workloads end there, and the others get their blocks. Where trials are
faster later, these get more blocks again. Only the pace decides.
"""

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from threads_or_processes.common.files import is_left_out, write_text
from threads_or_processes.common.phrases import format_duration, limits_of_budget
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
#: The pace is that of the last trials, of this share of the work; at first of half of that.
PACE_SHARE = 0.1
#: What is kept may get slower by this factor before anything else has to be left out.
RESERVE = 1.1
#: Within a block, nothing is left out before the rest needs this many times the time left: a short
#: burst of noise would decide.
PATIENCE = 1.5


def trials_left_out(campaign: Campaign) -> list[Trial]:
    """The trials whose record only says that they were left out."""
    trials = campaign.plan.possible_trials
    return [trial for trial in trials if is_left_out(campaign.results / trial.record)]


def limits(campaign: Campaign) -> str:
    """What the budget kept the sweep from, and what measures it; empty where that is nothing."""
    plan = campaign.plan
    if plan.config["budget"] is None:
        return ""
    trials = trials_left_out(campaign)
    return limits_of_budget(
        plan.config["budget"],
        len(trials),
        plan.left_out,
        places=plan.places({trial.cell for trial in trials}),
        is_time_left=deadline.left_s() > 0,
    )


def begin(campaign: Campaign) -> None:
    """Set when measuring ends; what an earlier run left out is to be measured."""
    if not is_held(campaign.results):
        for trial in trials_left_out(campaign):
            (campaign.results / trial.record).unlink()
        left_out = campaign.results / LEFT_OUT_FILE
        if left_out.exists():  # a file system that is read-only refuses it for no file, too
            left_out.unlink()
    limit = limit_s(campaign.plan.config)
    if math.isfinite(limit):
        deadline.begin(limit, campaign.results / LEFT_OUT_FILE)


class Pacer(Follower):
    """Follows Snakemake's events, and plans again where the rest no longer fits the time left.

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
        #: When each of the last trials began, and how long those before it were planned to take;
        #: without the first of all.
        self._begun: deque[tuple[float, float]] = deque()
        self._planned_s = 0.0
        self._block = self._least_in_block = 0
        self._left_out: frozenset[str] = frozenset()

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of a trial that is to begin."""
        if not is_begun_trial(record, self._campaign.results):
            return
        wildcards = record.wildcards  # type: ignore[attr-defined]
        trial = self._campaign.trial(SimpleNamespace(**wildcards))
        block = int(wildcards["block"])
        if self._block:  # before the first trial the sentinel watches for some seconds
            self._begun.append((self._clock_s(), self._planned_s))
        if (pace := self._pace()) is not None:
            self._keep_up(pace, block)
        self._block = block
        self._ahead_s.pop(trial.record, None)
        if trial.record not in self._left_out:
            self._planned_s += self._quiet_s_of(trial)

    def _pace(self) -> float | None:
        """How many times as long as planned the last trials took; None after too few."""
        begun = self._begun
        if not begun:
            return None
        while len(begun) > 1 and self._planned_s - begun[1][1] >= self._window_s:
            begun.popleft()
        (begun_s, before_s), (now_s, _) = begun[0], begun[-1]
        planned_s = self._planned_s - before_s
        return (now_s - begun_s) / planned_s if planned_s > self._window_s / 2 else None

    def _keep_up(self, pace: float, block: int) -> None:
        """Leave out what doesn't fit where trials take `pace` times as long as planned.

        What ended stays so, except in the very next block: nothing is measured here and there.
        A block that has begun is not given up: all of it may yet be measured. After the end no
        trial begins anyway.
        """
        left_s, before, machine = self._left_s(), self._config, self._campaign.plan.machine
        is_new = block > self._block
        if left_s <= 0 or (block == self._least_in_block and not is_new):
            return

        def forecast_s(config: Mapping[str, Any], on: Machine) -> float:
            trials = make_plan(config, self._catalogue, on).trials
            return pace * math.fsum(self._ahead_s.get(trial.record, 0.0) for trial in trials)

        kept_s = pace * math.fsum(
            quiet_s for record, quiet_s in self._ahead_s.items() if record not in self._left_out
        )
        is_next = is_new and block <= before["blocks"] + 1
        most = with_blocks_of(self._campaign.plan.config, before) if is_next else before
        if kept_s <= left_s * (1 if is_new else PATIENCE) and most == before:
            return
        fewest = max(1, block - is_new)
        config = fitting(most, machine, forecast_s, left_s / RESERVE, fewest_blocks=fewest)
        if config == before:
            self._least_in_block = block
        if config == before or (kept_s <= left_s and forecast_s(config, machine) <= kept_s):
            return
        self._config, was_left_out = config, self._left_out
        kept = {trial.record for trial in make_plan(config, self._catalogue, machine).trials}
        self._left_out = frozenset(
            trial.record for trial in self._campaign.plan.trials if trial.record not in kept
        )
        file = self._campaign.results / LEFT_OUT_FILE
        write_text(file, "".join(f"{record}\n" for record in sorted(self._left_out)))
        change = "To stay within the budget, the rest is left out"
        if self._left_out < was_left_out:
            change = "There is time for more"
        changes = "; ".join(left_out(before, config, machine))
        self._tell_left_out(
            [str(self._campaign.results / record) for record in self._left_out],
            f"Trials take {pace:.1f} times as long as planned: the rest needs {_duration(kept_s)} "
            f"and has {_duration(left_s)}. {change}: {changes}",
        )

    def _quiet_s_of(self, trial: Trial) -> float:
        return self._expected_s[trial.cell]

    @cached_property
    def _window_s(self) -> float:
        """How long the trials whose pace counts are planned to take."""
        return PACE_SHARE * math.fsum(self._ahead_s.values())

    @cached_property
    def _ahead_s(self) -> dict[str, float]:
        """How long each trial that is to begin takes on a quiet machine, by its record."""
        return {
            trial.record: self._quiet_s_of(trial)
            for trial in self._campaign.plan.trials
            if not Path(self._campaign.record(trial)).exists()
        }

    @cached_property
    def _expected_s(self) -> Mapping[str, float]:
        """How long a trial of each cell takes on a quiet machine."""
        return {
            trial.cell: self._campaign.expected_of(trial).quiet_s
            for trial in self._campaign.plan.trials
        }


def _duration(seconds: float) -> str:
    """In seconds where minutes would hide what decides."""
    return format_duration(seconds, "about") if seconds > 600 else f"{seconds:.0f} s"
