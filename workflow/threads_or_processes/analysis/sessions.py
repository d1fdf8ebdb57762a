"""Sessions of a campaign, and by how much a ratio moves from one to the next.

Trials of one session share the boot, the host's state and its neighbours. Only a campaign that was
continued on another occasion can show what that does to a ratio; then intervals cover it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from threads_or_processes.analysis.beyond_trials import Beyond, PairKind, pair_kind
from threads_or_processes.analysis.contrasts import planned_contrasts
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.measured import SessionRow

#: A longer pause between the starts of two trials begins a session. No trial takes as long.
SESSION_GAP_NS = 3600 * 10**9

#: The session of each block, from 1.
Sessions = Mapping[int, int]


def sessions_of(values: pd.DataFrame) -> Sessions:
    """The session in which most of a block's trials began (`trial_values` in)."""
    starts = values.sort_values("started_unix_ns")
    began = (starts["started_unix_ns"].diff() > SESSION_GAP_NS).fillna(value=False)
    by_block = (1 + began.cumsum()).groupby(starts["block"]).agg(lambda of: int(of.mode().iloc[0]))
    blocks, sessions = by_block.index.to_list(), by_block.to_list()
    places = {session: place for place, session in enumerate(sorted(set(sessions)), start=1)}
    return {block: places[session] for block, session in zip(blocks, sessions, strict=True)}


def sessions_table(values: pd.DataFrame, sessions: Sessions) -> list[SessionRow]:
    """One row for each session, in the order of time."""
    of_trial = values["block"].map(dict(sessions))
    return [
        SessionRow(
            session=int(session),
            blocks=int(group["block"].nunique()),
            trials=len(group),
            first_unix_ns=int(group["started_unix_ns"].min()),
            last_unix_ns=int(group["started_unix_ns"].max()),
        )
        for session, group in values.groupby(of_trial)
    ]


def between_sessions(plan: Plan, times: Times, sessions: Sessions) -> Mapping[PairKind, Beyond]:
    """What sessions add to the variance of a mean log ratio, for each kind of pair.

    Pooled over the planned contrasts of a kind. Their degrees of freedom are those of one contrast
    a workload, as contrasts of one workload share cells. Empty for a single session.
    """
    if len(set(sessions.values())) < 2:
        return {}
    found: dict[PairKind, list[tuple[float, str]]] = defaultdict(list)
    for contrast in planned_contrasts(plan):
        cell, baseline = contrast.cell, contrast.baseline
        on_basis = times.on(times.basis(cell.id, baseline.id))
        of_cell, of_baseline = on_basis.get(cell.id, {}), on_basis.get(baseline.id, {})
        by_session: dict[int, list[float]] = defaultdict(list)
        for block in of_cell.keys() & of_baseline.keys():
            by_session[sessions[block]].append(float(np.log(of_baseline[block] / of_cell[block])))
        variance = session_variance(by_session.values())
        if variance is not None:
            found[pair_kind(cell, baseline)].append((variance, cell.workload))
    sizes = np.unique(list(sessions.values()), return_counts=True)[1]
    share = float(np.sum(sizes**2) / np.sum(sizes) ** 2)
    return {
        kind: Beyond(
            variance=share * max(0.0, float(np.mean([variance for variance, _ in of_kind]))),
            freedom=(sizes.size - 1) * len({workload for _, workload in of_kind}),
        )
        for kind, of_kind in found.items()
    }


def session_variance(sessions: Iterable[Sequence[float]]) -> float | None:
    """The variance of sessions' means that their blocks do not explain; it may be negative.

    The analysis of variance estimator for groups of unequal size (Searle, Casella and McCulloch,
    "Variance Components", 1992, chapter 3). None below two sessions, or with one block in each.
    """
    groups = [np.asarray(one, dtype=np.float64) for one in sessions if len(one)]
    sizes = np.array([group.size for group in groups])
    total = int(sizes.sum())
    if len(groups) < 2 or total <= len(groups):
        return None
    means = np.array([group.mean() for group in groups])
    within = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    within /= total - len(groups)
    grand = float(sizes @ means) / total
    between = float(sizes @ (means - grand) ** 2)
    return (between - (len(groups) - 1) * within) / (total - float(sizes @ sizes) / total)
