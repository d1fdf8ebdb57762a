from collections.abc import Callable
from dataclasses import fields, replace
from statistics import median_low
from typing import Any

import pandas as pd
import pytest
from threads_or_processes.records.tables.comparisons import DecisionRow, FamilyRow
from threads_or_processes.records.tables.groups import Candidate, Ratio
from threads_or_processes.records.vocabulary import ComparisonResult, Family
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Own, Paragraph
from threads_or_processes.reporting.sections import decision, decision_table
from threads_or_processes.reporting.sections.decision_table import Choice, Decision, Decisions
from threads_or_processes.reporting.words import Status

from tests.reporting.sentences import arms, numbers, plain
from tests.reporting.worlds import World

Worlds = Callable[[str], World]


def row(best: Candidate | None, own: Ratio | None = None) -> DecisionRow:
    """A decision where everything that is not given is missing."""
    missing: dict[str, Any] = dict.fromkeys(field.name for field in fields(DecisionRow))
    known: dict[str, Any] = {"workload": "w", "arm": "3.13", "best": best, "own_speedup": own}
    return DecisionRow(**{**missing, **known})


def best(model: str, family: Family, workers: int) -> Candidate:
    cell = f"w/{model}/{workers}/3.13/warm"
    return Candidate(cell=cell, model=model, family=family, workers=workers)


SERIAL = best("serial", Family.SERIAL, 1)
THREADS = best("threads", Family.THREADS, 2)
PROCESSES = best("processes-fork", Family.PROCESSES, 2)


def own(reading: ComparisonResult) -> Ratio:
    return Ratio(value=1.9, low=1.71, high=2.09, reading=reading)


def family(name: Family, reading: ComparisonResult) -> FamilyRow:
    speedup = Ratio(value=1.0, low=0.9, high=1.1, reading=reading)
    return FamilyRow(
        workload="w", arm="3.13", family=name, cell="", model="", workers=2, speedup=speedup
    )


FASTER, SLOWER, EQUAL, UNRESOLVED = ComparisonResult


@pytest.mark.parametrize(
    ("found", "families", "status"),
    [
        (row(PROCESSES, own(FASTER)), (), Status.GAIN),
        (row(PROCESSES, own(EQUAL)), (), Status.NO_GAIN),
        (row(PROCESSES, own(SLOWER)), (), Status.NO_GAIN),
        (row(PROCESSES, own(UNRESOLVED)), (), Status.OPEN),
        (row(THREADS), (), Status.OPEN),
        (row(SERIAL), (family(Family.THREADS, EQUAL),), Status.NO_GAIN),
        (row(SERIAL), (family(Family.THREADS, UNRESOLVED),), Status.OPEN),
        (row(SERIAL), (family(Family.COROUTINES, UNRESOLVED),), Status.OPEN),
        (row(SERIAL), (), Status.NO_DATA),
        (row(None), (), Status.NO_DATA),
    ],
)
def test_what_a_decision_comes_to(
    found: DecisionRow, families: tuple[FamilyRow, ...], status: Status
) -> None:
    assert decision_table.status_of(found, families) is status


def test_an_arm_without_a_row_has_no_data() -> None:
    assert decision_table.status_of(None, ()) is Status.NO_DATA


def decided(evidence: Evidence) -> tuple[Decision, ...]:
    """The rows of the table."""
    (section,) = decision.build(evidence)
    (table,) = (own.value for own in section.of(Own))
    assert isinstance(table, Decisions)
    return table.decisions


def choices(world: World, workload: str) -> dict[str, Choice]:
    evidence = world.evidence()
    title = evidence.campaign.title(workload)
    (found,) = [d for d in decided(evidence) if d.title == title]
    return {choice.arm: choice for choice in found.choices}


def test_a_workload_that_holds_the_gil_wants_processes_on_the_standard_build(
    world: Worlds,
) -> None:
    standard = choices(world("default"), "mandelbrot")["3.13"]
    assert standard.status is Status.GAIN
    assert "processes" in standard.headline.lower()
    assert numbers(standard.headline) == ["2"]
    value, low, high, *times = map(float, numbers(standard.lines[0]))
    assert 1.05 < low <= value <= high < 2.5
    assert len(times) == 2
    assert "serial" in standard.lines[0]
    of_threads = [line for line in standard.lines if "threads" in line.lower()]
    assert any(numbers(line) == ["5"] for line in of_threads)  # no gain, within the margin
    table = pd.read_csv(world("default").results / "tables/decisions.csv")
    (row_,) = table[(table["workload"] == "mandelbrot") & (table["arm"] == "3.13")].to_dict(
        "records"
    )
    (beside,) = (line for line in of_threads if "runner-up" in line)
    assert "faster than the runner-up, threads" in beside
    advantage = [row_[f"advantage_{end}ratio"] for end in ("", "low_", "high_")]
    assert numbers(beside) == [*(f"{end:.2f}" for end in advantage), "2"]


def test_the_free_threaded_build_is_judged_against_both_serials(world: Worlds) -> None:
    free = choices(world("default"), "mandelbrot")["3.13t"]
    assert [arms(line) for line in free.lines[:2]] == [["3.13t"], ["3.13"]]
    assert all("serial" in line and "[" in line for line in free.lines[:2])


