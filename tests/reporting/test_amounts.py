"""What the report says of amounts of work, against the tables."""

import re
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from threads_or_processes.records.tables.amounts import OverheadRow
from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.records.vocabulary import LineState, Pays, StartMethod, Timing, WorkerKind
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import Figure, Fold, Paragraph, Section, Table
from threads_or_processes.reporting.sections import amounts, decision, methods

from tests.factories import MS
from tests.reporting.sentences import plain
from tests.reporting.worlds import BENT, World

Worlds = Callable[[str], World]


@pytest.fixture
def section(world: Worlds) -> Section:
    (found,) = amounts.build(world("several amounts").evidence())
    return found


def row(pays: Pays | None, state: LineState = LineState.HOLDS, **break_even: float) -> OverheadRow:
    """A line over up to 160 ms of work; ends of the break-even in ms."""
    return OverheadRow(
        cell="w/threads/2/3.13/warm",
        workload="w",
        function="w",
        model="threads",
        start_method=StartMethod.NONE,
        workers=2,
        worker_kind=WorkerKind.WITHIN_CORES,
        arm="3.13",
        timing=Timing.WARM,
        replicate=1,
        least_amount=1,
        largest_amount=8,
        work_ns=160.0 * MS,
        trials=8,
        state=state,
        pays=pays,
        break_even=Bounded(**{end: value * MS for end, value in break_even.items()}),
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (row(Pays.FROM, value=2, low=1.5, high=3), "from about 2.0 ms of work on [1.5 ms, 3.0 ms]"),
        (row(Pays.FROM, value=2, high=3), "from about 2.0 ms of work on [0, 3.0 ms]"),
        (row(Pays.FROM, high=3), "from 3.0 ms of work on at the latest"),
        (row(Pays.ALWAYS), "for any amount up to 160 ms of work"),
        (row(Pays.NEVER), "for no amount up to 160 ms of work"),
        (row(Pays.BELOW), "for small amounts only, not for 160 ms of work"),
        (row(Pays.UNSETTLED), "inconclusive"),
        (row(Pays.UNSETTLED, low=90), "inconclusive, but not below 90 ms of work"),
        (row(None, LineState.BENDS), "unknown: time is not a straight line over the amount"),
        (row(None, LineState.UNSETTLED), text.MISSING),
    ],
)
def test_every_kind_of_set_has_its_words(found: OverheadRow, words: str) -> None:
    assert plain(amounts.pays(found)) == words


def test_the_table_shows_overheads_and_break_evens_of_the_tables(
    world: Worlds, section: Section
) -> None:
    _, table, every = section.of(Table)
    made = pd.read_csv(world("several amounts").results / "tables/overheads.csv").set_index("cell")
    cell = made.loc["mandelbrot/processes-fork/2/3.13/warm"].to_dict()

    def row_of(table: Table) -> tuple[str, ...]:
        (found,) = (
            shown
            for shown in table.rows
            if shown[0].startswith("The mandelbrot")
            and "fork" in shown[1]
            and (shown[2][0], shown[3]) == ("2", "3.13")
        )
        return found

    line, whole = row_of(table), row_of(every)
    assert whole[: len(line)] == line
    assert line[4].startswith(f"from about {text.about(cell['break_even_ns'])} of work on [")
    assert line[5].startswith(f"{text.time(cell['overhead_ns'])} [")
    assert (plain(line[6]), plain(line[8])) == ("20 ms", "160 ms")
    assert whole[10].startswith(f"{cell['rate_ratio']:.3f} [")
    assert whole[11] == "holds"


def test_a_way_that_bends_has_points_and_no_curve(section: Section) -> None:
    (bent,) = (one.drawn for one in section.of(Figure) if "compress" in one.drawn.name)
    drawn = {curve.series.title for curve in bent.curves}
    assert "processes (fork), 3.13" in drawn
    assert BENT.split("/")[3] == "3.13t"
    assert "processes (fork), 3.13t" not in drawn
    assert sum(mark.series.title == "processes (fork), 3.13t" for mark in bent.marks) == 3


def test_a_curve_goes_through_the_measured_points(section: Section) -> None:
    for figure in section.of(Figure):
        for curve in figure.drawn.curves:
            marks = figure.drawn.of(curve.series)
            for end, mark in ((0, marks[0]), (-1, marks[-1])):
                assert curve.positions[end] == pytest.approx(mark.position)
                assert curve.values[end] == pytest.approx(mark.value, rel=0.03)


