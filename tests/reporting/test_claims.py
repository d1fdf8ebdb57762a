"""The claims on the page, against their table."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from threads_or_processes.records.tables.comparisons import ClaimRow
from threads_or_processes.records.vocabulary import (
    BLOCKS_FOR_VERDICTS,
    NOT_PLANNED,
    NOT_PLANNED_EARLIER,
    PUBLISHED_BAND,
    Expects,
    Finding,
    Verdict,
)
from threads_or_processes.reporting import words
from threads_or_processes.reporting.comparison_data import ComparedMachines
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Own, Paragraph, Section
from threads_or_processes.reporting.sections import claims, comparison
from threads_or_processes.reporting.sections.claims import Claim, Claims
from threads_or_processes.reporting.sections.machine_table import Agree, MachineTable

from tests import factories
from tests.reporting.sentences import arms, numbers, plain
from tests.reporting.worlds import World

Worlds = Callable[[str], World]
EVERY = "every experiment"


def section(evidence: Evidence) -> Section:
    (built,) = claims.build(evidence)
    return built


def shown(evidence: Evidence) -> Claims:
    (own,) = section(evidence).of(Own)
    assert isinstance(own.value, Claims)
    return own.value


def with_claims(evidence: Evidence, *rows: ClaimRow) -> Evidence:
    """The evidence with these rows alone as its claims."""
    return replace(evidence, tables=replace(evidence.tables, claims=rows))


def rows_of(evidence: Evidence, name: str) -> list[ClaimRow]:
    """The rows of one claim."""
    return [row for row in evidence.tables.claims if row.claim == name]


def one(evidence: Evidence, name: str, **changes: Any) -> Claim:
    """A claim as the page has it, its rows changed."""
    rows = [replace(row, **changes) for row in rows_of(evidence, name)]
    (group,) = shown(with_claims(evidence, *rows)).groups
    (claim,) = group.claims
    return claim


def lines(evidence: Evidence, name: str, **changes: Any) -> str:
    return " ".join(map(plain, one(evidence, name, **changes).lines))


@pytest.fixture
def every(world: Worlds) -> Evidence:
    return world(EVERY).evidence()


def test_every_claim_is_on_the_page_under_its_verdict(world: Worlds, every: Evidence) -> None:
    table = pd.read_csv(world(EVERY).results / "tables/claims.csv")
    verdicts = table.groupby(["file", "claim"], sort=False)["verdict"].first()
    value = shown(every)
    of_page = {
        claims.STATUSES[verdict][2]: int((verdicts == verdict).sum())
        for verdict in Verdict
        if (verdicts == verdict).any() and verdict is not Verdict.NOT_TESTED
    }
    said = {
        group.verdict.removeprefix("Provisionally ").capitalize(): len(group.claims)
        for group in value.groups
    }
    assert said == of_page
    assert all(numbers(group.title) == [str(len(group.claims))] for group in value.groups)
    assert len(verdicts) == len(factories.every_claim())
    assert set(verdicts) == set(Verdict) - {Verdict.INCONCLUSIVE}
    (summary,) = section(every).of(Paragraph)
    assert isinstance(summary.words, str)
    counts = [str(len(group.claims)) for group in value.groups]
    assert numbers(plain(summary.words)) == [str(len(verdicts)), *counts, str(len(value.untested))]


def test_only_refuted_claims_are_open_and_only_a_few(
    every: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = shown(every).groups
    (refuted,) = (group for group in groups if "efuted" in group.verdict)
    assert [group for group in groups if group.is_open] == [refuted]
    monkeypatch.setattr(claims, "MOST_OPEN", len(refuted.claims) - 1)
    assert not any(group.is_open for group in shown(every).groups)


def test_with_few_blocks_verdicts_are_provisional_and_the_section_says_so_once(
    every: Evidence,
) -> None:
    few = replace(every, campaign=replace(every.campaign, blocks=BLOCKS_FOR_VERDICTS - 1))
    enough = replace(every, campaign=replace(every.campaign, blocks=BLOCKS_FOR_VERDICTS))
    (caution,) = section(few).cautions
    assert numbers(plain(caution)) == ["7", "8", "8"]
    assert caution[1:] == words.more_blocks(few, " Add ")
    assert section(enough).cautions == ()
    provisional = [group.verdict for group in shown(few).groups if "Provision" in group.verdict]
    assert provisional == ["Provisionally supported", "Provisionally refuted"]
    assert not [group for group in shown(enough).groups if "Provision" in group.verdict]


def test_how_to_read_has_the_numbers_that_decide(every: Evidence) -> None:
    said = " ".join(map(plain, shown(every).how_to_read))
    assert {"95", "5", "90", str(PUBLISHED_BAND)} <= set(numbers(said))
    assert "all ratio claims tested in this run" in said


def test_the_numbers_of_a_claim_are_those_of_its_table(every: Evidence) -> None:
    (row,) = rows_of(every, "published")
    published = one(every, "published")
    assert row.ratio is not None
    assert f"{row.ratio:.1f}×" in published.figures or f"{row.ratio:.2f}×" in published.figures
    assert plain(published.figures) in plain(published.lines[0])
    assert arms(published.lines[0]) == ["3.13t", "3.13"]
    assert "published: 1.5 to 1.95×" in lines(every, "published").lower()
    assert published.lines[-1] == "Source: a book."
    assert "They wait for one lock." in lines(every, "refuted")
    (memory,) = rows_of(every, "memory")
    assert memory.cell_value is not None
    assert f"{memory.cell_value / 1024**2:.1f} MiB" in lines(every, "memory")
    assert "memory" in lines(every, "memory")
    assert "first result" in lines(every, "first-result")
    assert "The sleep workload" in lines(every, "across")


def test_where_costs_are_fixed_the_difference_is_given(every: Evidence) -> None:
    (row,) = rows_of(every, "first-result")
    assert row.cell_value is not None
    assert row.baseline_value is not None
    milliseconds = (row.baseline_value - row.cell_value) / 10**6
    assert f"a difference of {milliseconds:.0f} ms" in lines(every, "first-result")
    assert "difference of" not in lines(every, "published")


def test_lost_updates_are_counted_and_none_has_a_bound(every: Evidence) -> None:
    (lost,), (kept,) = rows_of(every, "lost"), rows_of(every, "kept")
    assert lost.blocks is not None
    assert lost.losing_trials == lost.blocks
    assert f"all {lost.blocks} trials lost updates" in lines(every, "lost")
    some = lines(every, "lost", losing_trials=lost.blocks - 1)
    assert f"{lost.blocks - 1} of {lost.blocks} trials lost updates" in some
    assert "% of updates lost" in plain(one(every, "lost").figures)
    assert kept.updates is not None
    bound = one(every, "kept", lost_high_ratio=4.2e-8)
    assert plain(bound.figures) == "at most 1 in 23\u202f000\u202f000 of updates"
    assert "1 in 1\u202f000\u202f000" in lines(every, "kept", claimed_lost_ratio=1e-6)
    (group,) = shown(with_claims(every, kept)).groups
    assert group.verdict == "No loss seen"


def test_the_gil_of_workers_is_told_without_a_ratio(every: Evidence) -> None:
    claim = one(every, "gil")
    assert claim.figures == "each worker has a GIL"
    assert "had a GIL" in lines(every, "gil")


def test_what_is_not_comparable_has_its_reason_and_its_ratio(every: Evidence) -> None:
    claim = one(every, "not-comparable")
    assert "other work" in lines(every, "not-comparable")
    assert "×" in claim.figures


def test_a_claim_of_several_cases_says_for_which_it_holds(every: Evidence) -> None:
    claim = one(every, "some-cases")
    fails, holds = claim.figures.split(". Holds for ")
    assert arms(holds) == ["3.13t", "3.13"]
    assert arms(fails) == ["3.13", "3.13"]
    supported, refuted = (line.partition(":")[0] for line in claim.lines[:2])
    assert (supported, refuted) == ("Supported", "Refuted")


def test_cases_of_different_work_are_told_apart_by_their_work(every: Evidence) -> None:
    first, second = rows_of(every, "some-cases")
    other = replace(second, cell="json/threads/2/3.13/warm", baseline_cell=second.cell)
    (group,) = shown(with_claims(every, first, other)).groups
    titles = [every.campaign.title(work) for work in ("mandelbrot", "json")]
    assert group.claims[0].figures == f"fails for “{titles[1]}”. Holds for “{titles[0]}”"


def test_cases_that_agree_have_the_range_of_their_ratios(every: Evidence) -> None:
    changes = {"verdict": Verdict.SUPPORTED, "case_verdict": Verdict.SUPPORTED, "finding": None}
    claim = one(every, "some-cases", **changes)
    low, high = sorted(row.ratio or 0 for row in rows_of(every, "some-cases"))
    found = [float(number) for number in numbers(claim.figures)]
    assert found == [pytest.approx(low, abs=0.05), pytest.approx(high, abs=0.05)]


def test_a_case_that_was_not_tested_is_named_with_its_reason(every: Evidence) -> None:
    first, second = rows_of(every, "some-cases")
    missing = replace(second, case_verdict=Verdict.NOT_TESTED, reason="never planned")
    (group,) = shown(with_claims(every, first, missing)).groups
    (claim,) = group.claims
    described = every.campaign.described
    assert f"Not tested: {described(second.cell)} (never planned)." in claim.lines
    assert claim.figures.endswith("(1 of 2\u00a0cases tested)")


def test_why_cases_of_an_open_claim_are_inconclusive_is_said_in_its_line(every: Evidence) -> None:
    first, second = (
        replace(row, verdict=Verdict.INCONCLUSIVE, finding=None, case_finding=None)
        for row in rows_of(every, "some-cases")
    )
    why: dict[str, Any] = {
        "case_verdict": Verdict.INCONCLUSIVE,
        "reason": "the interval contains 1.5",
    }
    brief = plain(claims.in_brief([first, replace(second, **why)], every.campaign))
    assert second.estimate is not None
    case = plain(every.campaign.described(second.cell))
    figures = plain(words.figures(second.estimate))
    assert brief == (
        f"holds in 1 of 2 cases. Inconclusive for {case} against serial (3.13) ({figures}): "
        "the interval contains 1.5"
    )
    both = [replace(row, **why) for row in (first, second)]
    assert plain(claims.in_brief(both, every.campaign)).count("the interval contains 1.5") == 1


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.NOT_COMPARABLE])
def test_why_the_only_case_that_was_tested_has_no_verdict_is_said_in_its_line(
    every: Evidence, verdict: Verdict
) -> None:
    first, second = (replace(row, verdict=verdict) for row in rows_of(every, "some-cases"))
    missing = replace(second, case_verdict=Verdict.NOT_TESTED, reason="never planned")
    tested = replace(first, case_verdict=verdict, reason="conclusive alone")
    assert tested.estimate is not None
    figures = plain(words.figures(tested.estimate))
    brief = plain(claims.in_brief([tested, missing], every.campaign))
    assert brief == f"{figures} (1 of 2 cases tested): conclusive alone"
    assert plain(claims.in_brief([tested], every.campaign)) == f"{figures}: conclusive alone"


@pytest.mark.parametrize("opening", [NOT_PLANNED, NOT_PLANNED_EARLIER])
def test_a_case_that_was_not_planned_is_described_in_plain_words(
    every: Evidence, opening: str
) -> None:
    first, second = rows_of(every, "some-cases")
    reason = f"{opening}chess/threads/2/3.13/warm"
    missing = replace(second, case_verdict=Verdict.NOT_TESTED, reason=reason)
    (group,) = shown(with_claims(every, first, missing)).groups
    said = "Not tested: chess: threads (2 workers, 3.13), which this sweep does not measure."
    assert said in [plain(line) for line in group.claims[0].lines]


def test_a_configuration_is_described_planned_or_not(every: Evidence) -> None:
    described = every.campaign.described
    assert plain(described("json/serial/1/3.13/warm")) == "The json workload: serial (3.13)"
    assert plain(described("chess/go/1/3.13/warm")) == "chess: go (1 worker, 3.13)"
    assert described("json/threads/cpus/3.13/warm") == "json/threads/cpus/3.13/warm"


def test_the_limits_of_a_claim_are_those_that_decide(every: Evidence) -> None:
    assert "Agrees: 1.3 to 2.24×".lower() in lines(every, "published").lower()
    assert "agrees" not in lines(every, "not-comparable")
    assert "Holds above 1.5×." in lines(every, "refuted")
    assert "Holds below 1.05×." in lines(every, "supported")
    published = {"published_low_ratio": 1.0, "published_high_ratio": 1.2}
    assert "Holds above 1.5×; published: 1 to 1.2×." in lines(every, "refuted", **published)
    equal = {"expects": Expects.EQUAL, "claimed_ratio": None}
    assert "Holds within 5 %." in lines(every, "refuted", **equal)


def test_how_many_blocks_would_be_enough_is_said_only_from_a_power_calculation(
    every: Evidence,
) -> None:
    open_claim = {
        "verdict": Verdict.INCONCLUSIVE,
        "case_verdict": Verdict.INCONCLUSIVE,
        "finding": None,
        "case_finding": None,
    }
    assert "About 12 blocks" in lines(every, "refuted", **open_claim, blocks_needed=12)
    assert "more than 200 blocks" in lines(every, "refuted", **open_claim, blocks_needed=None)
    without = lines(every, "refuted", **open_claim, p_value=None, reason="1 block; too few")
    assert "1 block; too few" in without
    assert "enough" not in without


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (Finding.EQUAL, "no difference"),
        (Finding.OPPOSITE, "opposite"),
        (Finding.SMALLER, "ratio is below 1.5×"),
        (Finding.AS_MUCH, "above 1.5×"),
        (Finding.DIFFERENT, "is a difference"),
        (Finding.ABOVE_RANGE, "above the published range"),
        (Finding.BELOW_RANGE, "below the published range"),
    ],
)
def test_what_was_found_instead_is_said_before_the_numbers(
    every: Evidence, finding: Finding, said: str
) -> None:
    found, measured, *_ = one(every, "refuted", finding=finding, claimed_ratio=1.5).lines
    assert said in plain(found)
    assert arms(measured) == ["3.13", "3.13"]
    assert "threads" in measured.partition(" against ")[0]
    assert "serial" in measured.partition(" against ")[2]


def test_no_two_findings_read_alike(every: Evidence) -> None:
    said = [one(every, "refuted", finding=finding).lines[0] for finding in Finding]
    assert len(set(said)) == len(said)


def test_only_claims_that_come_with_the_project_are_said_to_be_older_than_the_data(
    every: Evidence,
) -> None:
    def opening(*rows: ClaimRow) -> str:
        (found,) = section(with_claims(every, *rows)).of(Paragraph)
        assert isinstance(found.words, str)
        return plain(found.words)

    (built_in,) = rows_of(every, "refuted")
    own = replace(built_in, claim="own", file="claims.yaml")
    built_in = replace(built_in, file="notebook")
    assert opening(built_in) == "1 claim, stated before anything was measured: 1 refuted."
    for rows in ([own], [built_in, own]):
        assert "stated before" not in opening(*rows)
        assert opening(*rows).endswith("Those of claims.yaml may be newer than the data.")


def test_claims_that_were_not_tested_are_counted_by_their_reason(every: Evidence) -> None:
    value = shown(every)
    assert numbers(plain(value.untested_summary)) == ["1", "1"]
    assert "not planned here (1)" in value.untested_summary
    assert len(value.untested) == 1
    (untested,) = rows_of(every, "untested")
    planned = [
        replace(untested, claim=name, reason=f"{NOT_PLANNED}{name}/threads/2/3.13/warm")
        for name in ("a", "b")
    ]
    summary = plain(shown(with_claims(every, untested, *planned)).untested_summary)
    assert numbers(summary) == ["3", "2", "1"]
    assert "threads" not in summary


def test_machines_agree_on_a_claim_where_each_has_the_same_verdict(every: Evidence) -> None:
    """Two machines that differ in one claim and are open on another."""
    changes: dict[str, Verdict] = {
        "refuted": Verdict.SUPPORTED,
        "supported": Verdict.INCONCLUSIVE,
        "published": Verdict.NOT_TESTED,
    }
    other = replace(
        with_claims(
            every,
            *(
                replace(row, verdict=changes.get(row.claim, row.verdict))
                for row in every.tables.claims
            ),
        ),
        report_id="another",
    )
    machines = {"one": every, "other": other}
    page = comparison.build(ComparedMachines(machines=machines, left_out=()))
    (found,) = (one for one in page.sections if one.anchor == "claims")
    (own,) = found.of(Own)
    assert isinstance(own.value, MachineTable)
    compared = [cases[0].claim for cases in claims.cases_of_claims(every.tables.claims)]
    shown_claims = [name for name in compared if name not in {"untested", "not-comparable"}]
    by_claim = dict(zip(shown_claims, own.value.rows, strict=True))
    assert {name: by_claim[name].agreement.word for name in changes} == {
        "refuted": Agree.DIFFER,
        "supported": Agree.OPEN,
        "published": Agree.ALONE,
    }
    assert by_claim["gil"].agreement.word is Agree.AGREE
    untested = by_claim["published"].cells[1].figure
    assert (untested.shown, untested.details) == ("–", ("Not tested",))
    brief = claims.in_brief(rows_of(every, "some-cases"), every.campaign)
    assert by_claim["some-cases"].cells[0].figure.details[-1] == brief


def test_without_claims_there_is_no_section(world: Worlds, page: Callable[[str], str]) -> None:
    assert not list(claims.build(world("default").evidence()))
    assert 'id="claims"' not in page("default")
    assert 'href="#claims"' in page(EVERY)
