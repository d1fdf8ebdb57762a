"""The claims on the page, against their table."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from threads_or_processes.records.vocabulary import PUBLISHED_BAND
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
    assert not numbers(shown["refuted"].lines[0])  # what was found instead
    assert arms(shown["refuted"].lines[1])
    assert "They wait for one lock." in lines["refuted"]
    mib = table["memory"]["cell_value"] / 1024**2
    assert f"{mib:.1f} MiB" in lines["memory"]
    assert claims.MEASURES["first_result"] in lines["first-result"]
    losing = int(table["lost"]["losing_trials"])
    assert f"{losing} of {int(table['lost']['blocks'])} trials" in lines["lost"]
    assert numbers(lines["kept"]) == ["6", "39"]
    assert "Not planned here." in lines["untested"]
    assert "The sleep workload" in lines["across"]


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
