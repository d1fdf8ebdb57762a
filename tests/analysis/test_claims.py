"""The table of claims, from campaigns whose truth is known."""

from typing import Any

import pytest
from threads_or_processes.analysis.claims import losing_bound
from threads_or_processes.records.plan import Claim

from tests.analysis.shortcuts import rows_of, tables_of
from tests.factories import (
    MS,
    SILENCE,
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
    assert row["reason"] == "no ok trials of the two cells to compare"


def test_too_few_blocks_are_inconclusive_and_say_how_many_it_takes() -> None:
    cells = grid(["json"], ["serial", "threads"], blocks=5)
    row = verdicts(make_claim(FREE, SERIAL), cells=cells)[0]
    assert (row["verdict"], row["blocks_needed"]) == ("inconclusive", 6)
    assert row["reason"] == "5 blocks; a verdict needs 6"
    assert row["ratio"] == pytest.approx(2, rel=0.01)


def test_noise_leaves_a_claim_open_with_the_blocks_it_would_take() -> None:
    row = verdicts(make_claim(FREE, SERIAL, by=1.9), noise=Noise(0.2, 0.01))[0]
    assert row["verdict"] == "inconclusive"
    assert row["reason"] == "the interval holds 1.9, the least ratio that would count"
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


def test_twins_that_differ_by_more_downgrade_a_verdict() -> None:
    """A/A pairs 30 % apart: then twice as fast by a margin of 1.6 is no verdict any more."""
    twins = grid(["json"], ["threads"], arms=("3.13",), replicates=2, blocks=10)
    cells = [*grid(["json"], ["serial", "threads"], blocks=10), twins[-1]]
    claim = make_claim(FREE, SERIAL, by=1.6)

    def truth(apart: float) -> Any:
        return lambda cell: (
            (10.0 if cell.id == FREE else 20.0) * MS * (apart if cell.replicate > 1 else 1.0)
        )

    near, far = (
        verdicts(claim, cells=cells, truth=truth(apart), noise=SILENCE)[0] for apart in (1.0, 1.3)
    )
    assert (near["verdict"], far["verdict"]) == ("supported", "inconclusive")
    assert far["reason"] == "within what two measurements of the same cell differ by"
    assert far["noise_floor_ratio"] > 1.3


def test_published_figures_agree_or_do_not() -> None:
    rows = verdicts(
        make_claim(FREE, SERIAL, id="same", published=[1.8, 1.95]),
        make_claim(FREE, SERIAL, id="above", published=[2.5, 3.0]),
        make_claim(FREE, SERIAL, id="below", published=[1.0, 1.2]),
        make_claim(FREE, SERIAL, id="none"),
    )
    assert [row["agreement"] for row in rows] == ["agrees", "less", "more", None]


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


def test_one_lost_update_shows_that_updates_are_lost() -> None:
    cells = grid(["counter_unlocked"], ["threads"], arms=("3.13", "3.13t"), blocks=10)
    places = [f"counter_unlocked/threads/2/{arm}/warm" for arm in ("3.13", "3.13t")]
    rows = rows_of(
        tables_of(
            make_campaign(
                cells,
                claims=[
                    make_claim(place, id=f"{number}-{expects.replace('_', '-')}", expects=expects)
                    for number, place in enumerate(places)
                    for expects in ("keeps_updates", "loses_updates")
                ],
            )
        )["claims"]
    )
    assert [row["verdict"] for row in rows] == ["supported", "refuted", "refuted", "supported"]
    assert (rows[0]["losing_trials"], rows[0]["losing_high_ratio"]) == (
        0,
        pytest.approx(0.2589, abs=1e-4),
    )
    assert rows[3]["losing_trials"] > 0
    assert rows[3]["lost_ratio"] > 0


def test_the_greatest_plausible_share_by_hand() -> None:
    # Ten trials without a loss: (1 - share)^10 is 5 % at 25.89 %.
    assert (1 - losing_bound(0, 10, 0.95)) ** 10 == pytest.approx(0.05)
    assert losing_bound(10, 10, 0.95) == 1.0
