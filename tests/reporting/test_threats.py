"""Threats are named when the data call for them, and only then."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.measured import MISSING, OutcomeRow
from threads_or_processes.reporting.page import Facts, Link
from threads_or_processes.reporting.sections import rules, threats
from threads_or_processes.reporting.trials import conditions_of

from tests import factories
from tests.reporting.sentences import numbers, plain
from tests.reporting.worlds import World, campaign, write_limited_world, write_world

Worlds = Callable[[str], World]
ALWAYS = {
    "Interpreters match",
    "No sentinel",
    "Noise floor unknown",
    "The best was chosen",
    "Small kernels",
    "Shared cores",
    "One machine",
    "One compilation",
}


def named(world: World) -> dict[str, str]:
    (section,) = threats.build(world.evidence())
    return {fact.term: fact.text for group in section.of(Facts) for fact in group.facts}


def test_an_ordinary_campaign_has_only_the_threats_that_hold_for_it(world: Worlds) -> None:
    assert set(named(world("default"))) == ALWAYS


def test_the_page_says_how_many_compilations_intervals_cover(tmp_path: Path) -> None:
    cells = factories.make_cells(workloads=["json"], blocks=2)
    world = write_world(tmp_path, factories.make_campaign(cells, compilations=2))
    assert "One compilation" not in named(world)
    assert "2 compilations of each" in plain(named(world)["Few compilations"])
    html = (
        re.sub(r"<[^>]*>", "", unescape(world.html())).replace("\u202f", " ").replace("\u00a0", " ")
    )
    assert "cover this session and 2 compilations" in html
    assert "95 % intervals of this session and 2 compilations" in html
    assert "these binaries" not in html
    assert "3.13t-2" in html  # beside the other interpreters


@pytest.mark.parametrize(
    ("name", "threat"),
    [
        ("one block", "Few blocks"),
        ("some failed", "Trials that failed"),
        ("plain builds", "Plain builds"),
        ("plain builds", "Interpreters differ"),
        ("sixteen workers", "More workers than CPUs"),
        ("every experiment", "Stolen time"),
        ("every experiment", "Other programs"),
    ],
)
def test_what_is_odd_is_named(world: Worlds, name: str, threat: str) -> None:
    assert threat in named(world(name))
    assert threat not in named(world("default"))


def test_trials_that_a_budget_left_out_have_not_failed(tmp_path: Path) -> None:
    made = campaign(workloads=["json"], notebook=False, blocks=2)
    (crashed, *_), planned = made.records.values(), len(made.records)
    crashed.update(outcome="crashed", explanation="it ended", repetitions=[])
    world = write_limited_world(tmp_path, made, lambda one: one["block"] == 1)
    told = {term: plain(fact) for term, fact in named(world).items()}
    assert crashed["block"] == 1
    assert told["Trials that failed"].startswith("1 trial ")
    assert f"no time for {planned // 2} trials" in told["Trials left out"]
    page = plain(world.html())
    assert f"{planned} trials planned = " in page
    assert f"1 the process died + {planned // 2} left out, for the budget" in page
    assert page.count("there was no time for it within the budget") == planned // 2
    assert "#trials-without-times" in page
    assert 'id="trials-without-times"' in page


def test_trials_that_a_data_set_lacks_have_not_failed(world: Worlds) -> None:
    evidence = world("default").evidence()
    outcomes = (
        OutcomeRow(outcome="planned", trials=3),
        OutcomeRow(outcome="ok", trials=1),
        OutcomeRow(outcome=MISSING, trials=2),
    )
    lacking = replace(evidence, tables=replace(evidence.tables, outcomes=outcomes))
    (section,) = threats.build(lacking)
    told = {fact.term: plain(fact.text) for group in section.of(Facts) for fact in group.facts}
    assert told["Trials without a record"].startswith("2 trials of the plan")
    assert "Trials that failed" not in told


def test_a_fault_of_the_harness_that_a_second_try_mended_is_counted(tmp_path: Path) -> None:
    made = campaign(workloads=["json"], notebook=False, blocks=1)
    record = next(iter(made.records.values()))
    record["health"]["flags"] = ["harness_fault"]
    record["harness_faults"] = ["the sentinel died"]
    world = write_world(tmp_path, made)
    assert plain(named(world)["Measuring failed once"]).startswith("1 trial: ")
    assert {row.flag: row.trials for row in world.evidence().tables.health} == {
        "any": 1,
        "harness_fault": 1,
    }


@pytest.mark.parametrize(
    ("state", "threat"),
    [
        ({"boost": True}, "Turbo"),
        ({"on_battery": True}, "On battery"),
        ({"governors": ["powersave"]}, "Frequency governor"),
    ],
)
def test_what_the_machine_says_of_itself_is_named(
    tmp_path: Path, state: dict[str, object], threat: str
) -> None:
    made = campaign(workloads=["json"], notebook=False, blocks=1)
    record = next(iter(made.records.values()))
    for when in ("before", "after"):
        record["health"][when].update(state)
    assert threat in named(write_world(tmp_path, made))


@pytest.mark.parametrize(
    ("fingerprint", "threat"),
    [
        ({"virtualisation": "kvm"}, "A virtual machine"),
        ({"cpu_quota": 1.5}, "A CPU quota"),
        ({"logical_cpus": 1}, "One CPU"),
    ],
)
def test_what_the_machine_is_is_named(
    tmp_path: Path, fingerprint: dict[str, object], threat: str
) -> None:
    made = campaign(workloads=["json"], notebook=False, blocks=1)
    made.plan["machine"]["fingerprint"].update(fingerprint)
    for record in made.records.values():
        record["machine"] = made.plan["machine"]["fingerprint"]
    assert threat in named(write_world(tmp_path, made))


@pytest.mark.parametrize("online_cpus", [None, 2, 64])
def test_a_machine_of_which_others_may_use_a_part_is_named(
    tmp_path: Path, online_cpus: int | None
) -> None:
    made = campaign(workloads=["json"], notebook=False, blocks=1)
    made.plan["machine"]["online_cpus"] = online_cpus
    assert made.plan["machine"]["fingerprint"]["logical_cpus"] == 2
    found = named(write_world(tmp_path, made))
    assert ("A part of a machine" in found) is (online_cpus == 64)


def test_a_high_noise_floor_is_named(tmp_path: Path) -> None:
    cells = factories.grid(["json"], ["serial"], arms=("3.13",), replicates=2)

    def truth(cell: Cell) -> float:
        return 20e6 * (1.3 if cell.replicate == 2 else 1.0)

    made = factories.make_campaign(
        cells,
        experiments=[factories.make_experiment("control", "How far apart?", cells)],
        truth=truth,
    )
    found = named(write_world(tmp_path, made))
    assert numbers(found["High noise floor"])[0].startswith("3")
    assert "Noise floor unknown" not in found


def test_conditions_are_those_of_all_trials() -> None:
    healths = [
        {"before": {"boost": True, "clock_source": "tsc", "clock_overhead_ns": 40}, "after": {}},
        {
            "before": {"boost": False, "governors": ["powersave", "performance"]},
            "after": {"clock_overhead_ns": 60, "clock_source": "hpet"},
            "clock": {"resolution_ns": 1},
        },
    ]
    found = conditions_of(json.dumps(health) for health in healths)
    assert found.boost == {True, False}
    assert found.governors == ("performance", "powersave")
    assert found.clock_sources == ("hpet", "tsc")
    assert (found.clock_resolution_ns, found.clock_overhead_ns) == (1, 40)
    assert found.on_battery == frozenset()


@pytest.mark.parametrize("name", ["default", "only the notebook", "every experiment"])
def test_the_twelve_rules_lead_to_sections_that_are_there(
    world: Worlds, page: Callable[[str], str], name: str
) -> None:
    found = rules.build(world(name).evidence())
    assert len(found) == 12
    links = [part for rule in found for part in rule if isinstance(part, Link)]
    assert len(links) == 12
    assert all(f' id="{link.address[1:]}"' in page(name) for link in links)
