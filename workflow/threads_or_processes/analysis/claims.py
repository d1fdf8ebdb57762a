"""The table of claims: each sentence stated before the measurement, with its verdict."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from scipy import stats

from threads_or_processes.analysis.frames import frame
from threads_or_processes.analysis.ratios import Comparison, compare, floor_of, intervals_of
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.trial_values import Times, by_block
from threads_or_processes.analysis.verdicts import (
    Weighed,
    decide,
    exact_p,
    found_instead,
    holm,
    weigh,
)
from threads_or_processes.records.plan import Cell, Claim, Plan
from threads_or_processes.records.tables.comparisons import ClaimRow
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    Agreement,
    Expects,
    Measure,
    Verdict,
)

#: A published figure agrees when it is within this factor of the measured interval: it comes from
#: other hardware, and often from another version.
PUBLISHED_BAND = 1.15

UPDATES = (Expects.KEEPS_UPDATES, Expects.LOSES_UPDATES)


@dataclass(frozen=True, kw_only=True)
class Tested:
    """A claim about a ratio with what was measured for it."""

    claim: Claim
    comparison: Comparison
    weighed: Weighed
    noise_floor: float


def claims_table(
    plan: Plan, trials: pd.DataFrame, values: pd.DataFrame, times: Times, rules: Rules
) -> pd.DataFrame:
    """One row (`ClaimRow`) for each claim of the plan, in its order.

    Verdicts on ratios are adjusted for their number (`holm`); those on updates are counts, which
    need no adjusting. A claim that was not tested has its reason.
    """
    measures = {Measure.TIME: times} | {
        measure: _measured(measure, trials, values) for measure in Measure if measure != "time"
    }
    cells = {cell.id: cell for cell in plan.cells}
    rows = {claim.id: _stated(claim) for claim in plan.claims}
    tested = []
    for claim in plan.claims:
        row = rows[claim.id]
        if claim.untested is not None:
            row |= {"verdict": Verdict.NOT_TESTED, "reason": claim.untested}
        elif claim.expects in UPDATES:
            row |= _updates(claim, trials, rules)
        else:
            found = _tested(claim, cells, measures[Measure(claim.measure)], rules)
            row |= found if isinstance(found, dict) else _measured_columns(found)
            tested += [found] if isinstance(found, Tested) else []
    adjusted = holm([one.weighed.p for one in tested])
    for one, adjusted_p in zip(tested, adjusted, strict=True):
        rows[one.claim.id] |= _judged(one, adjusted_p, rules)
    return frame(rows.values(), ClaimRow)


def _stated(claim: Claim) -> dict[str, Any]:
    low, high = claim.published or (None, None)
    is_ratio = claim.expects not in UPDATES
    return {
        "claim": claim.id,
        "sentence": claim.sentence,
        "source": claim.source,
        "answer": claim.answer,
        "file": claim.file,
        "expects": claim.expects,
        "measure": claim.measure if is_ratio else "updates",
        "claimed_ratio": claim.by if is_ratio and claim.expects != Expects.EQUAL else None,
        "cell": claim.cell,
        "baseline_cell": claim.baseline,
        "published_low_ratio": low,
        "published_high_ratio": high,
    }


def _measured(measure: Measure, trials: pd.DataFrame, values: pd.DataFrame) -> Times:
    """What of the trials a claim compares, by cell and block, on both bases."""
    if measure is Measure.MEMORY:  # weighed once a trial; a busy neighbour weighs nothing
        weighed = trials[(trials["outcome"] == "ok") & trials["memory_idle_bytes"].notna()]
        idle = by_block(weighed.drop_duplicates("trial_id"), "memory_idle_bytes")
        return Times(quiet=idle, typical=idle)
    column = f"cold_{measure.value}_ns"
    return Times(quiet=by_block(values, f"quiet_{column}"), typical=by_block(values, column))


def _tested(
    claim: Claim, cells: Mapping[str, Cell], values: Times, rules: Rules
) -> Tested | dict[str, Any]:
    """The comparison that tests a claim, or the columns that say why there is none."""
    assert claim.baseline is not None
    cell, baseline = cells[claim.cell], cells[claim.baseline]
    comparison = compare(values, cell=cell, baseline=baseline, rules=rules)
    if comparison is None:
        reason = "no ok trials of the two cells to compare"
        return {"verdict": Verdict.NOT_TESTED, "reason": reason}
    weighed = weigh(Expects(claim.expects), claim.by, comparison.estimate, rules)
    if weighed is None:
        reason = _too_few(comparison.estimate.blocks)
        return {
            **_comparison_columns(comparison),
            "verdict": Verdict.INCONCLUSIVE,
            "reason": reason,
            "blocks_needed": FEWEST_BLOCKS,
        }
    return Tested(
        claim=claim,
        comparison=comparison,
        weighed=weighed,
        noise_floor=floor_of(cell, baseline, rules),
    )


def _too_few(blocks: int) -> str:
    return f"{blocks} block{'' if blocks == 1 else 's'}; a verdict needs {FEWEST_BLOCKS}"


def _comparison_columns(comparison: Comparison) -> dict[str, Any]:
    return {
        "basis": comparison.basis,
        "cell_value": comparison.cell_ns,
        "baseline_value": comparison.baseline_ns,
        "ratio": comparison.estimate.ratio,
        "blocks": comparison.estimate.blocks,
        "intervals": intervals_of(comparison.estimate),
    }


def _measured_columns(tested: Tested) -> dict[str, Any]:
    estimate, claim = tested.comparison.estimate, tested.claim
    return {
        **_comparison_columns(tested.comparison),
        "p_value": tested.weighed.p,
        "exact_p_value": exact_p(Expects(claim.expects), claim.by, estimate),
        "noise_floor_ratio": tested.noise_floor if tested.noise_floor > 1 else None,
        "agreement": _agreement(
            claim, estimate.keys[0].interval.low, estimate.keys[0].interval.high
        ),
    }


def _judged(tested: Tested, adjusted_p: float, rules: Rules) -> dict[str, Any]:
    weighed = tested.weighed
    verdict = decide(weighed, adjusted_p=adjusted_p, noise_floor=tested.noise_floor, rules=rules)
    row: dict[str, Any] = {"adjusted_p_value": adjusted_p, "verdict": verdict}
    if verdict is Verdict.REFUTED:
        estimate = tested.comparison.estimate
        row["finding"] = found_instead(Expects(tested.claim.expects), estimate, rules).value
    if verdict is Verdict.INCONCLUSIVE:
        row["reason"] = _why_inconclusive(tested, adjusted_p, rules)
        weight = adjusted_p / weighed.p if weighed.p > 0 else 1.0
        row["blocks_needed"] = weighed.blocks_needed(claims_weigh=weight)
    return row


def _why_inconclusive(tested: Tested, adjusted_p: float, rules: Rules) -> str:
    weighed = tested.weighed
    likelier = min(weighed.support, weighed.refutation, key=lambda side: side.p)
    alpha = 1 - rules.confidence
    if likelier.p > alpha:
        if tested.claim.expects == Expects.EQUAL:
            return "the interval is neither within the margin nor beyond it"
        return f"the interval holds {tested.claim.by:.3g}, the least ratio that would count"
    if adjusted_p > alpha:
        return "sure alone, but not among all claims"
    if not likelier.second_agrees:
        return "the two methods disagree"
    floor = math.log(tested.noise_floor)
    assert likelier.distance <= floor
    return "within what two measurements of the same cell differ by"


def _agreement(claim: Claim, low: float, high: float) -> str | None:
    """Whether the interval meets what was published, or is above or below it."""
    if claim.published is None:
        return None
    least, greatest = claim.published
    if low / PUBLISHED_BAND <= greatest and least <= high * PUBLISHED_BAND:
        return Agreement.AGREES
    return Agreement.MORE if low > greatest else Agreement.LESS


def _updates(claim: Claim, trials: pd.DataFrame, rules: Rules) -> dict[str, Any]:
    """The columns of a claim on lost updates: one loss shows that there are losses."""
    counted = trials[
        (trials["cell"] == claim.cell)
        & (trials["phase"] == "measure")
        & trials["lost_updates"].notna()
    ]
    if counted.empty:
        reason = "no trial counted its updates"
        return {"verdict": Verdict.NOT_TESTED, "reason": reason}
    lost = counted["lost_updates"].astype("float64")
    losing = counted.loc[lost > 0, "trial_id"].nunique()
    all_trials = counted["trial_id"].nunique()
    loses = losing > 0
    row: dict[str, Any] = {
        "blocks": all_trials,
        "losing_trials": losing,
        "lost_ratio": float((lost / counted["updates"].astype("float64")).median()),
        "losing_high_ratio": losing_bound(losing, all_trials, rules.confidence),
    }
    if not loses and all_trials < FEWEST_BLOCKS:
        return row | {
            "verdict": Verdict.INCONCLUSIVE,
            "reason": _too_few(all_trials),
            "blocks_needed": FEWEST_BLOCKS,
        }
    is_right = loses == (claim.expects == Expects.LOSES_UPDATES)
    return row | {"verdict": (Verdict.SUPPORTED if is_right else Verdict.REFUTED).value}


def losing_bound(losing: int, trials: int, confidence: float) -> float:
    """The greatest share of losing trials that is plausible: Clopper and Pearson's upper bound.

    "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika
    26, 1934; one-sided. (scipy's `binomtest` searches for it, which is right to 11 digits only.)
    """
    if losing == trials:
        return 1.0
    return float(stats.beta.ppf(confidence, losing + 1, trials - losing))
