"""The section on what changed since a baseline, and the same in the summary."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from threads_or_processes.records.baseline import BaselineNote, EarlierState, Together
from threads_or_processes.records.tables.changes import ChangeRow, DifferenceRow
from threads_or_processes.records.tables.groups import RatioIntervals
from threads_or_processes.records.vocabulary import Basis, ComparisonResult, Timing
from threads_or_processes.reporting import report, summary
from threads_or_processes.reporting.evidence import Evidence, SinceBaseline
from threads_or_processes.reporting.page import Figure, Fold, Link, Page, Table
from threads_or_processes.reporting.sections import before_after

from tests.reporting.sentences import numbers, plain
from tests.reporting.worlds import World

NOTE = BaselineNote(
    name="v1",
    last_unix_ns=1_795_000_000 * 10**9,
    trials_csv_sha256="0123456789abcdef",
    margin=0.05,
    sentinel_ratio=1.003,
    left_out={"not in the baseline": 2},
)


def row(
    model: str, ratio: float, reading: ComparisonResult, *, workload: str = "json"
) -> ChangeRow:
    """A configuration that takes so many times as long."""
    workers = 1 if model == "serial" else 2
    cell = f"{workload}/{model}/{workers}/3.13/warm"
    return ChangeRow(
        workload=workload,
        model=model,
        workers=workers,
        arm="3.13",
        timing=Timing.WARM,
        cell=cell,
        before_cell=cell,
        basis=Basis.QUIET,
        before_ns=1e7,
        after_ns=ratio * 1e7,
        work_ratio=1.0,
        ratio=ratio,
        blocks=8,
        intervals=RatioIntervals(
            ci_low_ratio=ratio / 1.1, ci_high_ratio=ratio * 1.1, beyond_trials_sd=0.02
        ),
        reading=reading,
    )


ROWS = (
    row("threads", 1.0, ComparisonResult.EQUAL),
    row("serial", 2.0, ComparisonResult.SLOWER),
    row("processes-fork", 0.5, ComparisonResult.FASTER),
)


@pytest.fixture(scope="module")
def evidence(world: Callable[[str], World]) -> Evidence:
    """A campaign that is compared with nothing yet."""
    return world("default").evidence()


def page_of(
    evidence: Evidence,
    rows: Sequence[ChangeRow] = ROWS,
    differences: Sequence[DifferenceRow] = (),
    note: BaselineNote = NOTE,
) -> Page:
    """The report with these changes."""
    since = SinceBaseline(note=note, changes=tuple(rows), differences=tuple(differences))
    return report.build(replace(evidence, baseline=since))


def test_where_batches_have_another_size_the_table_says_that_it_is_scaled(
    evidence: Evidence,
) -> None:
    def captions(*work_ratios: float) -> str:
        rows = [replace(one, work_ratio=of) for one, of in zip(ROWS, work_ratios, strict=True)]
        return told(page_of(evidence, rows))

    assert "scaled" not in captions(1, 1, 1)
    assert "settings. So" in captions(1, 1, 1)
    assert "3.51× as large as before" in captions(3.51, 3.51, 3.51)
    assert "0.50× to 2.00× as large as before" in captions(0.5, 1, 2)
    assert "settings, but batches of another size" in captions(0.5, 1, 2)


def folds(page: Page) -> list[Fold]:
    """Those of the section."""
    (section,) = (one for one in page.sections if one.anchor == before_after.ANCHOR)
    return list(section.of(Fold))


def told(page: Page) -> str:
    """The section in the summary."""
    return summary.markdown(page).partition("## Before and after")[2].partition("\n## ")[0]


def test_without_a_baseline_there_is_no_such_section(evidence: Evidence) -> None:
    assert before_after.ANCHOR not in {
        section.anchor for section in report.build(evidence).sections
    }


def test_the_worst_comes_first_and_all_results_are_counted(evidence: Evidence) -> None:
    page = page_of(evidence)
    (section,) = (one for one in page.sections if one.anchor == before_after.ANCHOR)
    words = told(page)
    measured = "Of 3\N{NO-BREAK SPACE}configurations measured again since baseline `v1`"
    assert (
        f"{measured} (18 November 2026, 11:06 UTC, data 01234567), 1 is slower (2.00× the time), "
        "1 is faster (0.50× the time) and 1 is as fast as before. The largest "
        "slowdown: serial (3.13) took 2.00×" in words
    )
    assert "Left out: 2" in words
    assert "times move by 2\N{NO-BREAK SPACE}% (standard deviation)" in words
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert [cells[-1] for cells in table.rows] == ["▼ slower", "▲ faster", "= no difference"]
    assert [cells[0].partition(" ")[0] for cells in table.rows] == [
        "serial",
        "processes",
        "threads",
    ]
    (figure,) = section.of(Figure)
    assert [mark.value for mark in figure.drawn.marks] == [2.0, 0.5, 1.0]


def test_what_differs_is_named_and_what_does_not_is_said(evidence: Evidence) -> None:
    assert "Both states have the same interpreters, libraries" in told(page_of(evidence))
    differing = [
        DifferenceRow(kind="code", what="own.py:work", before="aaaa", after="bbbb"),
        DifferenceRow(kind="library", what="3.13: numpy", before="1", after="<b>2</b>" + 99 * "9"),
        DifferenceRow(kind="library", what="3.13: new", after="1"),
        DifferenceRow(kind="machine", what="kernel", before="6", after="7"),
    ]
    words = told(page_of(evidence, differences=differing))
    assert "The two states differ in code, library (2) and machine: own.py:work, " in words
    assert "by hash of its code (aaaa before, bbbb now)" in words
    assert "1 more below" in words
    assert "<b>" not in words
    assert 40 * "9" not in words


@pytest.mark.parametrize(
    ("unchanged", "words"),
    [
        (True, "They moved together: that is probably the machine."),
        (False, "That is the change, or the machine."),
    ],
)
def test_a_movement_of_all_workloads_is_said_to_be_one(
    evidence: Evidence, unchanged: bool, words: str
) -> None:
    moved = Together(workloads=5, ratio=1.08, low=1.05, high=1.11, unchanged=unchanged)
    assert words in told(page_of(evidence, note=replace(NOTE, together=moved)))
    for still in (replace(moved, ratio=1.005, low=1.001), replace(moved, low=0.99)):
        assert words not in told(page_of(evidence, note=replace(NOTE, together=still)))


def test_of_many_configurations_only_those_that_changed_are_shown_at_once(
    evidence: Evidence,
) -> None:
    still = [row("serial", 1.0, ComparisonResult.EQUAL, workload=f"w{n}") for n in range(20)]
    page = page_of(evidence, rows=(*ROWS, *still))
    (section,) = (one for one in page.sections if one.anchor == before_after.ANCHOR)
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert len(table.rows) == 2
    (every,) = (one for one in section.of(Fold) if one.summary == "Every configuration")
    assert isinstance(every.content[0], Table)
    assert len(every.content[0].rows) == 23


def test_too_few_trials_are_a_caution(evidence: Evidence) -> None:
    few = replace(row("serial", 9.0, ComparisonResult.INCONCLUSIVE), blocks=3)
    words = "> 1 of 3\N{NO-BREAK SPACE}configurations has fewer than 6 successful trials"
    assert words in told(page_of(evidence, rows=(*ROWS[:2], few)))
    assert ">" not in told(page_of(evidence))


def test_nothing_to_compare_is_said(evidence: Evidence) -> None:
    itself = replace(NOTE, is_itself=True, left_out={})
    assert "so there is nothing to compare" in told(page_of(evidence, rows=(), note=itself))
    assert "No configuration was measured again" in told(page_of(evidence, rows=()))


STATES = (
    EarlierState(name="2026-11-03-101112-01234567", left_out="nothing changed since"),
    EarlierState(name="2026-11-02-101112-01234567", differs=["a", "b", "c", "d"], is_compared=True),
    EarlierState(name="2026-11-01-101112-01234567", differs=["own.py:work"]),
)


def test_earlier_states_are_listed_with_what_differs_and_why_they_are_left_out(
    evidence: Evidence,
) -> None:
    page = page_of(evidence, note=replace(NOTE, states=STATES))
    assert "measured again since the state of 18 November 2026, 11:06 UTC (data 01234567)" in told(
        page
    )
    (states,) = (one for one in folds(page) if one.summary == "Earlier states")
    (table,) = (block for block in states.content if isinstance(block, Table))
    assert [list(map(str, cells)) for cells in table.rows] == [
        [STATES[0].name, "–", "no: nothing changed since"],
        [STATES[1].name, "a, b, c and 1 more", "yes"],
        [STATES[2].name, "own.py:work", "no: not the latest"],
    ]
    assert "Earlier states" not in [one.summary for one in folds(page_of(evidence))]


def test_without_an_earlier_state_that_is_said(evidence: Evidence) -> None:
    itself = replace(NOTE, is_itself=True, left_out={}, states=STATES[:1])
    words = told(page_of(evidence, rows=(), note=itself))
    assert "There is no earlier state to compare with." in words
    assert "Not covered" not in words


def test_of_several_workloads_a_configuration_names_its_own(evidence: Evidence) -> None:
    other = row("serial", 3.0, ComparisonResult.SLOWER, workload="compress")
    words = told(page_of(evidence, rows=(*ROWS, other)))
    for workload in ("json", "compress"):
        assert f"| {evidence.campaign.title(workload)}: serial (3.13) |" in words


def test_the_first_screen_counts_the_changes_and_leads_to_them(evidence: Evidence) -> None:
    slightly = row("threads", 1.1, ComparisonResult.SLOWER_SOMEWHAT)
    first = page_of(evidence, rows=(*ROWS, slightly)).sections[0].answer
    assert "2 are slower (1.10× to 2.00× the time, 1 perhaps slightly), 1 is faster" in plain(first)
    assert isinstance(first[0], Link)
    assert first[0].address == f"#{before_after.ANCHOR}"
    for page in (report.build(evidence), page_of(evidence, rows=())):
        assert "Before and after" not in plain(page.sections[0].answer)


@pytest.mark.parametrize("reading", ComparisonResult)
def test_no_configuration_is_missing_from_the_counts(
    evidence: Evidence, reading: ComparisonResult
) -> None:
    rows = [*ROWS, *(row("threads", 1.1, reading, workload=f"work{n}") for n in range(5))]
    first, _, _ = plain(page_of(evidence, rows=rows).sections[0].answer).partition(". ")
    counted = first.partition("baseline v1, ")[2]
    assert sum(map(int, numbers(re.sub(r"\(.*?\)", "", counted)))) == len(rows)
    first = plain(page_of(evidence, rows=rows[3:]).sections[0].answer)
    is_open = reading not in (*before_after.CHANGED, ComparisonResult.EQUAL)
    none = "none is shown to have changed: " if is_open else ""
    assert f"of 5 configurations since baseline v1, {none}all are " in first


def test_the_spread_of_sessions_names_what_it_is_from(evidence: Evidence) -> None:
    alone = "The figure is from this project's own campaigns."
    assert alone in told(page_of(evidence))
    more = replace(NOTE, spread_from=["the sessions of a state"])
    assert f"{alone[:-1]} and the sessions of a state." in told(page_of(evidence, note=more))


def test_the_summary_has_the_order_of_the_page(evidence: Evidence) -> None:
    page = page_of(evidence)
    written = summary.markdown(page)
    assert [one.anchor for one in page.sections[:2]] == ["decision", before_after.ANCHOR]
    parts = ("**Before and after: of 3", "| workload |", "## Before and after")
    places = [written.index(part) for part in parts]
    assert places == sorted(places)
