"""The table of decisions: for each kind of work and arm, what was fastest and by how much.

The choice is between families (serial, threads, processes, ...), each by its best cell: within a
family, of all its models.

What is recommended is not the fastest cell but all families that the data don't rule out
(`Contest.contenders`): the fastest of several is chosen by noise where they are alike.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from threads_or_processes.analysis.estimates import geometric_mean
from threads_or_processes.analysis.ratio_estimates import best_against_best
from threads_or_processes.analysis.ratios import (
    Comparison,
    compare,
    false_discovery,
    two_sided,
)
from threads_or_processes.analysis.readings import FASTER, NO_FASTER, Rules, read_ratio
from threads_or_processes.analysis.trial_values import Times, wall_times
from threads_or_processes.records.plan import Cell, Plan, earlier_version
from threads_or_processes.records.tables.comparisons import (
    DecisionRow,
    FamilyRow,
    MoveRow,
    VersionRow,
)
from threads_or_processes.records.tables.groups import NO_INTERVALS, Candidate, Intervals, Ratio
from threads_or_processes.records.vocabulary import (
    NOTEBOOK_WORKLOAD,
    SERIAL,
    ComparisonResult,
    Family,
    Outcome,
    Timing,
    Use,
)

#: Sends empty tasks one by one: what is left is the price of sending one.
DISPATCH = "dispatch"

#: Functions that measure the harness and stand for no kind of work.
NO_WORK = frozenset({NOTEBOOK_WORKLOAD, "empty", DISPATCH})

#: Model, workers and arm.
Way = tuple[str, int, str]
#: Model and workers.
OnAnyArm = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Contenders:
    """The cells that may be the best, and at which p each of the others was ruled out."""

    cells: tuple[Cell, ...]
    ruled_out: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The candidates of a workload on an arm, the fastest first, with what they are judged by."""

    plan: Plan
    workload: str
    arm: str
    cells: Sequence[Cell]
    """All that are planned."""
    unmeasured: frozenset[OnAnyArm]
    """The ways among them without a trial: a budget may give some up early."""
    families_of_experiments: Sequence[Set[Family]]
    """Of each experiment with some of the cells, those that it compares; serial always is one."""
    fastest_first: Sequence[Cell]
    means_ns: Mapping[str, float]
    is_spoilt: bool
    """Whether a parallel cell is no candidate because it failed or lost updates."""
    own_serial: Cell | None
    """None without any trial."""
    reference_serial: Cell | None
    times: Times
    rules: Rules

    def is_whole(self, without: Set[OnAnyArm]) -> bool:
        """Whether an experiment has a cell in each family that is none of these ways."""
        left = {self.plan.family(cell) for cell in self.cells if on_any_arm(cell) not in without}
        return any({Family.SERIAL} < needed <= left for needed in self.families_of_experiments)

    def best_of(self, family: Family) -> Cell | None:
        """The fastest cell of a family."""
        return next((c for c in self.fastest_first if self.plan.family(c) is family), None)

    @cached_property
    def contenders(self) -> Contenders:
        """The cells that may be the best: not shown to be slower than the fastest, or its equal.

        All judged together: the truly best is ruled out in at most 1 - confidence of such contests
        (Hsu, "Constrained simultaneous confidence intervals for multiple comparisons with the
        best", Ann. Statist. 12, 1984; by Bonferroni here, as spreads are unlike, and two-sided, as
        any cell may look the fastest). The interval must say it, too, so both methods do.
        """
        if not self.fastest_first:
            return Contenders(cells=(), ruled_out={})
        best, *others = self.fastest_first
        kept, ruled_out = [best], {}
        for other in others:
            found = self.compared(best, other)
            if found is None or found.reading not in FASTER:
                kept.append(other)
                continue
            p = len(others) * two_sided(found.estimate.one_sided_p(0.0))
            if p <= 1 - self.rules.confidence:
                ruled_out[other.id] = p
            else:
                kept.append(other)
        return Contenders(cells=tuple(kept), ruled_out=ruled_out)

    def fewest_workers(self, best: Cell) -> int:
        """The fewest with which a family's best model may be the best of all; else its own."""
        kept = (cell.workers for cell in self.contenders.cells if cell.model == best.model)
        return min((best.workers, *kept))

    def enough_workers(self, best: Cell) -> int:
        """The fewest with which a family's best model is as fast in practice."""
        alike = (
            c for c in self.fastest_first if c.model == best.model and c.workers < best.workers
        )
        for cell in sorted(alike, key=lambda cell: cell.workers):
            ratio = self.ratio(cell, best)
            if ratio is not None and ratio.reading is ComparisonResult.EQUAL:
                return cell.workers
        return best.workers

    def compared(self, cell: Cell, baseline: Cell | None) -> Comparison | None:
        """A cell against a baseline; None when the baseline was not measured."""
        if baseline is None:
            return None
        return compare(self.times, cell=cell, baseline=baseline, rules=self.rules)

    def ratio(self, cell: Cell, baseline: Cell | None) -> Ratio | None:
        """The same as a ratio."""
        comparison = self.compared(cell, baseline)
        return comparison.as_ratio if comparison else None

    def named(self, cell: Cell) -> Candidate:
        """How a decision names a cell."""
        family = self.plan.family(cell)
        return Candidate(cell=cell.id, model=cell.model, family=family, workers=cell.workers)


