"""What changed since a baseline: the same configurations in two states of one machine.

The states were measured at different times. So trials are two samples, not pairs, and every
interval includes what moves from one session to another (`between_sessions`).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from threads_or_processes.analysis.between_sessions import (
    Moved,
    SessionKind,
    by_unchanged,
    of_ratio,
    session_kind,
    share_of,
    within_state,
)
from threads_or_processes.analysis.beyond_trials import Beyond, BeyondTrials, joint_freedom
from threads_or_processes.analysis.differences import Measured, is_unchanged
from threads_or_processes.analysis.estimates import Floats, geometric_mean, t_bounds
from threads_or_processes.analysis.groups_of_blocks import Groups
from threads_or_processes.analysis.quiet import Floors, floors, watched_in
from threads_or_processes.analysis.ratio_estimates import estimate_ratio
from threads_or_processes.analysis.ratios import (
    cell_columns,
    p_of_no_difference,
    ratio_columns,
    with_q_values,
)
from threads_or_processes.analysis.readings import Rules, read_ratio
from threads_or_processes.analysis.reduction import reduced
from threads_or_processes.analysis.samples import TwoSamples
from threads_or_processes.analysis.sessions import sessions_of
from threads_or_processes.analysis.stored import Batches
from threads_or_processes.analysis.trial_values import (
    Times,
    at_largest_amounts,
    times_of,
    trial_values,
    wall_times,
)
from threads_or_processes.records.baseline import Together
from threads_or_processes.records.plan import Cell, Plan
from threads_or_processes.records.tables.changes import ChangeRow
from threads_or_processes.records.vocabulary import Basis, Timing

#: So many workloads must move alike before that is called a movement of all.
FEWEST_WORKLOADS = 3
OTHER_BATCH = "timed with startup, with a batch of another size"
ONLY_BEFORE = "only in the baseline"
ONLY_AFTER = "not in the baseline"
NOT_AGAIN = "not measured again, as nothing changed for them"
WITHOUT_TRIALS = "without a successful trial in one of the two"
#: What says, here, how far times move between sessions.
OF_SESSIONS = "the sessions of a state"
OF_UNCHANGED = "workloads that did not change here"

#: A cell, whatever its build is called: workload, model, workers, role of its build, timing.
Place = tuple[str, str, int, object, Timing]


@dataclass(frozen=True, kw_only=True)
class State:
    """A data set, as far as it is compared: times of trials, and how much work they are of.

    `work`: tasks times size times amount of a cell's batch. `again`: the cells whose trials are in
    the other data set, too; nothing else here is about them.
    """

    plan: Plan
    times: Times
    work: Mapping[str, int]
    sessions: Groups
    floors_ns: Floors
    first_unix_ns: int
    again: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Same:
    """One configuration in both states, with its log times for as much work; shapes (trials,).

    `work_ratio`: how much work a batch is now, over that before.
    """

    before: Cell
    after: Cell
    basis: Basis
    work_ratio: float
    before_logs: Floats
    after_logs: Floats

    @property
    def samples(self) -> TwoSamples:
        """Whose ratio is the time after over the time before."""
        return TwoSamples(baseline=self.after_logs, cell=self.before_logs)

    @property
    def kind(self) -> SessionKind:
        """What its variance between sessions depends on."""
        return session_kind(self.after, self.basis)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What came of the comparison."""

    rows: Sequence[ChangeRow]
    left_out: Mapping[str, int]
    together: Together | None = None
    sentinel_ratio: float | None = None
    spread_from: Sequence[str] = ()


def in_both(before: Batches, after: Batches) -> frozenset[str]:
    """The cells that have a trial in both data sets: it was not measured again for the second."""
    old, new = (
        {
            str(trial): str(cell)
            for part in batches(["trial_id", "cell"])
            for trial, cell in part.drop_duplicates().itertuples(index=False)
        }
        for batches in (before, after)
    )
    return frozenset(new[trial] for trial in old.keys() & new.keys())


