"""The claims on the page, against their table."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from threads_or_processes.records.vocabulary import PUBLISHED_BAND, Finding, Verdict
from threads_or_processes.reporting.page import Heading, Own, Paragraph, Section
from threads_or_processes.reporting.sections import claims
from threads_or_processes.reporting.sections.claims import Claim, Claims

from tests import factories
from tests.reporting.sentences import arms, numbers, plain
from tests.reporting.worlds import World

Worlds = Callable[[str], World]
EVERY = "every experiment"


def section(world: World) -> Section:
    (built,) = claims.build(world.evidence())
    return built


def groups(world: World) -> list[Claims]:
    """The claims of each file."""
    found = [own.value for own in section(world).of(Own)]
    return [group for group in found if isinstance(group, Claims)]


def by_id(world: World) -> dict[str, Claim]:
    """Each claim on the page by its id: the page keeps the order of the table, file by file."""
    table = pd.read_csv(world.results / "tables/claims.csv")
    shown = [c for group in groups(world) for c in (*group.tested, *group.untested)]
    files = dict.fromkeys(table["file"])
    ordered = [
        row.claim
        for file in files
        for untested in (False, True)
        for row in table[table["file"] == file].itertuples()
        if (row.verdict == "not_tested") == untested
    ]
    return dict(zip(ordered, shown, strict=True))


def claims_csv(world: World) -> dict[str, Any]:
    """The rows of the table by id."""
    table = pd.read_csv(world.results / "tables/claims.csv").set_index("claim")
    return {str(claim): row for claim, row in table.to_dict("index").items()}


def test_every_claim_is_on_the_page_with_its_verdict(world: Worlds) -> None:
    table = claims_csv(world(EVERY))
    shown = by_id(world(EVERY))
    assert len(shown) == len(factories.every_claim())
    for name, claim in shown.items():
        assert claim.verdict.lower().replace(" ", "_") == table[name]["verdict"]
    assert {claim.verdict for claim in shown.values()} >= {"Supported", "Refuted", "Not tested"}


def test_what_agrees_is_said_by_the_factor_that_decides_it(world: Worlds) -> None:
    (paragraph,) = section(world(EVERY)).of(Paragraph)
    assert isinstance(paragraph.words, str)
    assert str(PUBLISHED_BAND) in numbers(paragraph.words)


def test_the_numbers_of_a_claim_are_those_of_its_table(world: Worlds) -> None:
    table = claims_csv(world(EVERY))
    shown = by_id(world(EVERY))
    lines = {name: " ".join(map(plain, claim.lines)) for name, claim in shown.items()}
    ratio = table["published"]["ratio"]
    assert f"{ratio:.1f}×" in lines["published"] or f"{ratio:.2f}×" in lines["published"]
    assert numbers(shown["published"].lines[-1]) == ["1.5", "1.95"]
    assert "agrees" in lines["published"]
    assert arms(shown["published"].lines[0]) == ["3.13t", "3.13"]
    assert numbers(shown["published"].lines[0])[1] == "2"
    assert "They wait for one lock." in lines["refuted"]
    mib = table["memory"]["cell_value"] / 1024**2
    assert f"{mib:.1f} MiB" in lines["memory"]
    assert "memory" in lines["memory"]
    assert "first result" in lines["first-result"]
    assert not [word for word in ("memory", "first result") if word in lines["published"]]
    losing = int(table["lost"]["losing_trials"])
    assert f"{losing} of {int(table['lost']['blocks'])} trials" in lines["lost"]
    assert numbers(lines["kept"]) == ["6", "39"]
    assert "Not planned here." in lines["untested"]
    assert "The sleep workload" in lines["across"]


def refuted(world: World, finding: Finding | None) -> Claim:
    """The claim `refuted` as the page has it when this was found instead of 1.5 times as fast."""
    evidence = world.evidence()
    (row,) = (one for one in evidence.tables.claims if one.claim == "refuted")
    changed = replace(row, verdict=Verdict.REFUTED, finding=finding, claimed_ratio=1.5)
    tables = replace(evidence.tables, claims=(changed,))
    (built,) = claims.build(replace(evidence, tables=tables))
    (own,) = built.of(Own)
    assert isinstance(own.value, Claims)
    (claim,) = own.value.tested
    return claim


@pytest.mark.parametrize(
    ("finding", "said", "ratio"),
    [
        (Finding.EQUAL, "no difference", []),
        (Finding.OPPOSITE, "other way round", []),
        (Finding.SMALLER, "smaller", ["1.500"]),
        (Finding.AS_MUCH, "above", ["1.500"]),
        (Finding.DIFFERENT, "is a difference", []),
    ],
)
def test_what_was_found_instead_is_said_before_the_numbers(
    world: Worlds, finding: Finding, said: str, ratio: list[str]
) -> None:
    found, measured, *_ = refuted(world(EVERY), finding).lines
    assert said in found
    assert numbers(found) == ratio
    assert ("no difference" in found) == (finding is Finding.EQUAL)
    assert arms(measured) == ["3.13", "3.13"]
    assert "threads" in measured.partition(" against ")[0]
    assert "serial" in measured.partition(" against ")[2]


def test_no_two_findings_read_alike(world: Worlds) -> None:
    every = (*Finding, None)
    assert len({refuted(world(EVERY), finding).lines[0] for finding in every}) == len(every)


def test_the_finding_of_the_table_is_the_one_on_the_page(world: Worlds) -> None:
    assert claims_csv(world(EVERY))["refuted"]["finding"] == "equal_in_practice"
    assert "no difference" in by_id(world(EVERY))["refuted"].lines[0]


def test_claims_stand_by_their_files_and_those_not_tested_apart(world: Worlds) -> None:
    titles = [heading.text for heading in section(world(EVERY)).of(Heading)]
    assert titles == ["Claims", "Our team's claims"]
    found = groups(world(EVERY))
    assert [len(group.untested) for group in found] == [1, 0]
    assert numbers(found[0].untested_summary) == ["1"]


def test_without_claims_there_is_no_section(world: Worlds) -> None:
    assert not list(claims.build(world("default").evidence()))
    assert 'id="claims"' not in world("default").html()
    assert 'href="#claims"' in world(EVERY).html()