def contests(plan: Plan, trials: pd.DataFrame, times: Times, rules: Rules) -> list[Contest]:
    """One for each workload and arm with something to decide.

    That is one of which the plan has warm cells of serial and of a parallel model. Workloads with
    varied parameters answer questions of their own. A cell is a candidate when it has an ok trial,
    none that failed, and lost no update: what crashed or gave a wrong result once is not
    recommended, however fast.
    """
    warm = decidable(plan)
    spoilt = (trials["outcome"] != Outcome.OK) | (trials["lost_updates"] > 0).fillna(value=False)
    failed = set(trials.loc[spoilt, "cell"])
    means_ns = {
        cell.id: geometric_mean(wall_times(times.of(cell.id), cell.id))
        for cell in warm
        if cell.id in times.typical and cell.id not in failed
    }
    simplest_first = list(Family)  # of cells with equal times
    candidates = sorted(
        (cell for cell in warm if cell.id in means_ns),
        key=lambda cell: (
            means_ns[cell.id],
            simplest_first.index(plan.family(cell)),
            cell.workers,
            cell.id,
        ),
    )
    spoilt_places = {
        (cell.workload, cell.arm)
        for cell in warm
        if cell.id in failed and plan.family(cell) is not Family.SERIAL
    }
    measured = set(trials["cell"])
    serials = {
        (cell.workload, cell.arm): cell
        for cell in warm
        if cell.model == SERIAL and cell.id in measured
    }
    of_experiments = [frozenset(experiment.cells) for experiment in plan.experiments]
    of_places: dict[tuple[str, str], list[Cell]] = {}
    for cell in warm:
        of_places.setdefault((cell.workload, cell.arm), []).append(cell)
    return [
        Contest(
            plan=plan,
            workload=workload,
            arm=arm,
            cells=cells,
            unmeasured=frozenset(on_any_arm(c) for c in cells if c.id not in measured),
            families_of_experiments=[
                {Family.SERIAL, *(plan.family(cell) for cell in some)}
                for asked in of_experiments
                if (some := [cell for cell in cells if cell.id in asked])
            ],
            fastest_first=[c for c in candidates if (c.workload, c.arm) == (workload, arm)],
            means_ns=means_ns,
            is_spoilt=(workload, arm) in spoilt_places,
            own_serial=serials.get((workload, arm)),
            reference_serial=serials.get((workload, plan.reference_arm)),
            times=times,
            rules=rules,
        )
        for (workload, arm), cells in of_places.items()
    ]


def decisions_table(
    found: Iterable[Contest], plan: Plan, trials: pd.DataFrame, times: Times, rules: Rules
) -> list[DecisionRow]:
    """One row for each workload and arm with something to decide."""
    costs_ns = sending_costs_ns(plan, trials, times)
    rows = [_decision(one, costs_ns, rules.margin) for one in found]
    # Who was judged without a recommendation counts, too: it might have got one by chance.
    judged = [row for row in rows if row.use.is_judged]
    q_values = iter(
        false_discovery([1.0 if row.p_value is None else row.p_value for row in judged])
    )
    return [_with_q(row, next(q_values)) if row.use.is_judged else row for row in rows]


def _with_q(row: DecisionRow, q_value: float) -> DecisionRow:
    return row if row.p_value is None else replace(row, q_value=q_value)


