from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pandas as pd
import pytest
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Own, Paragraph
from threads_or_processes.reporting.rows import DecisionRow
from threads_or_processes.reporting.sections import decision
from threads_or_processes.reporting.sections.decision import Choice, Decision, Decisions
from threads_or_processes.reporting.words import Status

from tests.reporting.worlds import World

Worlds = Callable[[str], World]


def row(**known: Any) -> DecisionRow:
    """A decision where everything that is not given is missing."""
    empty = {f.name: "" if f.type is str else None for f in fields(DecisionRow)}
    return DecisionRow(**{**empty, "workload": "w", "arm": "3.13", **known})


SERIAL = {"best_model": "serial", "best_family": "serial"}


def own(reading: str, value: float = 1.9) -> dict[str, Any]:
    return {
        "best_model": "processes-fork",
        "best_family": "processes",
        "best_workers": 2,
        "own_speedup_ratio": value,
        "own_speedup_low_ratio": value * 0.9,
        "own_speedup_high_ratio": value * 1.1,
        "own_speedup_reading": reading,
    }


def family(name: str, reading: str) -> dict[str, Any]:
    return {
        f"{name}_workers": 2,
        f"{name}_speedup_ratio": 1.0,
        f"{name}_low_ratio": 0.9,
        f"{name}_high_ratio": 1.1,
        f"{name}_reading": reading,
    }


@pytest.mark.parametrize(
    ("known", "status"),
    [
        (own("faster"), Status.GAIN),
        (own("equal"), Status.NO_GAIN),
        (own("slower"), Status.NO_GAIN),
        (own("unresolved"), Status.OPEN),
        ({"best_model": "threads", "best_family": "threads", "best_workers": 2}, Status.OPEN),
        ({**SERIAL, **family("threads", "equal")}, Status.NO_GAIN),
        ({**SERIAL, **family("threads", "unresolved")}, Status.OPEN),
        ({**SERIAL, **family("coroutines", "unresolved")}, Status.OPEN),
        (SERIAL, Status.NO_DATA),
        ({}, Status.NO_DATA),
    ],
)
def test_what_a_decision_comes_to(known: dict[str, Any], status: Status) -> None:
    assert decision.status_of(row(**known)) is status


def test_an_arm_without_a_row_has_no_data() -> None:
    assert decision.status_of(None) is Status.NO_DATA


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
    assert standard.headline == "Processes, 2\u00a0workers"
    assert any("Threads gain nothing" in line for line in standard.lines)
    assert standard.lines[0].startswith("1.")
    assert "faster than serial [" in standard.lines[0]
    assert any("faster than the runner-up, threads" in line for line in standard.lines)


def test_the_free_threaded_build_is_judged_against_both_serials(world: Worlds) -> None:
    free = choices(world("default"), "mandelbrot")["3.13t"]
    assert "than serial on 3.13t [" in free.lines[0]
    assert "than serial on 3.13 [" in free.lines[1]


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
    assert standard.headline == "Stay serial, perhaps"
    assert any("Left out because a trial failed: processes" in line for line in standard.lines)


def test_the_control_arm_is_no_choice(world: Worlds) -> None:
    assert set(choices(world("default"), "mandelbrot")) == {"3.13", "3.13t"}


def test_the_absolute_time_of_the_baseline_stands_beside_every_workload(world: Worlds) -> None:
    for found in decided(world("default").evidence()):
        assert found.baseline.startswith("Serial on 3.13: 2")
        assert found.baseline.endswith("ms (median)")


def test_the_headline_names_the_family_and_the_line_its_best_model(world: Worlds) -> None:
    # Seven ways with processes were tried on this workload.
    standard = choices(world("every experiment"), "mandelbrot")["3.13"]
    assert standard.headline.startswith("Processes, ")
    assert ", 2\u00a0workers: " in standard.lines[0] or ", 4\u00a0workers: " in standard.lines[0]


def test_only_workloads_with_something_to_decide_are_in_the_table(world: Worlds) -> None:
    evidence = world("every experiment").evidence()
    titles = [found.title for found in decided(evidence)]
    assert titles[:2] == ["The mandelbrot workload", "The json workload"]
    assert not [t for t in titles if "grain" in t or "empty" in t or "send" in t]


def test_a_way_that_loses_updates_is_named_and_not_recommended(world: Worlds) -> None:
    free = choices(world("every experiment"), "counter_unlocked")["3.13t"]
    assert (free.status, free.headline) == (Status.NO_GAIN, "Stay serial")
    assert any("Left out because updates were lost: threads" in line for line in free.lines)


def test_cells_with_fewer_blocks_are_not_said_to_have_them_all(world: Worlds) -> None:
    campaign = world("every experiment").evidence().campaign
    one = next(cell for cell in campaign.cells if cell.timing == "warm")
    fewer = replace(campaign, cells=(replace(one, blocks=3), *campaign.cells))
    assert words.blocks(campaign) == f"6{text.SPACE}blocks"
    assert words.blocks(fewer) == f"3 to 6{text.SPACE}blocks"


def test_the_first_screen_says_how_sure_it_is(world: Worlds) -> None:
    (section,) = decision.build(world("every experiment").evidence())
    (words_,) = (one.words for one in section.of(Paragraph) if one.style == "confidence")
    told = "".join(part for part in words_ if isinstance(part, str)).replace(text.SPACE, " ")
    assert "95 % interval in brackets, over 6 blocks" in told
    assert "wo measurements of one cell (A/A) differ by" in told


@pytest.mark.parametrize(
    ("best", "said"),
    [("processes-fork", "Processes are "), ("joblib", "Pool against pool, processes are ")],
)
def test_pools_are_named_where_another_interface_is_best(
    world: Worlds, best: str, said: str
) -> None:
    evidence = world("every experiment").evidence()
    rows = tuple(
        replace(one, best_model=best, best_family="processes", runner_up_family="serial")
        for one in evidence.tables.decisions
        if (one.workload, one.arm) == ("json", "3.13")
    )
    changed = replace(evidence, tables=replace(evidence.tables, decisions=rows))
    (shown,) = (one for one in decided(changed) if "json" in one.title)
    lines = [line for choice in shown.choices if choice.arm == "3.13" for line in choice.lines]
    assert any(line.startswith(said) for line in lines), lines
