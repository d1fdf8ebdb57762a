"""The table of claims: each sentence stated before the measurement, with its verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from scipy import stats

from threads_or_processes.analysis.estimates import Interval
from threads_or_processes.analysis.ratio_estimates import RatioEstimate
from threads_or_processes.analysis.ratios import compare, intervals_of
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.trial_values import Times, by_block, counted_updates, ok_trials
from threads_or_processes.analysis.verdicts import (
    Assessment,
    assess,
    decide,
    exact_p,
    found_instead,
    holm,
)
from threads_or_processes.records.plan import Claim, PeersName, Plan
from threads_or_processes.records.tables.comparisons import ClaimRow
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    PUBLISHED_BAND,
    Agreement,
    Expects,
    Measure,
    Verdict,
)

UPDATES = (Expects.KEEPS_UPDATES, Expects.LOSES_UPDATES)


@dataclass(frozen=True, kw_only=True)
class Tested:
    """A claim about a ratio with what was measured for it, and its row but for the verdict."""

    row: ClaimRow
    claim: Claim
    estimate: RatioEstimate
    assessment: Assessment


def claims_table(
    plan: Plan, trials: pd.DataFrame, values: pd.DataFrame, times: Times, rules: Rules
) -> list[ClaimRow]:
    """One row for each claim of the plan, in its order.

    Verdicts on ratios are adjusted for their number (`holm`); those on updates are counts, which
    need no adjusting. A claim that was not tested has its reason.
    """
    measures = {Measure.TIME: times} | {
        measure: _measured(measure, trials, values, times.peers)
        for measure in Measure
        if measure is not Measure.TIME
    }
    rows = {claim.id: _stated(claim) for claim in plan.claims}
    tested = []
    for claim in plan.claims:
        row = rows[claim.id]
        if claim.untested is not None:
            rows[claim.id] = replace(row, reason=claim.untested)
        elif claim.expects in UPDATES:
            rows[claim.id] = _updates(row, claim, trials, rules)
        else:
            found = _tested(row, claim, plan, measures[claim.measure], rules)
            if isinstance(found, Tested):
                tested.append(found)
            else:
                rows[claim.id] = found
    adjusted = holm([one.assessment.p for one in tested])
    for one, adjusted_p in zip(tested, adjusted, strict=True):
        rows[one.claim.id] = _judged(one, adjusted_p, rules)
    return list(rows.values())


def _stated(claim: Claim) -> ClaimRow:
    """What a claim says, as long as nothing was measured for it."""
    low, high = claim.published or (None, None)
    is_ratio = claim.expects not in UPDATES
    measure: Any = claim.measure.value if is_ratio else "updates"
    return ClaimRow(
        claim=claim.id,
        sentence=claim.sentence,
        source=claim.source,
        answer=claim.answer,
        file=claim.file,
        expects=claim.expects,
        measure=measure,
        claimed_ratio=claim.by if is_ratio and claim.expects is not Expects.EQUAL else None,
        cell=claim.cell,
        baseline_cell=claim.baseline,
        verdict=Verdict.NOT_TESTED,
        published_low_ratio=low,
        published_high_ratio=high,
    )


def _measured(
    measure: Measure, trials: pd.DataFrame, values: pd.DataFrame, peers: Mapping[str, PeersName]
) -> Times:
    """What of the trials a claim compares, by cell and block, on both bases."""
    if measure is Measure.MEMORY:  # weighed once a trial; a busy neighbour weighs nothing
        idle = by_block(ok_trials(trials), "memory_idle_bytes")
        return Times(quiet=idle, typical=idle, peers=peers)
    column = f"cold_{measure}_ns"
    return Times(
        quiet=by_block(values, f"quiet_{column}"), typical=by_block(values, column), peers=peers
    )


def _tested(
    row: ClaimRow, claim: Claim, plan: Plan, values: Times, rules: Rules
) -> Tested | ClaimRow:
    """The comparison that tests a claim, or the row that says why there is none."""
    assert claim.baseline is not None
    cell, baseline = plan.cells_by_id[claim.cell], plan.cells_by_id[claim.baseline]
    comparison = compare(values, cell=cell, baseline=baseline, rules=rules)
    if comparison is None:
        return replace(row, reason="no ok trials of the two cells to compare")
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
    assessment = assess(claim.expects, claim.by, estimate, rules)
    if assessment is None:
        return _with_too_few(row, estimate.blocks)
    row = replace(
        row,
        p_value=assessment.p,
        exact_p_value=exact_p(claim.expects, claim.by, estimate),
        agreement=_agreement(claim, estimate.interval),
    )
    return Tested(row=row, claim=claim, estimate=estimate, assessment=assessment)


def _with_too_few(row: ClaimRow, blocks: int) -> ClaimRow:
    return replace(
        row,
        verdict=Verdict.INCONCLUSIVE,
        reason=f"{blocks} block{'' if blocks == 1 else 's'}; a verdict needs {FEWEST_BLOCKS}",
        blocks_needed=FEWEST_BLOCKS,
    )


def _judged(tested: Tested, adjusted_p: float, rules: Rules) -> ClaimRow:
    assessment = tested.assessment
    verdict = decide(assessment, adjusted_p=adjusted_p, rules=rules)
    row = replace(tested.row, adjusted_p_value=adjusted_p, verdict=verdict)
    if verdict is Verdict.REFUTED:
        return replace(row, finding=found_instead(tested.claim.expects, tested.estimate, rules))
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
        if tested.claim.expects is Expects.EQUAL:
            return "the interval is neither within the margin nor beyond it"
        return f"the interval holds {tested.claim.by:.3g}, the least ratio that would count"
    if adjusted_p > alpha:
        return "sure alone, but not among all claims"
    assert not likelier.second_agrees
    return "the two methods disagree"


def _agreement(claim: Claim, interval: Interval | None) -> Agreement | None:
    """Whether the interval meets what was published, or is above or below it."""
    if claim.published is None or interval is None:
        return None
    least, greatest = claim.published
    if interval.low / PUBLISHED_BAND <= greatest and least <= interval.high * PUBLISHED_BAND:
        return Agreement.AGREES
    return Agreement.MORE if interval.low > greatest else Agreement.LESS


def _updates(row: ClaimRow, claim: Claim, trials: pd.DataFrame, rules: Rules) -> ClaimRow:
    """The row of a claim on lost updates: one loss shows that there are losses."""
    counted = counted_updates(trials[trials["cell"] == claim.cell])
    if counted.empty:
        return replace(row, reason="no trial counted its updates")
    lost = counted["lost_updates"].astype("float64")
    losing = counted.loc[lost > 0, "trial_id"].nunique()
    all_trials = counted["trial_id"].nunique()
    row = replace(
        row,
        blocks=all_trials,
        losing_trials=losing,
        lost_ratio=float((lost / counted["updates"].astype("float64")).median()),
        losing_high_ratio=losing_bound(losing, all_trials, rules.confidence),
    )
    if not losing and all_trials < FEWEST_BLOCKS:
        return _with_too_few(row, all_trials)
    is_right = (losing > 0) == (claim.expects is Expects.LOSES_UPDATES)
    return replace(row, verdict=Verdict.SUPPORTED if is_right else Verdict.REFUTED)


def losing_bound(losing: int, trials: int, confidence: float) -> float:
    """The greatest share of losing trials that is plausible: Clopper and Pearson's upper bound.

    "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika
    26, 1934; one-sided. (scipy's `binomtest` searches for it, which is right to 11 digits only.)
    """
    if losing == trials:
        return 1.0
    return float(stats.beta.ppf(confidence, losing + 1, trials - losing))
