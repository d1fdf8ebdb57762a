"""The table of claims: each sentence stated before the measurement, with its verdict."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from scipy import stats

from threads_or_processes.analysis.ratio_estimates import RatioEstimate
from threads_or_processes.analysis.ratios import compare, intervals_of
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.trial_values import Times, by_block, counted_updates, ok_trials
from threads_or_processes.analysis.verdicts import (
    Assessment,
    Range,
    assess,
    claimed_range,
    decide,
    exact_p,
    finding_of,
    found_instead,
    holm,
    together,
)
from threads_or_processes.records.plan import Case, Cell, Claim, PeersName, Plan
from threads_or_processes.records.tables.comparisons import ClaimRow
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    Expects,
    Finding,
    Measure,
    Verdict,
)

#: The weights that a claim can be about, and their columns in the data set.
MEMORY = {Measure.MEMORY: "memory_idle_bytes", Measure.MEMORY_PEAK: "memory_peak_bytes"}


@dataclass(frozen=True, kw_only=True)
class Tested:
    """A case about a ratio with what was measured for it, and its row but for the verdict."""

    row: ClaimRow
    claim: Claim
    claimed: Range
    estimate: RatioEstimate
    assessment: Assessment


def claims_table(
    plan: Plan,
    repetitions: pd.DataFrame,
    trials: pd.DataFrame,
    values: pd.DataFrame,
    times: Times,
    rules: Rules,
    *,
    plain_arms: Collection[str] = (),
) -> list[ClaimRow]:
    """One row for each case of each claim of the plan, in its order.

    Verdicts on ratios are adjusted for the number of cases that are tested (`holm`). Those on
    updates and on the GIL are observations, which need no adjusting. What published builds took
    can't be compared with `plain_arms`, built without optimisation.
    """
    measures = {Measure.TIME: times} | {
        measure: _measured(measure, trials, values, times.peers)
        for measure in Measure
        if measure is not Measure.TIME
    }
    found = [
        _case(claim, case, plan, repetitions, trials, measures[claim.measure], rules, plain_arms)
        for claim in plan.claims
        for case in claim.cases
    ]
    adjusted = iter(holm([one.assessment.p for one in found if isinstance(one, Tested)]))
    rows = [
        _judged(one, next(adjusted), rules) if isinstance(one, Tested) else one for one in found
    ]
    of_claim: dict[str, list[ClaimRow]] = {}
    for row in rows:
        of_claim.setdefault(row.claim, []).append(row)
    return [row for cases in of_claim.values() for row in _with_verdict(cases)]


def _with_verdict(cases: Sequence[ClaimRow]) -> list[ClaimRow]:
    """The rows of a claim with the verdict on all of them together."""
    verdict = together([row.case_verdict for row in cases])
    finding = finding_of([(row.case_verdict, row.case_finding) for row in cases])
    return [replace(row, verdict=verdict, finding=finding) for row in cases]


def _case(
    claim: Claim,
    case: Case,
    plan: Plan,
    repetitions: pd.DataFrame,
    trials: pd.DataFrame,
    values: Times,
    rules: Rules,
    plain_arms: Collection[str],
) -> Tested | ClaimRow:
    row = _stated(claim, case)
    if case.untested is not None:
        return replace(row, reason=case.untested)
    if claim.expects is Expects.GIL_OFF:
        return _gil(row, case, plan, trials)
    if not claim.expects.is_ratio:
        return _updates(row, claim, repetitions[repetitions["cell"] == case.cell], rules)
    return _tested(row, claim, case, plan, values, rules, plain_arms)


def _stated(claim: Claim, case: Case) -> ClaimRow:
    """What a claim says of a case, as long as nothing was measured for it."""
    low, high = claim.published or (None, None)
    is_one_sided = claim.expects.is_ratio and not claim.expects.is_range
    measure: Any = claim.measure.value if claim.expects.is_ratio else "updates"
    return ClaimRow(
        claim=claim.id,
        sentence=claim.sentence,
        source=claim.source,
        answer=claim.answer,
        file=claim.file,
        expects=claim.expects,
        measure="gil" if claim.expects is Expects.GIL_OFF else measure,
        claimed_ratio=claim.by if is_one_sided else None,
        claimed_lost_ratio=claim.at_most,
        verdict=Verdict.NOT_TESTED,
        cell=case.cell,
        baseline_cell=case.baseline,
        case_verdict=Verdict.NOT_TESTED,
        published_low_ratio=low,
        published_high_ratio=high,
    )


def _measured(
    measure: Measure, trials: pd.DataFrame, values: pd.DataFrame, peers: Mapping[str, PeersName]
) -> Times:
    """What of the trials a claim compares, by cell and block, on both bases."""
    if column := MEMORY.get(measure):  # weighed once a trial; a busy neighbour weighs nothing
        weights = by_block(ok_trials(trials), column)
        return Times(quiet=weights, typical=weights, peers=peers)
    column = f"cold_{measure}_ns"
    return Times(
        quiet=by_block(values, f"quiet_{column}"), typical=by_block(values, column), peers=peers
    )


def _tested(
    row: ClaimRow,
    claim: Claim,
    case: Case,
    plan: Plan,
    values: Times,
    rules: Rules,
    plain_arms: Collection[str],
) -> Tested | ClaimRow:
    """The comparison that tests a case, or the row that says why there is none."""
    assert case.baseline is not None
    cell, baseline = plan.cells_by_id[case.cell], plan.cells_by_id[case.baseline]
    comparison = compare(values, cell=cell, baseline=baseline, rules=rules)
    if comparison is None:
        return replace(row, reason="no ok trials of the two configurations")
    estimate = comparison.estimate
    row = replace(
        row,
        basis=comparison.basis,
        cell_value=comparison.cell_ns,
        baseline_value=comparison.baseline_ns,
        ratio=estimate.ratio,
        blocks=estimate.blocks,
        intervals=intervals_of(estimate),
    )
    if reason := _why_not_comparable(claim, cell, baseline, plain_arms):
        return replace(row, case_verdict=Verdict.NOT_COMPARABLE, reason=reason)
    claimed = claimed_range(claim.expects, claim.by, claim.published, rules)
    assessment = assess(claimed, estimate, rules)
    if assessment is None:
        return _with_too_few(row, estimate.blocks)
    row = replace(row, p_value=assessment.p, exact_p_value=exact_p(claimed, estimate))
    return Tested(row=row, claim=claim, claimed=claimed, estimate=estimate, assessment=assessment)


def _why_not_comparable(
    claim: Claim, cell: Cell, baseline: Cell, plain_arms: Collection[str]
) -> str | None:
    if claim.not_comparable is not None:
        return claim.not_comparable
    plain = sorted({cell.arm, baseline.arm} & set(plain_arms))
    if claim.expects is Expects.AS_PUBLISHED and cell.arm != baseline.arm and plain:
        are = "is a plain build" if len(plain) == 1 else "are plain builds"
        return f"published for optimised builds; {' and '.join(plain)} {are} here"
    return None


def _with_too_few(row: ClaimRow, blocks: int) -> ClaimRow:
    return replace(
        row,
        case_verdict=Verdict.INCONCLUSIVE,
        reason=f"{blocks} block{'' if blocks == 1 else 's'}; a verdict needs {FEWEST_BLOCKS}",
    )


def _judged(tested: Tested, adjusted_p: float, rules: Rules) -> ClaimRow:
    assessment = tested.assessment
    verdict = decide(assessment, adjusted_p=adjusted_p, rules=rules)
    row = replace(tested.row, adjusted_p_value=adjusted_p, case_verdict=verdict)
    if verdict is Verdict.REFUTED:
        finding = found_instead(tested.claim.expects, tested.claimed, tested.estimate, rules)
        return replace(row, case_finding=finding)
    if verdict is Verdict.INCONCLUSIVE:
        weight = adjusted_p / assessment.p if assessment.p > 0 else 1.0
        return replace(
            row,
            reason=_why_inconclusive(tested, adjusted_p, rules),
            blocks_needed=assessment.blocks_needed(claims_weigh=weight),
        )
    return row


def _why_inconclusive(tested: Tested, adjusted_p: float, rules: Rules) -> str:
    assessment = tested.assessment
    likelier = min(assessment.support, assessment.refutation, key=lambda side: side.p)
    alpha = 1 - rules.confidence
    if likelier.p > alpha:
        if tested.claim.expects is Expects.AS_PUBLISHED:
            return "the interval lies partly inside, partly outside the widened range"
        if tested.claim.expects is Expects.EQUAL:
            return "the interval lies partly inside, partly outside the margin"
        return f"the interval contains {tested.claim.by:.3g}, the limit that was stated"
    if adjusted_p > alpha:
        return "enough for a single claim, but not after adjusting for the number of claims"
    assert not likelier.second_agrees
    return "the two methods disagree"


def _gil(row: ClaimRow, case: Case, plan: Plan, trials: pd.DataFrame) -> ClaimRow:
    """The row of a claim that workers run without a GIL.

    A trial is ok only if the GIL was in the state of its arm in each worker (else its outcome is
    `wrong_gil`). So one ok trial decides.
    """
    ok = ok_trials(trials[trials["cell"] == case.cell])
    if ok.empty:
        return replace(row, reason="no ok trial of the cell")
    row = replace(row, blocks=len(ok))
    arms = {arm.name: arm for arm in plan.arms}
    if arms[plan.cells_by_id[case.cell].arm].gil:
        return replace(row, case_verdict=Verdict.REFUTED, case_finding=Finding.HAS_GIL)
    return replace(row, case_verdict=Verdict.SUPPORTED)


def _updates(row: ClaimRow, claim: Claim, trials: pd.DataFrame, rules: Rules) -> ClaimRow:
    """The row of a claim on lost updates: one loss shows that there are losses.

    No loss shows only that they are rare. That supports a claim which states how rare.
    """
    counted = counted_updates(trials)
    if counted.empty:
        return replace(row, reason="no trial counted its updates")
    lost = counted["lost_updates"].astype("float64")
    updates = int(counted["updates"].sum())
    bound = lost_bound(int(lost.sum()), updates, rules.confidence)
    row = replace(
        row,
        blocks=counted["trial_id"].nunique(),
        losing_trials=counted.loc[lost > 0, "trial_id"].nunique(),
        lost_ratio=float((lost / counted["updates"].astype("float64")).median()),
        updates=updates,
        lost_high_ratio=bound,
    )
    if row.losing_trials:
        if claim.expects is Expects.LOSES_UPDATES:
            return replace(row, case_verdict=Verdict.SUPPORTED)
        return replace(row, case_verdict=Verdict.REFUTED, case_finding=Finding.LOST)
    if claim.at_most is None:
        return replace(row, case_verdict=Verdict.NONE_SEEN)
    if bound <= claim.at_most:
        return replace(row, case_verdict=Verdict.SUPPORTED)
    return replace(
        row,
        case_verdict=Verdict.INCONCLUSIVE,
        reason=f"too few updates to show that at most {claim.at_most:.3g} of them are lost",
    )


def lost_bound(lost: int, updates: int, confidence: float) -> float:
    """The largest plausible share of lost updates: Clopper and Pearson's upper bound.

    About 3 / updates if none was lost. It takes updates for independent, which those of one
    repetition are not. "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26, 1934; one-sided. (scipy's `binomtest` searches for it, which is right
    to 11 digits only.)
    """
    if lost == updates:
        return 1.0
    return float(stats.beta.ppf(confidence, lost + 1, updates - lost))
