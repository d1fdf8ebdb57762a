"""What changed since a baseline: what is compared, how often it is right, what differs."""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from threads_or_processes.analysis.before_after import (
    NOT_AGAIN,
    OF_SESSIONS,
    OF_UNCHANGED,
    ONLY_AFTER,
    ONLY_BEFORE,
    OTHER_BATCH,
    WITHOUT_TRIALS,
    Changes,
    State,
    changes,
    in_both,
    state_of,
)
from threads_or_processes.analysis.between_sessions import (
    PRIOR_SD,
    Moved,
    by_unchanged,
    of_ratio,
    share_of,
    within_state,
)
from threads_or_processes.analysis.beyond_trials import PRIOR_FREEDOM, Beyond
from threads_or_processes.analysis.dataset import in_batches, in_order
from threads_or_processes.analysis.differences import Made, Measured, differences
from threads_or_processes.analysis.sessions import SESSION_GAP_NS
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.vocabulary import Basis, ComparisonResult

from tests.analysis.shortcuts import plan_of, trials_of
from tests.analysis.simulated import FAMILIES
from tests.factories import (
    Campaign,
    grid,
    make_campaign,
    make_cell,
    make_identity,
    make_plan,
    plausible_truth,
    sha256,
)

DATA_SETS = 100
BLOCKS = 8
SERIAL = (False, Basis.QUIET)
WORKERS = (True, Basis.QUIET)


def made_of(campaign: Campaign, code: Mapping[str, str] | None = None) -> Made:
    """Of a synthetic campaign; `code`: what measures a workload, where it is not the usual."""
    plan = plan_of(campaign)
    campaign._sign_identities()
    return Made(
        plan=plan,
        interpreters=campaign.identities,  # type: ignore[arg-type]
        git_commit="0" * 40,
        code={cell.id: (code or {}).get(cell.workload, "usual") for cell in plan.cells},
    )


def compared(before: Campaign, after: Campaign, code: Mapping[str, str] | None = None) -> Changes:
    """Two campaigns; `code` is what measures a workload in the one after."""
    batches = [in_batches(in_order(trials_of(one))) for one in (before, after)]
    again = in_both(*batches)
    states = [
        state_of(plan_of(one), of_one, again)
        for one, of_one in zip((before, after), batches, strict=True)
    ]
    return changes(*states, measured=Measured(before=made_of(before), after=made_of(after, code)))


def slowed(workload: str, ratio: float) -> Callable[[Cell], float]:
    """Serial work of this workload takes so many times as long."""
    return lambda cell: plausible_truth(cell) * (ratio if cell.workload == workload else 1)


# --- what is compared


def test_a_workload_that_takes_twice_as_long_is_slower_and_no_other() -> None:
    cells = grid(["json", "fib"], ["serial", "threads"], arms=["3.13"], blocks=8)
    found = compared(make_campaign(cells), make_campaign(cells, truth=slowed("json", 2), seed=2))
    readings = {row.cell: row.reading for row in found.rows}
    assert all(
        (reading is ComparisonResult.SLOWER) == cell.startswith("json")
        for cell, reading in readings.items()
    )
    (row,) = (row for row in found.rows if row.cell == "json/serial/1/3.13/warm")
    assert row.ratio == pytest.approx(2, rel=0.03)
    assert row.intervals.ci_low_ratio is not None
    assert row.intervals.ci_low_ratio < row.ratio
    assert row.q_value is not None
    assert row.p_value is not None
    assert row.p_value <= row.q_value < 0.01
    assert found.left_out == {}


def test_a_batch_of_another_size_is_compared_by_its_work() -> None:
    """The function takes twice as long, so it is calibrated to half as much a task."""
    cells = [
        *grid(["json"], ["serial"], arms=["3.13"], blocks=8),
        *grid(["json"], ["threads"], arms=["3.13"], timing="cold", blocks=8),
    ]
    after = make_campaign(cells, seed=2)
    for record in after.records.values():
        record["work"]["size"] = 500
    found = compared(make_campaign(cells), after)
    (row,) = found.rows
    assert row.work_ratio == 0.5
    assert row.ratio == pytest.approx(2, rel=0.03)
    assert row.reading is ComparisonResult.SLOWER
    # The work does not include startup.
    assert found.left_out == {OTHER_BATCH: 1}


