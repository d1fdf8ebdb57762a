"""Made-up machines from plan to page: known speed-ups go in, and come back with their labels."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from threads_or_processes.records.plan import Machine
from threads_or_processes.records.vocabulary import WorkerKind
from threads_or_processes.reporting import report, words

from tests import factories
from tests.machines import CONTAINER, HYBRID, MACHINES, PLAIN, TWO_SOCKETS, known_ns
from tests.reporting.worlds import World, write_world

Worlds = Callable[[str], World]


@pytest.mark.parametrize("name", MACHINES)
def test_known_speedups_come_back_within_their_intervals(world: Worlds, name: str) -> None:
    truth, campaign = known_ns(MACHINES[name]), world(name).evidence().campaign
    table = pd.read_csv(world(name).results / "tables/scaling.csv")
    cells = campaign.cells_by_id
    known = [
        truth(cells[b]) / truth(cells[c])
        for c, b in zip(table.cell, table.baseline_cell, strict=True)
    ]
    assert len(known) > 40
    assert (table.speedup_ratio / known).between(0.95, 1.05).all()
    held = (table.speedup_low_ratio <= known) & (known <= table.speedup_high_ratio)
    # At a level of 95 %; many cells share one serial cell, and its luck.
    assert held.mean() >= 0.8


@pytest.mark.parametrize(
    ("machine", "labels"),
    [
        (HYBRID, {16: "P cores", 24: "P cores", 32: "cores", 64: "CPUs"}),
        (TWO_SOCKETS, {64: "node", 128: "cores", 256: "CPUs"}),
        (CONTAINER, {20: "quota"}),
        (PLAIN, {128: "CPUs"}),
    ],
    ids=MACHINES,
)
def test_the_page_labels_counts_by_the_border_they_cross(
    world: Worlds, page: Callable[[str], str], machine: Machine, labels: dict[int, str]
) -> None:
    (name,) = [name for name, one in MACHINES.items() if one is machine]
    html = spaced(page(name))
    shown = set(re.findall(r"(\d+) \((&gt; [\w ]+)\)", html))
    assert shown == {(str(count), f"&gt; {what}") for count, what in labels.items()}
    # The figure has a line for each border, and the text names what workers outnumber there.
    (figure,) = [one for one in world(name).page().figures if one.name == "speedup-mandelbrot"]
    assert {border.title for border in figure.borders} == set(labels.values())
    meanings = dict(words.BORDERS.values())
    for border in figure.borders:
        assert f"{meanings[border.title]} from {border.above:g} on" in html


def spaced(html: str) -> str:
    """A page with plain spaces alone."""
    return html.replace("\N{NO-BREAK SPACE}", " ")


def test_every_border_has_words_but_none_where_nothing_is_crossed() -> None:
    assert set(words.BORDERS) == set(WorkerKind) - {WorkerKind.WITHIN_CORES}


def test_what_a_budget_leaves_out_is_said_to_be_its_doing(world: Worlds) -> None:
    evidence = world("default").evidence()
    config = {**evidence.campaign.config, "budget": "20min"}
    campaign = replace(evidence.campaign, config=config, left_out=("no startup",))
    page = report.build(replace(evidence, campaign=campaign))
    assert "To stay within the budget of 20min: no startup." in str(page)


def test_experiments_without_a_build_are_no_doing_of_the_budget(world: Worlds) -> None:
    evidence = world("default").evidence()
    config = {**evidence.campaign.config, "budget": "20min"}
    campaign = replace(evidence.campaign, config=config, without_builds=("payload",))
    page = str(report.build(replace(evidence, campaign=campaign)))
    assert "these experiments: payload." in page
    assert "A budget of" not in page


def test_what_was_left_out_is_on_the_page(world: Worlds, page: Callable[[str], str]) -> None:
    for name in MACHINES:
        left_out = world(name).evidence().campaign.left_out
        assert left_out
        assert all(said in page(name) for said in left_out)


def test_the_machine_is_described(page: Callable[[str], str]) -> None:
    kinds = "8 of the fastest kind (P cores), 16 slower ones"
    assert kinds in spaced(page("8 P and 16 E cores"))
    assert "2, of 64 CPUs" in page("two sockets")
    assert "CPUs that can work at a time" in page("container with a quota")


def test_a_choice_says_which_border_it_crosses_and_whether_fewer_workers_do(
    tmp_path: Path,
) -> None:
    """Here, on two CPUs, four workers are as fast as eight."""
    times_ms = {1: 20.0, 2: 10.0, 4: 5.03, 8: 5.0}
    made = factories.make_campaign(
        [
            factories.make_cell("json", "serial", 1, "3.13"),
            *(factories.make_cell("json", "processes-fork", n, "3.13") for n in times_ms),
        ],
        truth=lambda cell: times_ms[cell.workers] * 1e6,
        noise=factories.Noise(0.002, 0.001),
    )
    said = spaced(write_world(tmp_path, made).html())
    assert "processes, 4 workers" in said
    assert "processes, 8 workers" not in said