def state_of(plan: Plan, batches: Batches, again: frozenset[str] = frozenset()) -> State:
    """A data set as comparing needs it, without the cells that were not measured again."""
    found = reduced(plan, batches)
    repetitions = found.repetitions[~found.repetitions["cell"].isin(again)]
    repetitions = at_largest_amounts(repetitions)
    values = trial_values(repetitions, quiet_threshold=plan.quiet_threshold)
    measured = repetitions[repetitions["phase"] == "measure"]
    amounts = measured.groupby("cell", observed=True)["amount"].max()
    batch = found.trials.drop_duplicates("cell").set_index("cell")
    units = (batch["tasks"] * batch["size"].fillna(1)).to_dict()
    readings = (
        part.loc[~part["cell"].isin(again), "sentinel_json"]
        for part in batches(["cell", "sentinel_json"])
    )
    return State(
        plan=plan,
        times=times_of(values, plan),
        work={str(cell): int(units[cell] * amount) for cell, amount in amounts.items()},
        sessions=sessions_of(values),
        floors_ns=floors(one for texts in readings for one in watched_in(texts)),
        first_unix_ns=int(found.repetitions["started_unix_ns"].min()),
        again=again,
    )


def changes(before: State, after: State, *, measured: Measured) -> Changes:
    """Every timed configuration that is in both states, time after over time before.

    `measured`: what both were measured with. The margin is that of the state after.
    """
    left_out: Counter[str] = Counter()
    pairs = list(pairs_in(before, after, left_out))
    told = {reason: number for reason, number in sorted(left_out.items()) if number}
    if not pairs:
        return Changes(rows=(), left_out=told)
    unchanged = [one for one in pairs if is_unchanged(one.before, one.after, measured)]
    shares = share_of(before.sessions) + share_of(after.sessions)
    within = {
        kind: [
            within_state(
                state.times.on(kind[1]),
                [cell for cell in state.plan.cells if session_kind(cell, kind[1]) == kind],
                state.sessions,
            )
            for state in (before, after)
        ]
        for kind in {one.kind for one in pairs}
    }
    still = _moved(unchanged)

    def others(one: Same) -> list[Moved]:
        return [
            moved
            for moved in still
            if moved.kind == one.kind and moved.workload != one.after.workload
        ]

    def beyond(one: Same) -> Beyond:
        evidence = [*within[one.kind], by_unchanged(others(one), shares)]
        between = of_ratio(one.kind, shares, evidence)
        alike = BeyondTrials().between(one.after, one.after)
        parts = [(between.variance, between.freedom), (alike.variance, alike.freedom)]
        return Beyond(variance=sum(part for part, _ in parts), freedom=joint_freedom(parts))

    rules = Rules(margin=after.plan.margin, confidence=after.plan.confidence)
    rows = [_row(one, beyond(one), rules) for one in pairs]
    # Where the surroundings changed nothing is unchanged: then all may have moved, and why is open.
    together = still if unchanged else _moved(pairs)
    sources = {
        OF_SESSIONS: any(one is not None for of_kind in within.values() for one in of_kind),
        OF_UNCHANGED: any(map(others, pairs)),
    }
    return Changes(
        rows=with_q_values(rows),
        left_out=told,
        together=_together(together, bool(unchanged), after.plan.confidence),
        sentinel_ratio=_sentinel_ratio(before.floors_ns, after.floors_ns),
        spread_from=[name for name, is_used in sources.items() if is_used],
    )