def test_builds_are_the_same_by_their_role() -> None:
    def campaign(*arms: str, seed: int = 1) -> Campaign:
        return make_campaign(grid(["json"], ["serial"], arms=arms, blocks=6), seed=seed)

    found = compared(campaign("3.13", "3.13t"), campaign("3.14", "3.14t", seed=2))
    assert [(row.before_cell, row.cell) for row in found.rows] == [
        ("json/serial/1/3.13/warm", "json/serial/1/3.14/warm"),
        ("json/serial/1/3.13t/warm", "json/serial/1/3.14t/warm"),
    ]
    # Where several have one role, by name.
    found = compared(campaign("3.13", "3.14"), campaign("3.13", "3.14", seed=2))
    assert [row.before_cell for row in found.rows] == [
        *("json/serial/1/3.13/warm", "json/serial/1/3.14/warm")
    ]


def test_what_is_not_in_both_is_counted() -> None:
    common, old, new = (make_cell(one, "serial", 1, "3.13") for one in ("json", "fib", "regex"))
    failed = make_cell("sleep", "serial", 1, "3.13", blocks=1)
    failures = {(failed.id, 1): "crashed"}
    after = make_campaign([common, new, failed], failures=failures, seed=2)
    found = compared(make_campaign([common, old, failed]), after)
    assert [row.cell for row in found.rows] == [common.id]
    assert found.left_out == {ONLY_BEFORE: 1, ONLY_AFTER: 1, WITHOUT_TRIALS: 1}


def test_trials_that_are_in_both_data_sets_are_no_second_measurement() -> None:
    cells = grid(["json", "fib"], ["serial"], arms=["3.13"], blocks=6)
    before, after = make_campaign(cells), make_campaign(cells)
    for record in after.records.values():
        if record["cell"]["workload"] == "json":
            record["trial_id"] = sha256(record["trial_id"])[:32]
            record["started_unix_ns"] += 10**15
    found = compared(before, after)
    assert [row.workload for row in found.rows] == ["json"]
    assert found.left_out == {NOT_AGAIN: 1}
    assert compared(before, before).left_out == {NOT_AGAIN: 2}


def test_fewer_than_six_blocks_are_inconclusive() -> None:
    cells = grid(["json"], ["serial"], arms=["3.13"], blocks=5)
    after = make_campaign(cells, truth=slowed("json", 9), seed=2)
    (row,) = compared(make_campaign(cells), after).rows
    assert row.reading is ComparisonResult.INCONCLUSIVE


def test_all_that_moved_together_is_said_to_have() -> None:
    names = ["json", "fib", "regex", "compress"]
    cells = grid(names, ["serial"], arms=["3.13"], blocks=8)
    before = make_campaign(cells)
    slower = make_campaign(cells, truth=lambda cell: 1.05 * plausible_truth(cell), seed=2)
    found = compared(before, slower, {"json": "edited"})
    assert found.spread_from == [OF_UNCHANGED]
    together = found.together
    assert together is not None
    assert (together.workloads, together.unchanged, together.moved) == (3, True, True)
    assert together.ratio == pytest.approx(1.05, rel=0.01)
    for identity in slower.identities.values():
        identity["version"] = "3.13.99"
    found = compared(before, slower)
    assert found.spread_from == []
    together = found.together
    assert together is not None
    assert (together.workloads, together.unchanged) == (4, False)
    still = compared(before, make_campaign(cells, seed=2)).together
    assert still is not None
    assert not still.moved


# --- between sessions


def test_without_evidence_the_variance_is_that_of_earlier_campaigns() -> None:
    found = of_ratio(SERIAL, shares=2.0, evidence=[None])
    assert math.sqrt(found.variance) == pytest.approx(PRIOR_SD[SERIAL])
    assert found.freedom == PRIOR_FREEDOM
    halved = of_ratio(SERIAL, shares=share_of({1: 1, 2: 2}) + share_of({1: 1, 2: 2}), evidence=[])
    assert halved.variance == pytest.approx(found.variance / 2)


