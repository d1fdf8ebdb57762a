"""A plan with the trials that were added for precision (`precision.py` decides about them)."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from threads_or_processes.records.plan import PeersName, Plan


def with_blocks(plan: Plan, blocks: Mapping[PeersName, int]) -> Plan:
    """The plan with the trials that are added up to so many blocks of each peers."""
    if plan.precision is None:
        return plan
    added = [
        trial
        for trial in plan.precision.trials
        if trial.block <= blocks.get(plan.cells_by_id[trial.cell].peers, 0)
    ]
    return replace(plan, trials=(*plan.trials, *added))


def plan_with_measured_blocks(plan: Plan, trials: pd.DataFrame) -> Plan:
    """The plan with the trials that were added, as far as a data set (`RepetitionRow`) shows.

    Rounds are added as a whole: one trial shows that all of its round, and of those before it, was
    planned.
    """
    if plan.precision is None:
        return plan
    last = trials.groupby(["workload", "timing"])["block"].max()
    reached = {peers: int(last.get(peers, 0)) for peers in plan.precision.looks}
    blocks = {
        peers: next((look for look in looks if look >= reached[peers]), looks[-1])
        for peers, looks in plan.precision.looks.items()
    }
    return with_blocks(plan, blocks)
