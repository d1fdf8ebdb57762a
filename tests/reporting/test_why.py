"""Where the workers' time goes: bars that add up, and sentences that say no more than the table."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from threads_or_processes.records.vocabulary import Cause, Part, PartsState
from threads_or_processes.reporting import drawing
from threads_or_processes.reporting.figure_text import alt_text, csv_text
from threads_or_processes.reporting.page import Items, Section, Table
from threads_or_processes.reporting.sections import why

from tests import factories
from tests.reporting.sentences import plain
from tests.reporting.worlds import World, write_world

Worlds = Callable[[str], World]
GIL_WAY = "threads, 2 workers, 3.13"


@pytest.fixture
def section(world: Worlds) -> Section:
    (found,) = why.build(world("full").evidence())
    return found


def sentences(section: Section) -> list[str]:
    return [plain(str(words)) for items in section.of(Items) for words in items.items]


def test_every_cause_and_state_has_words() -> None:
    assert set(why.MEANINGS) == set(why.EXPLAINS) == set(Cause)
    assert set(why.STATES) == set(PartsState) - {PartsState.MEASURED}
    assert list(why.PARTS) == list(Part)


def test_a_worker_without_a_cpu_may_be_kept_from_it_by_another_program() -> None:
    meaning, remedy = why.MEANINGS[Cause.TAKEN_CPU]
    assert meaning.startswith("other programs used the CPUs, or")
    assert remedy.startswith("close other programs")


def test_bars_add_up_and_are_those_of_the_table(world: Worlds, section: Section) -> None:
    table = pd.read_csv(world("full").results / "tables/parts.csv").set_index("cell")
    figures = {figure.name: figure for figure in world("full").page().figures}
    figure = figures["why-mandelbrot"]
    bars = pd.DataFrame(
        [(mark.position, mark.series.title, mark.value, mark.low) for mark in figure.marks],
        columns=["way", "part", "share", "low"],
    )
    assert bars.groupby("way")["share"].sum().tolist() == pytest.approx([1] * 4)
    row = table.loc["mandelbrot/threads/2/3.13/warm"]
    mine = bars[bars["way"].map(plain) == GIL_WAY].set_index("part")
    for part, title in why.PARTS.items():
        assert mine.loc[title, "share"] == pytest.approx(row[f"{part}_ratio"])
        assert mine.loc[title, "low"] == pytest.approx(row[f"{part}_low_ratio"])
    assert section.anchor == "why"


def test_more_workers_than_cpus_and_the_control_build_have_no_bar(world: Worlds) -> None:
    evidence = world("full").evidence()
    shown = why.shown_rows(evidence.campaign, evidence.tables.parts)
    assert {(row.arm, row.workers) for row in shown} == {("3.13", 2), ("3.13t", 2)}
    places = [(row.workload, row.model, row.arm) for row in shown]
    assert len(set(places)) == len(places)


def test_who_waits_for_the_gil_is_told_what_gains(section: Section) -> None:
    told = next(one for one in sentences(section) if one.startswith("Threads, 2 workers, 3.13:"))
    assert "no difference (" in told
    assert "Workers wait inside tasks for 50 %" in told
    assert "only the thread that holds the GIL runs Python code" in told
    assert "Faster than serial here: processes (fork), 2 workers, 3.13, 1.89×" in told
    assert "; threads, 2 workers, 3.13t, 1.96×" in told
    quiet = next(one for one in sentences(section) if one.startswith("No large loss"))
    assert "processes (fork), 2 workers, 3.13" in quiet


def test_the_answer_counts_the_parts_that_stand_out(section: Section) -> None:
    # mandelbrot, json and the shared list hold the GIL; of five works with two ways on two builds
    assert "3 to waiting" in plain(section.answer)


def test_the_figure_has_words_and_numbers_of_its_own(world: Worlds) -> None:
    figures = {figure.name: figure for figure in world("full").page().figures}
    figure = figures["why-mandelbrot"]
    words = plain(alt_text(figure))
    assert words.startswith(
        "Stacked bars, one for each configuration: shares of workers × wall time."
    )
    assert "3.13t: useful 95 %, inflated 1 %, waiting 5 %, run queue 0 %" in words
    lines = csv_text(figure).splitlines()
    assert lines[0] == "way,part,share_ratio,share_low_ratio,share_high_ratio"
    assert len(lines) == 1 + 4 * len(Part)
    drawn = drawing.draw(figure)
    for title in why.PARTS.values():
        assert title in drawn.svg
    colours = {style.colour for style in figure.styles.values()}
    assert len(colours) == len(Part)
    assert all(colour in drawn.svg for colour in colours)


def test_folds_have_every_way_s_parts_and_efficiencies(section: Section) -> None:
    _, parts, efficiencies = section.of(Table)
    for table in (parts, efficiencies):
        assert len(table.rows) > 4
    row = next(r for r in parts.rows if r[1] == "threads" and r[3] == "3.13")
    shares = [float(plain(share).rstrip("%\u00a0 ").replace("\u2212", "-")) for share in row[4:]]
    assert sum(shares) == pytest.approx(100, abs=3)  # six rounded to whole percents


def test_data_without_what_chunks_used_have_no_such_section(tmp_path: Path) -> None:
    made = factories.make_campaign(factories.make_cells(workloads=["json"], blocks=2))
    kept = ("pid", "thread_id", "tasks", "start_ns", "end_ns")
    for record in made.records.values():
        for repetition in record["repetitions"]:
            repetition["workers"] = [
                {name: one[name] for name in kept} for one in repetition["workers"]
            ]
    older = write_world(tmp_path, made)
    assert list(why.build(older.evidence())) == []
    assert 'id="why"' not in older.html()
