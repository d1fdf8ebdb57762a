"""The first screen against the tables that it is made from."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from threads_or_processes.records.tables.comparisons import DecisionRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.tables.measured import LEFT_OUT, FailureRow, OutcomeRow
from threads_or_processes.records.vocabulary import ComparisonResult, Family, Use
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import summary, words
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Facts,
    Fold,
    Link,
    Own,
    Paragraph,
    Section,
    Strong,
    Table,
)
from threads_or_processes.reporting.sections import decision, glossary
from threads_or_processes.reporting.sections.decision_table import (
    CROSS,
    LEVELS,
    MARK,
    Decisions,
    HeatCell,
    HeatRow,
    HeatTable,
    heat_table,
    shade,
    use_of,
)

from tests import factories
from tests.reporting.sentences import numbers, plain
from tests.reporting.worlds import WORLDS, World, write_limited_world

Worlds = Callable[[str], World]
EVERYTHING = "every experiment"


def of(evidence: Evidence) -> Decisions:
    return Decisions(campaign=evidence.campaign, tables=evidence.tables)


def table_of(world: World) -> HeatTable:
    return heat_table(of(world.evidence()))


def section_of(world: World) -> Section:
    (section,) = decision.build(world.evidence())
    return section


def paragraphs(world: World) -> dict[str, str]:
    """The lines around the table by their first word."""
    return lines_of(section_of(world))


def lines_of(section: Section) -> dict[str, str]:
    """The same of a section."""
    told = {}
    for one in section.of(Paragraph):
        assert not isinstance(one.words, str)
        first, *rest = one.words
        assert isinstance(first, Strong)
        told[first.text] = plain(tuple(rest))
    return told


def csv(world: World, name: str) -> pd.DataFrame:
    folder: Path = world.results / "tables"
    return pd.read_csv(folder / f"{name}.csv")


def by_place(table: HeatTable, row: HeatRow) -> dict[tuple[str, str], HeatCell]:
    """Its cells by build and family."""
    places = [(build.name, family) for build in table.builds for family in build.families]
    return dict(zip(places, row.cells, strict=True))


def cells(world: World) -> dict[tuple[str, str, str], HeatCell]:
    """The cells by workload, build and family."""
    evidence = world.evidence()
    table = heat_table(of(evidence))
    workloads = [workload.label for workload in of(evidence).workloads]
    return {
        (workload, *place): cell
        for workload, row in zip(workloads, table.rows, strict=True)
        for place, cell in by_place(table, row).items()
    }


@pytest.mark.parametrize("name", ["default", EVERYTHING, "several amounts", "some failed"])
def test_every_number_is_that_of_the_table(world: Worlds, name: str) -> None:
    shown = cells(world(name))
    families = csv(world(name), "families")
    decisions = csv(world(name), "decisions").set_index(["workload", "arm"])
    seen = 0
    for row in families.to_dict("records"):
        cell = shown.pop((row["workload"], row["arm"], row["family"]), None)
        if cell is None:  # a control, or about correctness
            continue
        seen += 1
        value, result = row["reference_speedup_ratio"], row["reference_speedup_reading"]
        if pd.isna(value):
            assert (cell.shown, cell.result) == ("1.00", "baseline")
        else:
            assert cell.shown == text.ratio(value)
            assert cell.result == words.RESULTS[ComparisonResult(result)]
            assert cell.symbol == words.RESULT_SYMBOLS[ComparisonResult(result)]
            ends = (row[f"reference_speedup_{end}_ratio"] for end in ("low", "high"))
            assert all(text.fixed(end, 2) in cell.details[0] for end in ends)
        assert any(text.time(row["time_ns"]) in line for line in cell.details)
        recommended = decisions.loc[(row["workload"], row["arm"])]
        expected = {
            "parallel": str(recommended["families"]).split(),
            "serial": ["serial"],
        }.get(recommended["use"], [])
        assert cell.is_recommended == (row["family"] in expected)
    assert seen >= 10
    # What the table of families lacks has no number.
    assert {cell.ratio for cell in shown.values()} <= {None}


def test_a_number_beyond_the_workers_says_whether_noise_explains_it(world: Worlds) -> None:
    evidence = world("default").evidence()
    speedup = Ratio(value=2.2, low=2.1, high=2.3, reading=ComparisonResult.FASTER)
    rows = tuple(
        replace(row, speedup=speedup) if row.workers == 2 else row
        for row in evidence.tables.families
    )
    tables = replace(evidence.tables, families=rows)
    shown = heat_table(of(replace(evidence, tables=tables)))
    told = [cell for row in shown.rows for cell in row.cells if "beyond noise" in str(cell.details)]
    assert told
    assert not any("serial" in cell.place for cell in told)


@pytest.mark.parametrize("name", ["default", EVERYTHING])
def test_moves_are_those_of_the_table(world: Worlds, name: str) -> None:
    evidence = world(name).evidence()
    table = heat_table(of(evidence))
    moves = csv(world(name), "moves").set_index(["workload", "arm"])
    for workload, row in zip(of(evidence).workloads, table.rows, strict=True):
        for arm, cell in zip(table.moves, row.moves, strict=True):
            found: Any = moves.loc[(workload.label, arm)]
            assert cell.shown == text.ratio(found["speedup_ratio"])
            assert cell.result == words.RESULTS[ComparisonResult(found["speedup_reading"])]
            times = " ".join(cell.details)
            assert text.time(found["best_ns"]) in times
            assert text.time(found["baseline_ns"]) in times


@pytest.mark.parametrize("name", ["default", EVERYTHING])
def test_the_fold_has_every_number_of_the_table(world: Worlds, name: str) -> None:
    told, moves = section_of(world(name)).of(Fold)[0].content
    assert isinstance(told, Table)
    assert isinstance(moves, Table)
    table = table_of(world(name))
    known = [cell for row in table.rows for cell in row.cells if cell.ratio is not None]
    assert len(told.rows) == len(known)
    ratios = [row[5].partition("×")[0] for row in told.rows]
    assert [one for one in ratios if one != text.MISSING] == [
        cell.shown for cell in known if cell.result != "baseline"
    ]
    assert sum(row[-1] == "yes" for row in told.rows) == sum(one.is_recommended for one in known)
    assert len(moves.rows) == len(table.rows)


MOVED = {
    ComparisonResult.FASTER: "3.13t: ",
    ComparisonResult.FASTER_SOMEWHAT: "3.13t: ",
    ComparisonResult.SLOWER: "3.13: ",
    ComparisonResult.SLOWER_SOMEWHAT: "3.13: ",
    ComparisonResult.EQUAL: "3.13: ",
    ComparisonResult.NO_SPEEDUP: "3.13: ",
    ComparisonResult.NO_SLOWDOWN: "either build",
    ComparisonResult.INCONCLUSIVE: "build unclear",
}


def changed(
    evidence: Evidence,
    *,
    move: ComparisonResult,
    uses: Mapping[str, tuple[Use, tuple[Family, ...]]],
) -> Decisions:
    """The recommendations with another result of a move, and other uses by build."""
    moves = tuple(
        replace(row, speedup=replace(row.speedup, reading=move))
        for row in evidence.tables.moves
        if row.workload == "mandelbrot"
    )

    def used(row: DecisionRow) -> DecisionRow:
        use, families = uses.get(row.arm, (row.use, row.families))
        return replace(row, use=use, families=families)

    rows = tuple(used(row) for row in evidence.tables.decisions)
    tables = replace(evidence.tables, moves=moves, decisions=rows)
    return Decisions(campaign=evidence.campaign, tables=tables)


@pytest.mark.parametrize("result", ComparisonResult)
def test_the_build_to_use_follows_from_the_move(world: Worlds, result: ComparisonResult) -> None:
    both = dict.fromkeys(("3.13", "3.13t"), (Use.PARALLEL, (Family.THREADS,)))
    decisions = changed(world("quick").evidence(), move=result, uses=both)
    use = plain(use_of("mandelbrot", decisions))
    assert use.startswith(MOVED[result])
    assert use.endswith(": threads, 2 workers")


def test_builds_that_may_be_the_fastest_are_named_each_with_its_own_families(
    world: Worlds,
) -> None:
    uses = {
        "3.13": (Use.PARALLEL, (Family.PROCESSES,)),
        "3.13t": (Use.INCONCLUSIVE, (Family.SERIAL, Family.THREADS)),
    }
    decisions = changed(world("quick").evidence(), move=ComparisonResult.INCONCLUSIVE, uses=uses)
    assert plain(use_of("mandelbrot", decisions)) == (
        "build unclear; 3.13: processes, 2 workers; 3.13t: inconclusive (serial or threads)"
    )


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ((Use.PARALLEL, (Family.THREADS,)), "3.13t: threads, 2 workers"),
        ((Use.INCOMPLETE, ()), "{}"),
        ((Use.NO_DATA, ()), "{}"),
    ],
)
@pytest.mark.parametrize("lacking", [Use.NO_DATA, Use.INCOMPLETE])
def test_a_build_without_data_is_not_recommended(
    world: Worlds, lacking: Use, other: tuple[Use, tuple[Family, ...]], told: str
) -> None:
    uses = {"3.13": (lacking, ()), "3.13t": other}
    decisions = changed(world("quick").evidence(), move=ComparisonResult.SLOWER, uses=uses)
    decisions = replace(decisions, tables=replace(decisions.tables, moves=()))
    assert plain(use_of("mandelbrot", decisions)) == told.format(words.use(lacking, ()))


def test_several_counts_of_workers_are_none_that_is_alone(world: Worlds) -> None:
    decisions = of(world("default").evidence())
    told = [plain(use_of(one.label, decisions)) for one in decisions.workloads]
    assert any("workers" in use and "tried" not in use for use in told)


@pytest.mark.parametrize(
    ("use", "families", "said", "named"),
    [
        (Use.PARALLEL, (Family.THREADS, Family.PROCESSES), "threads or processes", 2),
        (Use.SERIAL, (Family.SERIAL, Family.THREADS), "serial", 1),
        (Use.INCONCLUSIVE, (Family.SERIAL, Family.THREADS), "inconclusive (serial or threads)", 0),
        (Use.INCONCLUSIVE, (Family.SERIAL,), "inconclusive", 0),
        (Use.INCOMPLETE, (), "not all measured", 0),
        (Use.NO_DATA, (), "no data", 0),
    ],
)
def test_a_recommendation_names_a_set_or_nothing(
    use: Use, families: tuple[Family, ...], said: str, named: int
) -> None:
    assert words.use(use, families) == said
    assert len(words.recommended(use, families)) == named


def test_shades_are_centred_on_no_difference() -> None:
    levels = [shade(ratio, 0.05, 1.0) for ratio in (0.5, 0.7, 0.93, 0.96, 1.0, 1.04, 1.07, 1.4, 2)]
    assert levels == [-4, -2, -1, 0, 0, 0, 1, 2, 4]
    assert shade(30, 0.05, 1.0) == LEVELS
    assert [shade(ratio, 0.05, 5.0) for ratio in (0.5, 2, 32)] == [-1, 1, 4]


def test_workloads_of_scaling_and_kinds_come_first_and_correctness_has_no_row(
    world: Worlds,
) -> None:
    first, *others = table_of(world(EVERYTHING)).groups
    assert first.title == ""
    assert all(group.title for group in others)
    evidence = world(EVERYTHING).evidence()
    labels = [workload.label for workload in of(evidence).workloads]
    assert labels[:2] == ["mandelbrot", "json"]
    assert "counter_unlocked" in {row.workload for row in evidence.tables.decisions}
    assert "counter_unlocked" not in labels
    assert not [one for one in labels if "grain" in one or "empty" in one or "send" in one]


def test_lost_updates_are_one_line_with_the_greatest_share_on_each_build(world: Worlds) -> None:
    said = paragraphs(world(EVERYTHING))["Safety:"]
    updates = csv(world(EVERYTHING), "updates")
    lost = updates[(updates["workload"] == "counter_unlocked") & (updates["model"] != "serial")]
    shares = lost.groupby("arm")["lost_ratio"].max()
    assert shares["3.13"] == 0 < shares["3.13t"]
    assert said.strip().endswith(
        f"(none seen on 3.13, {plain(text.percent(shares['3.13t']))} of all on 3.13t)."
    )
    assert "Safety:" not in paragraphs(world("default"))


def test_startup_is_that_of_the_table(world: Worlds) -> None:
    said = paragraphs(world(EVERYTHING))["Startup:"]
    startup = csv(world(EVERYTHING), "startup")
    is_pool = (startup["model"] == "processes-fork") & (startup["workers"] == 2)
    chosen = startup[is_pool & (startup["workload"] == "empty")]
    first_ns = chosen.drop_duplicates("arm").set_index("arm")["first_result_ns"]
    for arm in ("3.13", "3.13t"):
        assert plain(text.time(first_ns[arm])) in said.partition(f"on {arm}:")[2]


def test_terms_lead_to_their_meanings(world: Worlds) -> None:
    (limits, *_) = section_of(world("default")).of(Paragraph)
    (glossed,) = glossary.build(world("default").evidence())
    meanings = {fact.anchor: fact.text for facts in glossed.of(Facts) for fact in facts.facts}
    links = {part.text: part.address for part in limits.words if isinstance(part, Link)}
    assert list(links) == ["batch", "intervals", "blocks", "More limits"]
    assert links.pop("More limits") == "#threats"
    assert "this session" in meanings[links["intervals"].removeprefix("#")]
    assert meanings.keys() >= {address.removeprefix("#") for address in links.values()}


def test_the_limits_are_always_there(world: Worlds) -> None:
    said = paragraphs(world("default"))["Limits:"]
    assert "on running pools. Each workload ran alone." in said
    assert "Workers tried: 1 and 2." in said
    assert "multiprocess with dill (fork)" in said
    assert "6 blocks" in said
    assert "this session and these binaries" in said
    assert "plain" not in said.lower()
    plain_ = paragraphs(world("plain builds"))["Limits:"]
    assert "Plain builds." in plain_
    work_ns = csv(world("default"), "decisions")["work_ns"]
    assert plain(text.about(work_ns.min())) in said
    assert plain(text.about(work_ns.max())) in said


def test_how_sure_counts_what_is_on_the_screen(world: Worlds) -> None:
    said = paragraphs(world(EVERYTHING))["How sure:"]
    decisions = csv(world(EVERYTHING), "decisions")
    evidence = world(EVERYTHING).evidence()
    shown = {workload.label for workload in of(evidence).workloads}
    judged = decisions[
        decisions["workload"].isin(shown)
        & decisions["arm"].isin({"3.13", "3.13t"})
        & decisions["q_value"].notna()
    ]
    shown_rows = decisions[
        decisions["workload"].isin(shown)
        & decisions["arm"].isin({"3.13", "3.13t"})
        & (decisions["use"] != "no_data")
    ]
    moves = csv(world(EVERYTHING), "moves")
    moves = moves[moves["workload"].isin(shown) & (moves["arm"] == "3.13t")]
    sure = moves[moves["speedup_reading"] != "inconclusive"]
    counted = [len(sure), len(moves), len(judged), len(shown_rows)]
    assert numbers(said)[:4] == list(map(str, counted))
    assert said.count(". ") <= 2


@pytest.mark.parametrize("result", ComparisonResult)
def test_a_move_has_one_result_in_the_answer_the_table_and_how_sure(
    world: Worlds, result: ComparisonResult
) -> None:
    evidence = world("default").evidence()
    results = {"mandelbrot": result}
    moves = tuple(
        replace(
            row,
            speedup=replace(
                row.speedup,
                reading=results.get(row.workload, ComparisonResult.INCONCLUSIVE),
            ),
        )
        for row in evidence.tables.moves
    )
    evidence = replace(evidence, tables=replace(evidence.tables, moves=moves))
    shown = [move.result for row in heat_table(of(evidence)).rows for move in row.moves]
    open_ = shown.count(words.RESULTS[ComparisonResult.INCONCLUSIVE])
    assert open_ in (len(shown), len(shown) - 1)
    (section,) = decision.build(evidence)
    certain = plain(text.part(len(shown) - open_, len(shown), "move"))
    assert f"Conclusive: {certain} and " in plain(lines_of(section)["How sure:"])
    answer = plain(section.answer)
    if open_ == len(shown):
        assert f"No verdict yet for any of the {open_} workloads." in answer
    else:
        assert f"{open_} {'is' if open_ == 1 else 'are'} inconclusive." in answer


def test_an_inconclusive_choice_is_not_counted_as_conclusive(world: Worlds) -> None:
    """Also where a family was ruled out, which has a q value."""
    evidence = world("default").evidence()
    first, *rest = evidence.tables.decisions
    assert first.q_value is not None
    rows = (replace(first, use=Use.INCONCLUSIVE), *rest)
    (section,) = decision.build(replace(evidence, tables=replace(evidence.tables, decisions=rows)))
    assert plain(section.answer).count("1 inconclusive") == 1
    builds = {arm.name for arm in evidence.campaign.decision_arms}
    choices = sum(row.arm in builds for row in rows)
    certain = plain(text.part(choices - 1, choices, "choice"))
    assert f" and {certain} (per " in plain(lines_of(section)["How sure:"])


def test_the_bottom_line_is_about_the_main_workloads(world: Worlds) -> None:
    answer = plain(str(section_of(world(EVERYTHING)).answer))
    main = of(world(EVERYTHING).evidence()).main
    assert f"of the {len(main)} main workloads" in answer
    assert answer.count("On 3.13, ") == answer.count("On 3.13t, ") == 1


def test_what_failed_is_left_out_and_says_why(world: Worlds) -> None:
    cell = cells(world("some failed"))["compress", "3.13", "threads"]
    assert (cell.shown, cell.ratio, cell.is_recommended) == ("✗", None, False)
    assert "a trial failed" in cell.details[0]


def test_the_control_build_is_no_choice(world: Worlds) -> None:
    assert [build.name for build in table_of(world("default")).builds] == ["3.13", "3.13t"]


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_the_legend_explains_the_signs_of_the_table_and_no_others(
    world: Worlds, page: Callable[[str], str], name: str
) -> None:
    """On the page and in the summary; a page that recommends nothing may have no table."""
    signs = [MARK, *words.RESULT_SYMBOLS.values(), CROSS]
    cells = [cell for row in table_of(world(name)).rows for cell in (*row.cells, *row.moves)]
    shown = {sign for cell in cells for sign in (cell.shown, cell.symbol)}
    shown |= {MARK for cell in cells if cell.is_recommended}
    captions = re.findall(
        '<div class="heat[^>]*data-heat>.*?<caption>(.*?)</caption>', page(name), re.S
    )
    legends = re.findall("^Speedup over serial .*$", summary.markdown(world(name).page()), re.M)
    assert len(captions[:1]) == len(legends) == bool(cells)
    for legend in (*captions[:1], *legends):
        explained = re.findall(r"(?:^|; )(\S)\s", unescape(re.sub("<[^>]*>", "", legend)))
        assert explained == [sign for sign in signs if sign in shown]


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_rows_have_anchors_of_their_own(world: Worlds, name: str) -> None:
    anchors = [row.anchor for row in table_of(world(name)).rows]
    assert len(set(anchors)) == len(anchors)
    assert not any(char.isspace() for anchor in anchors for char in anchor)


def test_where_every_trial_failed_the_caution_counts_the_planned_blocks(world: Worlds) -> None:
    (found,) = decision.build(world("all failed").evidence())
    assert words.block_caution(2) in found.cautions[0]


@pytest.mark.parametrize("name", ["all failed", "only the notebook", "no serial"])
def test_without_recommendations_there_is_no_table(world: Worlds, name: str) -> None:
    section = section_of(world(name))
    assert section.answer
    if not of(world(name).evidence()).workloads:
        assert not section.of(Own)


@pytest.mark.parametrize(
    ("threads", "blocks", "without"),
    [
        (6, "6 blocks", ""),
        (3, "3 to 6 blocks", ""),
        (1, "6 blocks", "configurations have no interval: it needs two blocks"),
        (0, "6 blocks", "configurations have no interval: it needs two blocks"),
    ],
)
def test_intervals_are_said_to_be_from_the_blocks_that_they_have(
    tmp_path: Path, threads: int, blocks: str, without: str
) -> None:
    made = factories.make_campaign(factories.make_cells(blocks=6))
    most = {"threads": threads}
    evidence = write_limited_world(
        tmp_path, made, lambda one: one["block"] <= most.get(one["cell"]["model"], 6)
    ).evidence()
    told = plain(decision.limits(evidence, of(evidence)))
    assert f"intervals from {blocks} cover" in told
    few = [row for row in evidence.tables.cells if row.timing == "warm" and row.ok < 2]
    assert bool(few) is bool(without)
    assert (f" {len(few)} of " in told) is bool(few)
    assert without in told


def test_blocks_that_a_budget_left_out_are_not_said_to_be_measured(tmp_path: Path) -> None:
    made = factories.make_campaign(factories.make_cells(blocks=6))
    evidence = write_limited_world(tmp_path, made, lambda one: one["block"] <= 3).evidence()
    assert evidence.campaign.blocks == 3
    assert "from 3 blocks" in plain(decision.limits(evidence, of(evidence)))


@pytest.mark.parametrize(
    ("budget", "left_out", "no_time"),
    [
        (None, ("experiment startup",), 0),
        ("5min", (), 0),
        ("5min", ("experiment startup",), 0),
        ("5min", (), 1),
        ("5min", ("experiment startup",), 2),
    ],
)
def test_what_a_budget_left_out_is_named_with_what_measures_it(
    world: Worlds, budget: str | None, left_out: tuple[str, ...], no_time: int
) -> None:
    evidence = world("default").evidence()
    campaign, tables = evidence.campaign, evidence.tables
    limited = replace(
        evidence,
        campaign=replace(campaign, config={**campaign.config, "budget": budget}, left_out=left_out),
        tables=replace(
            tables,
            outcomes=(OutcomeRow(outcome=LEFT_OUT, trials=no_time),),
            failures=[
                FailureRow(cell=cell, outcome=LEFT_OUT, trials=1)
                for cell in ("mandelbrot/threads/2/3.13/warm", "mandelbrot/serial/1/3.13/warm")
            ][:no_time],
        ),
    )
    (section,) = decision.build(limited)
    told = "".join(map(plain, section.cautions))
    assert ("A budget of 5min limited this sweep" in told) == bool(budget and (left_out or no_time))
    assert ("the same command goes on with them" in told) == bool(no_time)
    assert ("(mandelbrot in scaling" in told) == bool(no_time)
    assert ("leaves out: experiment startup. To measure" in told) == bool(budget and left_out)
    linked = [part for one in section.cautions for part in one if isinstance(part, Link)]
    assert [link.address for link in linked] == ["#trials-without-times"] * bool(no_time)


@pytest.mark.parametrize(
    ("settings", "left_out", "no_time", "is_told"),
    [
        ({}, (), 0, True),
        ({"budget": "5min"}, (), 0, True),
        ({"blocks": 8}, (), 0, False),
        ({"budget": "5min"}, ("blocks: 1 instead of 8",), 0, False),
        ({"budget": "5min"}, (), 1, False),
    ],
)
def test_more_blocks_are_advised_only_where_the_config_limits_them(
    world: Worlds,
    settings: dict[str, object],
    left_out: tuple[str, ...],
    no_time: int,
    is_told: bool,
) -> None:
    evidence = world("one block").evidence()
    campaign, tables = evidence.campaign, evidence.tables
    outcomes = (*tables.outcomes, OutcomeRow(outcome=LEFT_OUT, trials=no_time))
    few = replace(
        evidence,
        campaign=replace(campaign, config={**campaign.config, **settings}, left_out=left_out),
        tables=replace(tables, outcomes=outcomes),
    )
    (section,) = decision.build(few)
    assert (words.option("blocks=8") in section.cautions[0]) is is_told


def test_only_builds_that_were_measured_are_called_plain(world: Worlds) -> None:
    evidence = world("plain builds").evidence()
    assert "3.13t" in evidence.plain_arms
    campaign = evidence.campaign
    cells = tuple(cell for cell in campaign.cells if cell.arm == "3.13")
    fewer = replace(evidence, campaign=replace(campaign, cells=cells))
    assert fewer.plain_arms == ["3.13"]


def test_where_processes_can_t_be_started_the_recommendation_says_so_and_why(world: Worlds) -> None:
    evidence = world("default").evidence()
    reason = "this machine makes no semaphores (Read-only file system); mount a tmpfs at /dev/shm"
    machine = replace(evidence.campaign.machine, no_semaphores=reason)
    without = replace(evidence, campaign=replace(evidence.campaign, machine=machine))
    (section,) = decision.build(without)
    caution = plain(*section.cautions)
    assert caution.startswith("Processes can't be started on this machine")
    assert caution.endswith("Read-only file system); mount a tmpfs at /dev/shm.")
