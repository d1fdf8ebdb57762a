"""The table of claims, from campaigns whose truth is known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.analysis.claims import lost_bound
from threads_or_processes.analysis.tables import all_tables
from threads_or_processes.records.plan import Claim

from tests.analysis.shortcuts import plan_of, rows_of, tables_of, trials_of
from tests.factories import (
    MS,
    Noise,
    grid,
    make_campaign,
    make_claim,
)

SERIAL, THREADS = "json/serial/1/3.13/warm", "json/threads/2/3.13/warm"
FREE = "json/threads/2/3.13t/warm"
LITTLE = Noise(0.003, 0.003)


def verdicts(*claims: Claim, **options: Any) -> list[dict[str, Any]]:
    """The rows of the claims about a campaign in which threads are twice as fast on 3.13t only."""
    cells = options.pop("cells", grid(["json"], ["serial", "threads"], blocks=10))
    options.setdefault(
        "truth", lambda cell: (10.0 if cell.id == FREE else 20.0) * MS * cell.replicate
    )
    options.setdefault("noise", LITTLE)
    return rows_of(tables_of(make_campaign(cells, claims=claims, **options))["claims"])


def test_claims_keep_their_order_their_words_and_meet_their_verdicts() -> None:
    rows = verdicts(
        make_claim(THREADS, SERIAL, id="b", sentence="Threads help.", answer="They do not."),
        make_claim(FREE, "json/serial/1/3.13t/warm", id="a"),
        make_claim(THREADS, SERIAL, id="c", expects="not_less"),
        make_claim(THREADS, SERIAL, id="d", expects="equal"),
        make_claim(FREE, THREADS, id="e", expects="equal"),
        make_claim(FREE, THREADS, id="f", by=2.5),
    )
    assert [(row["claim"], row["verdict"], row["finding"]) for row in rows] == [
        ("b", "refuted", "equal_in_practice"),
        ("a", "supported", None),
        ("c", "supported", None),
        ("d", "supported", None),
        ("e", "refuted", "different"),
        ("f", "refuted", "smaller_than_claimed"),
    ]
    assert (rows[0]["sentence"], rows[0]["answer"]) == ("Threads help.", "They do not.")
    assert rows[1]["ratio"] == pytest.approx(2, rel=0.01)
    assert rows[1]["baseline_value"] == pytest.approx(20 * MS, rel=0.02)
    assert rows[1]["ci_low_ratio"] < rows[1]["ratio"] < rows[1]["ci_high_ratio"]
    assert rows[1]["blocks"] == 10
    assert rows[1]["claimed_ratio"] == 1.05
    assert rows[3]["claimed_ratio"] is None
    assert all(row["adjusted_p_value"] >= row["p_value"] for row in rows)
    assert rows[1]["exact_p_value"] == pytest.approx(2 / 2**10)
    assert rows[3]["exact_p_value"] is None


def test_a_claim_that_was_not_tested_is_there_with_its_reason() -> None:
    row = verdicts(make_claim("x/y/1/3.13/warm", SERIAL, untested="the config plans no cell"))[0]
    assert (row["verdict"], row["reason"]) == ("not_tested", "the config plans no cell")
    assert row["ratio"] is None


def test_a_claim_whose_cell_never_succeeded_was_not_tested() -> None:
    failures = {(THREADS, block): "crashed" for block in range(1, 11)}
    row = verdicts(make_claim(THREADS, SERIAL), failures=failures)[0]
    assert row["verdict"] == "not_tested"
    assert row["reason"] == "no ok trials of the two configurations"


def test_too_few_blocks_are_inconclusive_without_an_estimate_of_how_many_it_takes() -> None:
    cells = grid(["json"], ["serial", "threads"], blocks=5)
    row = verdicts(make_claim(FREE, SERIAL), cells=cells)[0]
    assert (row["verdict"], row["blocks_needed"]) == ("inconclusive", None)
    assert row["reason"] == "5 blocks; a verdict needs 6"
    assert row["ratio"] == pytest.approx(2, rel=0.01)


def test_noise_leaves_a_claim_open_with_the_blocks_it_would_take() -> None:
    row = verdicts(make_claim(FREE, SERIAL, by=1.9), noise=Noise(0.2, 0.01))[0]
    assert row["verdict"] == "inconclusive"
    assert row["reason"] == "the interval contains 1.9, the limit that was stated"
    assert row["blocks_needed"] is None or row["blocks_needed"] > 10


def test_many_claims_make_each_harder_to_support() -> None:
    """One claim that is sure alone is not among many that are not."""
    noise = Noise(0.1, 0.01)
    alone = make_claim(FREE, SERIAL, id="it", by=1.7)
    found = []
    for others in range(0, 200, 20):
        claims = [
            make_claim(THREADS, SERIAL, id=f"other-{n}", by=1.0, expects="less")
            for n in range(others)
        ]
        row = verdicts(alone, *claims, noise=noise)[0]
        found.append((row["p_value"], row["adjusted_p_value"], row["verdict"]))
    assert len({p for p, _, _ in found}) == 1
    assert [adjusted for _, adjusted, _ in found] == sorted(adjusted for _, adjusted, _ in found)
    assert found[0][2] == "supported"
    assert found[-1][2] == "inconclusive"


def test_published_figures_agree_differ_or_the_interval_is_too_wide() -> None:
    claims = [
        make_claim(FREE, SERIAL, id=name, expects="as_published", published=published)
        for name, published in (
            ("same", [1.8, 1.95]),
            ("above", [2.5, 3.0]),
            ("below", [1.0, 1.2]),
            ("at-the-end", [2.3, 2.5]),
        )
    ]
    rows = verdicts(*claims)
    assert [(row["verdict"], row["finding"]) for row in rows] == [
        ("supported", None),
        ("refuted", "below_range"),
        ("refuted", "above_range"),
        ("inconclusive", None),
    ]
    assert rows[3]["reason"].startswith("the interval lies partly")
    assert (rows[0]["published_low_ratio"], rows[0]["claimed_ratio"]) == (1.8, None)
    noisy = verdicts(claims[0], noise=Noise(0.6, 0.01))[0]
    assert noisy["verdict"] == "inconclusive"


def test_what_can_t_be_compared_has_its_ratio_and_no_verdict() -> None:
    rows = verdicts(
        make_claim(
            *(FREE, SERIAL),
            id="other-work",
            expects="as_published",
            published=[1.8, 2.2],
            not_comparable="other work",
        ),
        make_claim(FREE, SERIAL, id="tested"),
    )
    assert (rows[0]["verdict"], rows[0]["reason"]) == ("not_comparable", "other work")
    assert rows[0]["ratio"] == pytest.approx(2, rel=0.01)
    assert rows[0]["p_value"] is None
    assert rows[1]["adjusted_p_value"] == rows[1]["p_value"]  # the only one that was tested


def test_published_ratios_of_builds_need_optimised_builds() -> None:
    published: dict[str, Any] = {"expects": "as_published", "published": [1.8, 2.2]}
    campaign = make_campaign(
        grid(["json"], ["serial", "threads"], blocks=10),
        claims=[
            make_claim(FREE, SERIAL, id="builds", **published),
            make_claim(FREE, "json/serial/1/3.13t/warm", id="same-build", **published),
            make_claim(FREE, SERIAL, id="not-published"),
        ],
        truth=lambda cell: (10.0 if cell.id == FREE else 20.0) * MS,
        noise=LITTLE,
    )
    plan, trials = plan_of(campaign), trials_of(campaign)
    found = {
        plain: rows_of(all_tables(plan, trials, plain_arms=plain)["claims"])
        for plain in ((), ("3.13t",), ("3.13", "3.13t"))
    }
    assert [row["verdict"] for row in found[()]] == ["supported"] * 3
    assert [row["verdict"] for row in found["3.13t",]] == [
        *("not_comparable", "supported", "supported")
    ]
    assert found["3.13t",][0]["reason"] == (
        "published for optimised builds; 3.13t is a plain build here"
    )
    assert "3.13 and 3.13t are plain" in found["3.13", "3.13t"][0]["reason"]


def test_a_claim_has_a_row_for_each_case_and_one_verdict() -> None:
    own = "json/serial/1/3.13t/warm"
    rows = verdicts(
        make_claim(FREE, SERIAL, (FREE, own), id="all"),
        make_claim(FREE, SERIAL, (THREADS, SERIAL), id="not-all"),
        make_claim(FREE, SERIAL, ("json/joblib/2/3.13/warm", SERIAL), id="none-ok"),
        make_claim(THREADS, SERIAL, id="after"),
        cells=[
            *grid(["json"], ["serial", "threads"], blocks=10),
            *grid(["json"], ["joblib"], arms=("3.13",), blocks=10),
        ],
        failures={("json/joblib/2/3.13/warm", block): "crashed" for block in range(1, 11)},
    )
    assert [
        (row["claim"], row["verdict"], row["finding"], row["case_verdict"], row["case_finding"])
        for row in rows
    ] == [
        ("all", "supported", None, "supported", None),
        ("all", "supported", None, "supported", None),
        ("not-all", "refuted", "not_all", "supported", None),
        ("not-all", "refuted", "not_all", "refuted", "equal_in_practice"),
        ("none-ok", "supported", None, "supported", None),
        ("none-ok", "supported", None, "not_tested", None),
        ("after", "refuted", "equal_in_practice", "refuted", "equal_in_practice"),
    ]
    assert [row["cell"] for row in rows[2:4]] == [FREE, THREADS]


def test_each_case_counts_where_verdicts_are_adjusted() -> None:
    alone = verdicts(make_claim(FREE, SERIAL), noise=Noise(0.1, 0.01))[0]
    assert alone["adjusted_p_value"] == alone["p_value"]
    cases = verdicts(make_claim(FREE, SERIAL, (FREE, THREADS)), noise=Noise(0.1, 0.01))
    surer = min(cases, key=lambda row: row["p_value"])
    assert surer["adjusted_p_value"] == pytest.approx(2 * surer["p_value"], abs=0)


@pytest.mark.parametrize(
    ("arm", "verdict", "finding"), [("3.13", "refuted", "has_gil"), ("3.13t", "supported", None)]
)
def test_the_gil_of_the_workers_is_that_of_their_arm(
    arm: str, verdict: str, finding: str | None
) -> None:
    cell = f"json/threads/2/{arm}/warm"
    row = verdicts(make_claim(cell, expects="gil_off"))[0]
    assert (row["verdict"], row["finding"], row["measure"]) == (verdict, finding, "gil")
    assert (row["blocks"], row["ratio"]) == (10, None)


def test_the_gil_of_a_cell_without_ok_trials_is_not_tested() -> None:
    failures = {(THREADS, block): "wrong_gil" for block in range(1, 11)}
    row = verdicts(make_claim(THREADS, expects="gil_off"), failures=failures)[0]
    assert (row["verdict"], row["reason"]) == ("not_tested", "no ok trial of the cell")


def test_memory_and_first_results_are_compared_like_times() -> None:
    pair = ("threads", "processes-fork")
    cells = [
        *grid(["empty"], pair, timing="cold", arms=("3.13",), blocks=10),
        *grid(["empty"], pair, timing="memory", arms=("3.13",), blocks=10),
    ]
    rows = rows_of(
        tables_of(
            make_campaign(
                cells,
                claims=[
                    make_claim(
                        f"empty/threads/2/3.13/{timing}",
                        f"empty/processes-fork/2/3.13/{timing}",
                        id=measure.replace("_", "-"),
                        measure=measure,
                    )
                    for measure, timing in (
                        ("memory", "memory"),
                        ("first_result", "cold"),
                        ("teardown", "cold"),
                        ("time", "cold"),
                    )
                ],
            )
        )["claims"]
    )
    assert [row["verdict"] for row in rows] == ["supported"] * 4
    assert rows[0]["cell_value"] > 1024 * 1024
    assert len({row["ratio"] for row in rows}) == 4


def test_one_lost_update_shows_that_updates_are_lost_and_none_shows_little() -> None:
    cells = grid(["counter_unlocked"], ["threads"], arms=("3.13", "3.13t"), blocks=10)
    kept, lost = (f"counter_unlocked/threads/2/{arm}/warm" for arm in ("3.13", "3.13t"))
    rows = rows_of(
        tables_of(
            make_campaign(
                cells,
                claims=[
                    make_claim(kept, id="kept", expects="keeps_updates"),
                    make_claim(kept, id="few", expects="keeps_updates", at_most=0.1),
                    make_claim(kept, id="fewer", expects="keeps_updates", at_most=1e-12),
                    make_claim(kept, id="loses", expects="loses_updates"),
                    make_claim(lost, id="not-kept", expects="keeps_updates"),
                    make_claim(lost, id="lost", expects="loses_updates"),
                ],
            )
        )["claims"]
    )
    assert [(row["verdict"], row["finding"]) for row in rows] == [
        ("none_seen", None),
        ("supported", None),
        ("inconclusive", None),
        ("none_seen", None),
        ("refuted", "lost"),
        ("supported", None),
    ]
    assert rows[0]["losing_trials"] == 0
    assert rows[0]["lost_high_ratio"] == pytest.approx(3 / rows[0]["updates"], rel=0.1)
    assert rows[1]["claimed_lost_ratio"] == 0.1
    assert "at most 1e-12" in rows[2]["reason"]
    assert rows[5]["losing_trials"] > 0
    assert 0 < rows[5]["lost_ratio"] < rows[5]["lost_high_ratio"] * 2


def test_the_largest_plausible_share_by_hand() -> None:
    # A thousand updates without a loss: (1 - share)^1000 is 5 % at about 3 / 1000.
    bound = lost_bound(0, 1000, 0.95)
    assert (1 - bound) ** 1000 == pytest.approx(0.05)
    assert bound == pytest.approx(3 / 1000, rel=0.01)
    assert lost_bound(10, 10, 0.95) == 1.0


@given(st.integers(0, 50), st.integers(1, 10**8))
def test_the_bound_is_above_the_share_and_falls_with_more_updates(lost: int, kept: int) -> None:
    updates = lost + kept
    bound = lost_bound(lost, updates, 0.95)
    assert lost / updates < bound <= 1
    assert lost_bound(lost, 2 * updates, 0.95) < bound
    assert bound < lost_bound(lost + 1, updates, 0.95)