def families_table(found: Iterable[Contest]) -> list[FamilyRow]:
    """One row for each family with a candidate, contest by contest; serial is one, too."""
    return [
        FamilyRow(
            workload=one.workload,
            arm=one.arm,
            family=family,
            cell=best.id,
            model=best.model,
            workers=best.workers,
            fewest_workers=one.fewest_workers(best),
            enough_workers=one.enough_workers(best),
            time_ns=one.means_ns[best.id],
            speedup=None if family is Family.SERIAL else one.ratio(best, one.own_serial),
            reference_speedup=None
            if best == one.reference_serial
            else one.ratio(best, one.reference_serial),
        )
        for one in found
        for family in Family
        if (best := one.best_of(family)) is not None
    ]


def moves_table(found: Sequence[Contest], plan: Plan) -> list[MoveRow]:
    """One row for each workload and arm that can be compared with the reference arm."""
    of_place = _with_candidates(found)
    return [
        row
        for (workload, arm), one in of_place.items()
        if arm != plan.reference_arm
        and (reference := of_place.get((workload, plan.reference_arm))) is not None
        and (row := _move(one, reference)) is not None
    ]


def versions_table(found: Sequence[Contest], plan: Plan) -> list[VersionRow]:
    """The same for each workload and arm, and the next lower version."""
    of_place = _with_candidates(found)
    earlier = {arm.name: earlier_version(arm, plan.arms) for arm in plan.arms}
    return [
        VersionRow(**vars(row), baseline_arm=lower.name)
        for (workload, arm), one in of_place.items()
        if (lower := earlier[arm]) is not None
        and (baseline := of_place.get((workload, lower.name))) is not None
        and (row := _move(one, baseline)) is not None
    ]


def _with_candidates(found: Iterable[Contest]) -> dict[tuple[str, str], Contest]:
    return {(one.workload, one.arm): one for one in found if one.fastest_first}


def _move(own: Contest, reference: Contest) -> MoveRow | None:
    """The fastest against the fastest; None where too little was measured for that.

    What is planned on both and was measured on one is no candidate.
    """
    unmeasured = own.unmeasured | reference.unmeasured
    candidates, baselines = (
        [cell for cell in one.fastest_first if on_any_arm(cell) not in unmeasured]
        for one in (own, reference)
    )
    is_whole = own.is_whole(unmeasured) and reference.is_whole(unmeasured)
    if not (is_whole and candidates and baselines):
        return None
    best, baseline = candidates[0], baselines[0]
    found = compare(own.times, cell=best, baseline=baseline, rules=own.rules)
    if found is None:
        return None
    times = own.times.on(found.basis)
    estimate = best_against_best(
        found.estimate,
        [times.get(cell.id, {}) for cell in candidates],
        [times.get(cell.id, {}) for cell in baselines],
        confidence=own.rules.confidence,
    )
    interval = estimate.interval
    return MoveRow(
        workload=own.workload,
        arm=own.arm,
        basis=found.basis,
        best=own.named(best),
        baseline=reference.named(baseline),
        best_ns=found.cell_ns,
        baseline_ns=found.baseline_ns,
        blocks=estimate.blocks,
        speedup=Ratio(
            value=estimate.ratio,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            reading=read_ratio(estimate, own.rules),
        ),
        intervals=Intervals(ci_level=interval.level, ci_method=interval.method)
        if interval
        else NO_INTERVALS,
    )


def decidable(plan: Plan) -> list[Cell]:
    """The warm cells of all places (workload and arm) where there is something to decide."""
    warm = [
        cell
        for cell in plan.in_order()
        if cell.is_compared
        and cell.timing == Timing.WARM
        and cell.workload not in plan.varied
        and cell.function not in NO_WORK
        and not plan.is_pinned(cell)
    ]
    serial, parallel = (
        {(c.workload, c.arm) for c in warm if (plan.family(c) is Family.SERIAL) == is_serial}
        for is_serial in (True, False)
    )
    return [cell for cell in warm if (cell.workload, cell.arm) in serial & parallel]


def way_of(cell: Cell) -> Way:
    """How a cell works, whatever its work."""
    return *on_any_arm(cell), cell.arm


def on_any_arm(cell: Cell) -> OnAnyArm:
    """How a cell works, whatever its work and arm."""
    return cell.model, cell.workers


