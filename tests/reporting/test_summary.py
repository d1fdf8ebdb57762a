"""The summary in Markdown has the numbers of the page, and nothing of a user's breaks its table."""

import re
from collections.abc import Callable

import pytest
from threads_or_processes.records.vocabulary import Verdict
from threads_or_processes.reporting import report, summary
from threads_or_processes.reporting.sections.claims import cases_of_claims
from threads_or_processes.reporting.sections.decision_table import Decisions, heat_table

from tests.reporting.worlds import World


def unescaped(markdown: str) -> str:
    """The text that it shows."""
    return re.sub(r"\\(.)", r"\1", markdown)


@pytest.mark.parametrize("name", ["default", "hostile"])
def test_the_bottom_line_and_every_row_and_number_of_the_page_are_there(
    name: str, world: Callable[[str], World]
) -> None:
    evidence = world(name).evidence()
    page = report.build(evidence)
    told = summary.markdown(page)
    (start,) = (one for one in page.sections if one.anchor == page.start)
    assert isinstance(start.answer, str)
    assert f"**{start.answer}**" in unescaped(told)
    table = heat_table(Decisions(campaign=evidence.campaign, tables=evidence.tables))
    lines = [line for line in told.splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    assert len(cells) == len(table.rows) + 2
    assert {len(row) for row in cells} == {table.columns}
    for row, written in zip(table.rows, cells[2:], strict=True):
        for cell, one in zip((*row.cells, *row.moves), written[1:-1], strict=True):
            assert cell.shown in one
            assert cell.is_recommended == ("✓" in one)
    assert not re.search(r"(?<!\\)<", told)
    tested = [
        cases
        for cases in cases_of_claims(evidence.tables.claims)
        if cases[0].verdict is not Verdict.NOT_TESTED
    ]
    verdicts = told.partition("## Claims")[2]
    assert sum(line.startswith("* ") for line in verdicts.splitlines()) == len(tested)


def test_versions_follow_the_recommendations(world: Callable[[str], World]) -> None:
    page = report.build(world("two versions").evidence())
    headings = re.findall("^## (.+)$", summary.markdown(page), re.MULTILINE)
    assert headings[:1] == ["Python versions"]
    assert "Python versions" not in summary.markdown(report.build(world("default").evidence()))


def test_a_setting_is_shown_as_it_is_written(world: Callable[[str], World]) -> None:
    told = summary.markdown(report.build(world("plain builds").evidence()))
    assert "`--config 'interpreters={build: optimised}'`" in told
    assert r"\`" not in told