def test_other_numbers_of_workers_fold_out(section: Section) -> None:
    ways, table, every = section.of(Table)
    assert section.blocks[0] == ways  # open; the others are in folds
    assert all(isinstance(block, Fold) for block in section.blocks[1:])
    assert len(every.rows) == 2 * 2 * 2 * 2
    assert len(table.rows) == 2 * 2 * 2
    assert len(ways.rows) == 2 * 2


def test_the_first_screen_says_from_how_much_work_the_fastest_ways_pay(world: Worlds) -> None:
    (found,) = decision.build(world("several amounts").evidence())
    (told,) = (one.words for one in found.of(Paragraph) if "Startup:" in plain(one.words))
    folder = world("several amounts").results / "tables"
    overheads = pd.read_csv(folder / "overheads.csv").set_index("cell")
    decisions = pd.read_csv(folder / "decisions.csv")
    best = overheads.loc[decisions[decisions["arm"] != "3.13t-gil"]["best_cell"]]
    paying = best[best["pays"] == "from"]["break_even_high_ns"]
    for end in (paying.min(), paying.max()):
        assert plain(text.about(end)) in plain(told)


def test_one_amount_leaves_the_page_as_it_was(world: Worlds) -> None:
    evidence = world("default").evidence()
    assert not list(amounts.build(evidence))
    for build in (decision.build, methods.build):
        for found in build(evidence):
            assert "amount of work" not in " ".join(map(str, found.blocks)).lower()


def test_the_methods_say_how_amounts_are_read(world: Worlds) -> None:
    (found,) = methods.build(world("several amounts").evidence())
    assert "each task 1, 3 and 8 times" in str(found.blocks)


def test_a_way_counts_as_paying_also_where_only_the_end_of_its_break_even_is_known(
    world: Worlds,
) -> None:
    campaign = world("several amounts").evidence().campaign
    known = row(Pays.FROM, value=2, low=1.5, high=3)
    table = amounts._break_evens([known, row(Pays.FROM, high=3), row(Pays.NEVER)], campaign)
    (counts,) = (plain(" | ".join(shown[2:])) for shown in table.rows)
    assert counts == "0 | 2 (0–2.0 ms) | 1 | 0"


def test_the_answer_names_the_amounts(section: Section) -> None:
    ways = section.of(Table)[0]
    rows = {row[:2]: row for row in ways.rows}
    for build in ("3.13", "3.13t"):
        told = rows["processes (fork)", build]
        found = re.search(r"^(\d) \(([0-9.]+)(?:[^\d]+([0-9.]+))? ms\)$", plain(told[3]))
        assert found, told
        (named,) = re.findall(
            rf"processes \(fork\) on {re.escape(build)} from ([0-9.]+) ms",
            plain(str(section.answer)),
        )
        assert float(found[2]) <= float(named) <= float(found[3] or found[2])
        assert sum(int(cell.split(" (")[0]) for cell in told[2:] if cell != text.MISSING) <= 2


def test_of_one_workload_it_says_where_each_way_pays_and_counts_nothing(world: Worlds) -> None:
    evidence = world("several amounts").evidence()
    rows = [row for row in evidence.tables.overheads if row.workload == "mandelbrot"]
    tables = replace(evidence.tables, overheads=tuple(rows))
    (found,) = amounts.build(replace(evidence, tables=tables))
    shown, every = found.of(Table)
    answer = plain(str(found.answer)).lower()
    assert all(plain(cells[4]).lower() in answer for cells in shown.rows)
    assert len(every.rows) >= len(shown.rows) > 0


@pytest.mark.parametrize(("share", "is_below"), [(0.5, True), (1.5, False)])
def test_break_evens_below_the_smallest_batch_are_said_to_be_extrapolated(
    world: Worlds, share: float, is_below: bool
) -> None:
    evidence = world("several amounts").evidence()
    tables = evidence.tables
    moved = []
    for one in tables.overheads:
        least = tables.at_amount(one.cell, one.least_amount)
        assert least is not None
        moved.append(
            replace(one, pays=Pays.FROM, break_even=Bounded(value=share * (least.work_ns or 0.0)))
        )
    changed = replace(evidence, tables=replace(tables, overheads=moved))
    (found,) = decision.build(changed)
    said = " ".join(plain(one.words) for one in found.of(Paragraph))
    assert "recommended workers pay at the latest from a batch of" in said
    assert ("extrapolated from" in said) == is_below