def sending_costs_ns(plan: Plan, trials: pd.DataFrame, times: Times) -> dict[Way, float]:
    """What sending a task costs each way beside calling it: from the cells with empty ones."""
    tasks = trials.dropna(subset=["tasks"]).drop_duplicates("cell").set_index("cell")["tasks"]
    each_ns = {
        way_of(cell): geometric_mean(wall_times(times.of(cell.id), cell.id)) / int(tasks[cell.id])
        for cell in plan.in_order()
        if cell.workload == DISPATCH and cell.is_compared and cell.id in times.typical
    }
    return {
        (model, workers, arm): each_ns[model, workers, arm] - each_ns.get((SERIAL, 1, arm), 0.0)
        for model, workers, arm in each_ns
        if model != SERIAL
    }


def pays_from_ns(cost_ns: float | None, speedup: float, margin: float) -> float | None:
    """The shortest task from which a way beats serial by the margin; None if that is not known.

    Serial takes t for a task; a way that makes long ones S times as fast and sends each at a cost
    of c takes t / S + c. That is faster by the margin m from t = c / (1 / (1 + m) - 1 / S) on.
    """
    gained = 1 / (1 + margin) - 1 / speedup
    return cost_ns / gained if cost_ns is not None and cost_ns > 0 and gained > 0 else None


def _decision(contest: Contest, costs_ns: Mapping[Way, float], margin: float) -> DecisionRow:
    """What to use; nothing where there is no candidate, or a budget left too little."""
    row = DecisionRow(workload=contest.workload, arm=contest.arm)
    if not contest.fastest_first:
        return row
    best = contest.fastest_first[0]
    family = contest.plan.family(best)
    runner_up = next(
        (c for c in contest.fastest_first if contest.plan.family(c) is not family), None
    )
    own_speedup = contest.ratio(best, contest.own_serial)
    reference = contest.reference_serial
    pays_ns = None
    if own_speedup is not None and own_speedup.reading is ComparisonResult.FASTER:
        pays_ns = pays_from_ns(costs_ns.get(way_of(best)), own_speedup.value, margin)
    row = replace(
        row,
        best=contest.named(best),
        best_ns=contest.means_ns[best.id],
        work_ns=contest.means_ns.get(reference.id) if reference is not None else None,
        speedup=contest.ratio(best, contest.reference_serial),
        own_speedup=own_speedup,
        pays_from_ns=pays_ns,
        runner_up=contest.named(runner_up) if runner_up is not None else None,
        advantage=contest.ratio(best, runner_up),
    )
    if not contest.is_whole(contest.unmeasured):
        return replace(row, use=Use.INCOMPLETE)
    kept = contest.contenders
    families = {contest.plan.family(cell) for cell in kept.cells}
    use, p_values = _use(contest, families)
    p_values += [p for family, p in _ruled_out(contest, kept).items() if family not in families]
    return replace(
        row,
        use=use,
        families=tuple(one for one in Family if one in families),
        p_value=min(1.0, max(p_values)) if p_values else None,
    )


def _use(contest: Contest, families: Set[Family]) -> tuple[Use, list[float]]:
    """Parallel where serial is ruled out, serial where no parallel family is faster or correct.

    Of the latter the p of each family for "faster by the margin or more": all must be rejected,
    so that no correction for their number is due (Berger, Technometrics 24, 1982).
    """
    if Family.SERIAL not in families:
        return Use.PARALLEL, []
    judged = [
        contest.compared(best, contest.own_serial)
        for family in Family
        if family is not Family.SERIAL and (best := contest.best_of(family)) is not None
    ]
    if not judged and contest.is_spoilt:
        return Use.SERIAL, []
    gainless = [one for one in judged if one is not None and one.reading in NO_FASTER]
    if not judged or len(gainless) < len(judged):
        return Use.INCONCLUSIVE, []
    margin = contest.rules.log_margin
    return Use.SERIAL, [1 - one.estimate.one_sided_p(margin) for one in gainless]


def _ruled_out(contest: Contest, kept: Contenders) -> dict[Family, float]:
    """The families of cells that were ruled out; their least sure cell counts, as all must be."""
    p_values: dict[Family, float] = {}
    for cell, p in kept.ruled_out.items():
        family = contest.plan.family(contest.plan.cells_by_id[cell])
        p_values[family] = max(p, p_values.get(family, 0.0))
    return p_values