def test_what_nobody_changed_says_how_far_sessions_are_apart() -> None:
    rng = np.random.default_rng(1)

    def moved(log_ratios: np.ndarray[Any, Any]) -> Beyond:
        still = [
            Moved(workload=str(one), kind=SERIAL, log_ratio=float(one), standard_error=0.01)
            for one in log_ratios
        ]
        found = by_unchanged(still, shares=2.0)
        assert found is not None
        return found

    apart = moved(0.1 * rng.standard_normal(400) + 0.01 * rng.standard_normal(400))
    assert math.sqrt(2 * apart.variance) == pytest.approx(0.1, rel=0.1)
    assert apart.freedom > 300
    together = moved(0.1 + 0.001 * rng.standard_normal(400))
    assert together.freedom == pytest.approx(1, rel=0.01)
    assert by_unchanged([], shares=2.0) is None


def test_a_state_of_several_sessions_says_it_too() -> None:
    cell = make_cell("json", "serial", 1, "3.13")
    sessions = {block: 1 + block // 7 for block in range(1, 13)}
    times = {cell.id: {block: math.exp(0.2 * sessions[block]) for block in sessions}}
    found = within_state(times, [cell], sessions)
    assert found is not None
    assert found.freedom == 1
    assert found.variance == pytest.approx(0.02)
    assert within_state(times, [cell], dict.fromkeys(sessions, 1)) is None
    after = make_campaign([cell], seed=2)
    for record in after.records.values():
        record["started_unix_ns"] += record["block"] // 4 * 10 * SESSION_GAP_NS
    found_in = compared(make_campaign([cell]), after, {"json": "edited"})
    assert found_in.spread_from == [OF_SESSIONS]


# --- how often it is right


@dataclass(frozen=True)
class Rates:
    """Of the first workload, whose code changed, and of any configuration in a data set."""

    holds: float
    different: float
    slower: float
    any_slower: float


@cache
def simulated(noise: str, others: int, ratio: float = 1.0, moves: float = 1.0) -> Rates:
    """A function that was edited beside so many workloads that were not, threads and serial.

    Sessions move times by `moves` times what earlier campaigns say; half of it moves all alike.
    """
    rng = np.random.default_rng(11)
    names = [f"work{number}" for number in range(1 + others)]
    plan = make_plan(grid(names, ["serial", "threads"], arms=["3.13"]))
    identities = {arm.name: make_identity(arm) for arm in plan.arms}

    def made(code: str) -> Made:
        return Made(
            plan=plan,
            interpreters=identities,  # type: ignore[arg-type]
            git_commit="",
            code={cell.id: code if cell.workload == names[0] else "usual" for cell in plan.cells},
        )

    def state(truth: float) -> State:
        shared = rng.standard_normal()
        times = {}
        for cell in plan.cells:
            sd = moves * PRIOR_SD[cell.model != "serial", Basis.QUIET] / math.sqrt(2)
            move = sd * math.sqrt(0.5) * (shared + rng.standard_normal())
            medians = FAMILIES[noise].trial_medians(rng, (BLOCKS,)) * math.exp(move)
            medians *= truth if cell.workload == names[0] else 1
            times[cell.id] = dict(enumerate(map(float, medians), start=1))
        return State(
            plan=plan,
            times=Times(times, times),
            work=dict.fromkeys(times, 1),
            sessions=dict.fromkeys(range(1, BLOCKS + 1), 1),
            floors_ns={},
            first_unix_ns=0,
        )

    measured = Measured(before=made("before"), after=made("after"))
    counts: Counter[str] = Counter()
    for _ in range(DATA_SETS):
        rows = changes(state(1.0), state(ratio), measured=measured).rows
        counts["any_slower"] += any(row.reading is ComparisonResult.SLOWER for row in rows)
        for row in rows:
            if row.workload == names[0]:
                low, high = row.intervals.ci_low_ratio, row.intervals.ci_high_ratio
                assert low is not None
                assert high is not None
                counts["holds"] += low <= ratio <= high
                counts["different"] += not low <= 1 <= high
                counts["slower"] += row.reading is ComparisonResult.SLOWER
    edited = 2 * DATA_SETS
    return Rates(
        holds=counts["holds"] / edited,
        different=counts["different"] / edited,
        slower=counts["slower"] / edited,
        any_slower=counts["any_slower"] / DATA_SETS,
    )


@pytest.mark.parametrize("others", [0, 3])
@pytest.mark.parametrize("noise", FAMILIES)
def test_where_nothing_changed_hardly_anything_is_called_different(noise: str, others: int) -> None:
    found = simulated(noise, others)
    assert found.holds >= 0.94
    assert found.different <= 0.06
    assert found.any_slower <= 0.02


def test_a_change_well_beyond_the_margin_is_found() -> None:
    found = simulated("skewed", 3, ratio=1.5)
    assert found.slower >= 0.97
    assert found.holds >= 0.94


def test_a_machine_that_moves_twice_as_far_hardly_ever_opens_the_gate() -> None:
    alone, among = (simulated("skewed", others, moves=2.0) for others in (0, 3))
    assert max(alone.any_slower, among.any_slower) <= 0.08
    # Those that nobody changed show it, and widen the interval of the one that changed.
    assert among.holds > alone.holds


# --- what differs


def test_states_that_were_measured_alike_do_not_differ() -> None:
    cells = grid(["json"], ["serial"], arms=["3.13"])
    one = made_of(make_campaign(cells))
    assert differences(Measured(before=one, after=one)) == []


def test_all_that_differs_is_named() -> None:
    cells = grid(["json", "own"], ["serial"], arms=["3.13", "3.13t"])
    before, after = make_campaign(cells), make_campaign(cells)
    for campaign in (before, after):
        for one in (campaign.plan["workloads"]["own"], *campaign.plan["cells"]):
            if one.get("workload", "own") == "own":
                one["function"] = "own.py:work"
    machine = after.plan["machine"]
    machine["fingerprint"] = {**machine["fingerprint"], "kernel": "Linux 7"}
    config = after.plan["config"]
    after.plan["config"] = {**config, "trial": {**config["trial"], "warmups": 9}, "seed": 5}
    one, other = (after.identities[name] for name in ("3.13", "3.13t"))
    one |= {"version": "3.13.99", "libraries": {**one["libraries"], "new": "1"}}
    other["executable_sha256"] = sha256("another")
    was, now = made_of(before), made_of(after, {"own": "edited code"})
    rows = differences(Measured(before=was, after=now))
    assert [(row.kind, row.what, row.before, row.after) for row in rows] == [
        ("code", "own.py:work", "usual", "edited c"),
        ("interpreter", "3.13: version", before.identities["3.13"]["version"], "3.13.99"),
        ("library", "3.13: new", None, "1"),
        (
            "interpreter",
            "3.13t: executable, by hash",
            before.identities["3.13t"]["executable_sha256"][:8],
            sha256("another")[:8],
        ),
        ("machine", "kernel", "6.1.0", "Linux 7"),
        ("config", "trial.warmups", None, "9"),
    ]
    instrument = replace(was, code=dict.fromkeys(was.code, "another"), git_commit="1" * 40)
    rows = differences(Measured(before=was, after=instrument))
    assert [row.kind for row in rows] == ["code", "instrument"]
    # A hash of the function alone tells its change from one of the instrument.
    known = {"own.py:work": "usual"}
    same = [replace(one, functions=known) for one in (was, instrument)]
    rows = differences(Measured(before=same[0], after=same[1]))
    assert [row.kind for row in rows] == ["instrument"]
    edited = replace(same[1], functions={"own.py:work": "edited"})
    rows = differences(Measured(before=same[0], after=edited))
    assert [(row.kind, row.after) for row in rows] == [("code", "edited"), ("instrument", "1" * 8)]
