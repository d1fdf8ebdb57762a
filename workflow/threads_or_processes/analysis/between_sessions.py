"""By how much a configuration's time moves from one session to another, though nothing changed.

Ratios within a session don't show it: what a session does to all of its trials cancels out. The
same configuration in two sessions does not have that luck (`docs/statistics.md`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from threads_or_processes.analysis.beyond_trials import PRIOR_FREEDOM, Beyond, joint_freedom
from threads_or_processes.analysis.groups_of_blocks import Groups, group_variance
from threads_or_processes.analysis.trial_values import TimesByBlock
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.vocabulary import SERIAL, Basis

#: Whether a cell has workers, and the basis of its times: what the variance depends on.
SessionKind = tuple[bool, Basis]

#: Standard deviation of the log ratio of one cell in two sessions: 14 campaigns on one day, the
#: docs have the figures (docs/statistics.md, "Before and after").
PRIOR_SD: Mapping[SessionKind, float] = {
    (False, Basis.QUIET): 0.02,
    (False, Basis.TYPICAL): 0.03,
    (True, Basis.QUIET): 0.035,
    (True, Basis.TYPICAL): 0.045,
}


@dataclass(frozen=True, kw_only=True)
class Moved:
    """How far a workload whose code did not change moved between two states, and by chance."""

    workload: str
    kind: SessionKind
    log_ratio: float
    standard_error: float


def session_kind(cell: Cell, basis: Basis) -> SessionKind:
    """A cell's kind."""
    return cell.model != SERIAL, basis


def share_of(sessions: Groups) -> float:
    """The part of one session's variance that is left in a mean over a state's blocks."""
    sizes = np.unique(list(sessions.values()), return_counts=True)[1]
    return float(np.sum(sizes**2) / np.sum(sizes) ** 2)


def within_state(times: TimesByBlock, cells: Iterable[Cell], sessions: Groups) -> Beyond | None:
    """The variance of one session by the sessions of one state; None if it has a single one."""
    found: list[float] = []
    for cell in cells:
        by_session: dict[int, list[float]] = {}
        for block, time in times.get(cell.id, {}).items():
            by_session.setdefault(sessions[block], []).append(math.log(time))
        variance = group_variance(by_session.values())
        if variance is not None:
            found.append(variance)
    if not found:
        return None
    # All cells share their sessions, so there are no more degrees of freedom than these have.
    return Beyond(variance=max(0.0, float(np.mean(found))), freedom=len(set(sessions.values())) - 1)


def by_unchanged(moved: Sequence[Moved], shares: float) -> Beyond | None:
    """The variance of one session by what nobody changed; None without any.

    Its squares are those of a shift that all share (one degree of freedom) and of the spread about
    it (one less than the workloads).
    """
    if not moved:
        return None
    logs = np.array([one.log_ratio for one in moved])
    noise = float(np.mean([one.standard_error**2 for one in moved]))
    shift, spread = float(logs.mean()) ** 2, float(logs.var())
    parts = [(shift, 1.0), (spread, float(logs.size - 1))] if logs.size > 1 else [(shift, 1.0)]
    return Beyond(variance=max(0.0, shift + spread - noise) / shares, freedom=joint_freedom(parts))


def of_ratio(kind: SessionKind, shares: float, evidence: Iterable[Beyond | None]) -> Beyond:
    """The variance of the log ratio of two states, by the evidence and that of earlier campaigns.

    `shares` are those of both states (`share_of`), added. Variances of one session are pooled by
    their degrees of freedom, the earlier campaigns as a prior of four.
    """
    known = [
        Beyond(variance=PRIOR_SD[kind] ** 2 / 2, freedom=PRIOR_FREEDOM),
        *(one for one in evidence if one is not None),
    ]
    freedom = sum(one.freedom for one in known)
    pooled = sum(one.variance * one.freedom for one in known) / freedom
    return Beyond(variance=shares * pooled, freedom=freedom)