def pairs_in(before: State, after: State, left_out: Counter[str]) -> Iterator[Same]:
    """The configurations of both states, in the order of tables; counts those left out."""
    old, new = _by_place(before.plan), _by_place(after.plan)
    left_out.update({ONLY_BEFORE: len(old.keys() - new.keys())})
    left_out.update({ONLY_AFTER: len(new.keys() - old.keys())})
    for place, cell in new.items():
        if place not in old:
            continue
        was = old[place]
        if cell.id in after.again:
            left_out[NOT_AGAIN] += 1
            continue
        if was.id not in before.times.typical or cell.id not in after.times.typical:
            left_out[WITHOUT_TRIALS] += 1
            continue
        now_work, was_work = after.work[cell.id], before.work[was.id]
        if cell.timing is Timing.COLD and now_work != was_work:
            left_out[OTHER_BATCH] += 1
            continue
        is_quiet = before.times.basis(was.id) is after.times.basis(cell.id) is Basis.QUIET
        basis = Basis.QUIET if is_quiet else Basis.TYPICAL
        yield Same(
            before=was,
            after=cell,
            basis=basis,
            work_ratio=(work_ratio := now_work / was_work),
            before_logs=np.log(wall_times(before.times.on(basis), was.id) * work_ratio),
            after_logs=np.log(wall_times(after.times.on(basis), cell.id)),
        )


def _by_place(plan: Plan) -> dict[Place, Cell]:
    """The timed configurations of a plan; their builds by role, as a version may have changed."""
    roles = Counter((arm.free_threaded, arm.gil) for arm in plan.arms)

    def build(cell: Cell) -> object:
        arm = plan.arms_by_name[cell.arm]
        role = (arm.free_threaded, arm.gil)
        return role if roles[role] == 1 else cell.arm

    return {
        (cell.workload, cell.model, cell.workers, build(cell), cell.timing): cell
        for cell in plan.in_order()
        if cell.replicate == 1 and cell.timing is not Timing.MEMORY
    }


def _row(one: Same, beyond: Beyond, rules: Rules) -> ChangeRow:
    estimate = estimate_ratio(one.samples, confidence=rules.confidence, beyond=beyond)
    return ChangeRow(
        **cell_columns(one.after),
        before_cell=one.before.id,
        basis=one.basis,
        before_ns=geometric_mean(np.exp(one.before_logs)),
        after_ns=geometric_mean(np.exp(one.after_logs)),
        work_ratio=one.work_ratio,
        **ratio_columns(estimate),
        p_value=p_of_no_difference(estimate),
        # The ratio is of times, a result is of speed.
        reading=read_ratio(estimate, rules).inverted,
    )


def _moved(pairs: Sequence[Same]) -> list[Moved]:
    """How far each workload moved, all of its configurations of a kind together."""
    found: dict[tuple[str, SessionKind], list[Same]] = defaultdict(list)
    for one in pairs:
        if one.samples.blocks > 1:
            found[one.after.workload, one.kind].append(one)
    return [
        Moved(
            workload=workload,
            kind=kind,
            log_ratio=float(np.mean([one.samples.log_mean for one in of])),
            standard_error=math.sqrt(sum(one.samples.standard_error**2 for one in of)) / len(of),
        )
        for (workload, kind), of in found.items()
    ]


def _together(moved: Sequence[Moved], unchanged: bool, confidence: float) -> Together | None:
    """Mean of the workloads' log ratios, with Student's interval over workloads."""
    by_workload: dict[str, list[float]] = defaultdict(list)
    for one in moved:
        by_workload[one.workload].append(one.log_ratio)
    logs = np.array([float(np.mean(of)) for of in by_workload.values()])
    if logs.size < FEWEST_WORKLOADS:
        return None
    low, high = t_bounds(logs, confidence)
    return Together(
        workloads=logs.size,
        ratio=_exp(float(logs.mean())),
        low=_exp(float(low)),
        high=_exp(float(high)),
        unchanged=unchanged,
    )


def _sentinel_ratio(before: Floors, after: Floors) -> float | None:
    """The sentinel at its best, after over before: geometric mean over CPUs and manners."""
    logs = [
        math.log(after[manner][cpu] / floor)
        for manner, of_cpu in before.items()
        for cpu, floor in of_cpu.items()
        if cpu in after.get(manner, {})
    ]
    return _exp(math.fsum(logs) / len(logs)) if logs else None


def _exp(log: float) -> float:
    """To as many digits as tables have: the others are not the same on all processors."""
    return float(f"{math.exp(log):.12g}")