def test_the_two_times_beside_a_ratio_are_those_it_is_of(world: Worlds) -> None:
    ratios = pd.read_csv(world("default").results / "tables/ratios.csv")
    chosen = ratios[
        (ratios["cell"] == "mandelbrot/processes-fork/2/3.13/warm")
        & (ratios["contrast"] == "speedup_own")
    ]
    (found,) = chosen.to_dict("records")
    line = choices(world("default"), "mandelbrot")["3.13"].lines[0]
    assert f"({text.time(found['cell_ns'])} against {text.time(found['baseline_ns'])})" in line
    assert found["baseline_ns"] / found["cell_ns"] == pytest.approx(found["ratio"])


def test_what_failed_is_named_and_keeps_serial_from_being_the_last_word(world: Worlds) -> None:
    # The only processes cell with two workers crashed once, so nothing measured gains.
    standard = choices(world("some failed"), "mandelbrot")["3.13"]
    assert standard.status is Status.OPEN
    sure = choices(world("every experiment"), "counter_unlocked")["3.13t"]
    assert "serial" in standard.headline.lower()
    assert standard.headline != sure.headline
    assert any("failed" in line and "processes" in line for line in standard.lines)


def test_the_control_arm_is_no_choice(world: Worlds) -> None:
    assert set(choices(world("default"), "mandelbrot")) == {"3.13", "3.13t"}


def test_the_absolute_time_of_the_baseline_stands_beside_every_workload(world: Worlds) -> None:
    for found in decided(world("default").evidence()):
        assert arms(found.baseline) == ["3.13"]
        (time,) = numbers(found.baseline)
        assert time.startswith("2")
        assert f"{time} ms" in plain(found.baseline)


def test_the_headline_names_the_family_and_the_line_its_best_model(world: Worlds) -> None:
    # Seven ways with processes were tried on this workload.
    standard = choices(world("every experiment"), "mandelbrot")["3.13"]
    evidence = world("every experiment").evidence()
    rows = {(row.workload, row.arm): row for row in evidence.tables.decisions}
    chosen = rows["mandelbrot", "3.13"].best
    assert chosen is not None
    assert chosen.family in standard.headline.lower()
    way = words.choice(evidence.campaign.model_title(chosen.model), chosen.workers)
    assert standard.lines[0].lower().startswith(way)


def test_only_workloads_with_something_to_decide_are_in_the_table(world: Worlds) -> None:
    evidence = world("every experiment").evidence()
    titles = [found.title for found in decided(evidence)]
    assert titles[:2] == ["The mandelbrot workload", "The json workload"]
    assert not [t for t in titles if "grain" in t or "empty" in t or "send" in t]


def test_a_way_that_loses_updates_is_named_and_not_recommended(world: Worlds) -> None:
    free = choices(world("every experiment"), "counter_unlocked")["3.13t"]
    assert free.status is Status.NO_GAIN
    assert "serial" in free.headline.lower()
    assert any("lost" in line and "threads" in line for line in free.lines)


def test_cells_with_fewer_blocks_are_not_said_to_have_them_all(world: Worlds) -> None:
    campaign = world("every experiment").evidence().campaign
    one = next(cell for cell in campaign.cells if cell.timing == "warm")
    fewer = replace(campaign, cells=(replace(one, blocks=3), *campaign.cells))
    assert numbers(words.blocks(campaign)) == ["6"]
    assert numbers(words.blocks(fewer)) == ["3", "6"]


def test_the_first_screen_says_how_sure_it_is(world: Worlds) -> None:
    evidence = world("every experiment").evidence()
    (section,) = decision.build(evidence)
    (words_,) = (one.words for one in section.of(Paragraph) if one.style == "confidence")
    told = "".join(part for part in words_ if isinstance(part, str))
    intervals, _, noise = told.partition("A/A")
    assert numbers(intervals) == ["95", "6"]
    ratios = pd.read_csv(world("every experiment").results / "tables/control.csv")["ratio"]
    apart = [100 * (max(one, 1 / one) - 1) for one in ratios]
    typical, worst = (f"{share:.2g}" for share in (median_low(apart), max(apart)))
    assert numbers(noise.partition("pairs")[0]) == [typical, worst, str(len(apart))]


@pytest.mark.parametrize(("model", "names_pools"), [("processes-fork", False), ("joblib", True)])
def test_pools_are_named_where_another_interface_is_best(
    world: Worlds, model: str, names_pools: bool
) -> None:
    evidence = world("every experiment").evidence()
    rows = tuple(
        replace(one, best=replace(one.best, model=model, family=Family.PROCESSES), runner_up=SERIAL)
        for one in evidence.tables.decisions
        if (one.workload, one.arm) == ("json", "3.13") and one.best is not None
    )
    changed = replace(evidence, tables=replace(evidence.tables, decisions=rows))
    (shown,) = (one for one in decided(changed) if "json" in one.title)
    lines = [line for choice in shown.choices if choice.arm == "3.13" for line in choice.lines]
    both = [line for line in map(str.lower, lines) if "processes" in line and "threads" in line]
    assert [("pool" in line) for line in both] == [names_pools]
