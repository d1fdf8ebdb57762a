"""Each experiment's section against its tables, also where nothing came of it."""

import re
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import (
    Figure,
    Fold,
    Heading,
    Paragraph,
    Parts,
    Section,
    Table,
)
from threads_or_processes.reporting.sections import experiments, workers

from tests import factories
from tests.reporting.sentences import numbers, plain
from tests.reporting.worlds import World

Worlds = Callable[[str], World]
EVERY = "every experiment"


def sections(world: World) -> dict[str, Section]:
    evidence = world.evidence()
    names = [one.name for one in evidence.campaign.experiments]
    found = {name: experiments.section_of(name, evidence) for name in names}
    return {
        name: section
        for name, section in found.items()
        if section and name not in experiments.ELSEWHERE
    }


def rows(table: Table) -> dict[tuple[str, ...], dict[str, str]]:
    """Rows by what names them, spaces made plain."""
    headers = [column.header.replace(text.SPACE, " ") for column in table.columns]
    plain = [[cell.replace(text.SPACE, " ") for cell in row] for row in table.rows]
    return {tuple(r[: table.row_headers]): dict(zip(headers, r, strict=True)) for r in plain}


def ratio_of(world: World, cell: str, baseline: str) -> float:
    """The ratio of the table, whichever way round it stands there."""
    table = pd.read_csv(world.results / "tables" / "ratios.csv")
    found = table[(table["cell"] == cell) & (table["baseline_cell"] == baseline)]["ratio"]
    if len(found):
        return float(found.iloc[0])
    return 1 / ratio_of(world, baseline, cell)


def starts_with(shown: str, ratio: float) -> bool:
    return shown.startswith((f"{ratio:.2f}× [", f"{ratio:.1f}× ["))


def test_every_experiment_has_a_section_but_those_shown_elsewhere(world: Worlds) -> None:
    planned = [name for name, *_ in factories.every_experiment()]
    assert list(sections(world(EVERY))) == [
        name for name in planned if name not in ("notebook", "scaling", "kinds")
    ]
    assert sections(world("default")) == {}
    for name, section in sections(world(EVERY)).items():
        assert section.question == f"What about {name}?"
        assert section.of(Table)
        assert all(table.rows for table in section.of(Table))


def test_a_question_stands_once(world: Worlds) -> None:
    for section in world(EVERY).page().sections:
        asked = [one.words for one in section.of(Paragraph) if one.style == "question"]
        asked += [section.question] if section.question else []
        assert len(set(asked)) == len(asked)


def test_what_was_never_measured_says_so_and_shows_no_table(world: Worlds) -> None:
    found = sections(world("some never worked"))
    for name in ("payload", "startup", "shared_state", "control"):
        assert found[name].answer
        assert not numbers(found[name].answer)
        assert {one.style for one in found[name].of(Paragraph)} <= {"question"}
        assert not found[name].of(Figure)
        # What was left out of the plan is known without any trial.
        assert {one.caption.split()[0] for one in found[name].of(Table)} <= {"Combinations"}
    assert found["memory"].of(Table)


def test_what_workers_cost_is_one_table(world: Worlds) -> None:
    (section,) = workers.build(world(EVERY).evidence())
    table, *folds = section.blocks
    assert isinstance(table, Table)
    assert [fold.anchor for fold in folds if isinstance(fold, Fold)] == [
        "experiment-startup",
        "experiment-memory",
    ]
    assert "2\u00a0workers" in table.caption  # as many as CPUs
    found = sections(world(EVERY))
    startup = rows(found["startup"].of(Table)[0])["processes (spawn)", "2 (> cores)"]
    memory = rows(found["memory"].of(Table)[0])["processes (fork)", "2 (> cores)"]
    shown = rows(table)
    assert shown["processes (spawn)",]["3.13 first result"] == startup["3.13 first result"]
    assert shown["processes (fork)",]["3.13t memory"] == memory["3.13t idle"]
    assert list(workers.build(world("default").evidence())) == []


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("", "Startup, shutdown and idle memory with"),
        ("memory", "Startup and shutdown with"),
        ("startup", "Idle memory with"),
    ],
)
def test_the_caption_of_what_workers_cost_names_what_was_measured(
    world: Worlds, missing: str, said: str
) -> None:
    evidence = world(EVERY).evidence()
    planned = tuple(one for one in evidence.campaign.experiments if one.name != missing)
    campaign = replace(evidence.campaign, experiments=planned)
    (section,) = workers.build(replace(evidence, campaign=campaign))
    table = section.blocks[0]
    assert isinstance(table, Table)
    assert table.caption.startswith(said)


def test_other_experiments_have_an_answer_each_and_the_rest_in_a_fold(world: Worlds) -> None:
    (section,) = experiments.others(world(EVERY).evidence())
    (parts,) = section.of(Parts)
    found = sections(world(EVERY))
    anchors = [part[0].anchor for part in parts.parts if isinstance(part[0], Heading)]
    assert anchors == [f"experiment-{name}" for name in found if name not in experiments.PLACED]
    for part in parts.parts:
        assert [type(block) for block in part] == [Heading, Paragraph, Fold]


def test_the_build_is_judged_against_the_reference(world: Worlds) -> None:
    (table,) = sections(world(EVERY))["build_tax"].of(Table)
    row = rows(table)[("The json workload",)]
    for arm in ("3.13t", "3.13t-gil"):
        expected = ratio_of(world(EVERY), f"json/serial/1/{arm}/warm", "json/serial/1/3.13/warm")
        assert starts_with(row[f"{arm} speed"], expected)
    assert "3.13 speed" not in row
    assert "Model: serial" in table.caption


def test_start_up_and_memory_show_each_way_on_each_arm(world: Worlds) -> None:
    found = sections(world(EVERY))
    table = pd.read_csv(world(EVERY).results / "tables" / "startup.csv")
    times_ns = dict(zip(table["cell"], table["first_result_ns"], strict=True))
    shown = rows(found["startup"].of(Table)[0])["processes (spawn)", "2 (> cores)"]
    expected = text.time(times_ns["empty/processes-spawn/2/3.13/cold"])
    assert shown["3.13 first result"] == expected.replace(text.SPACE, " ")
    assert "3.13 first ever" not in shown  # its trials have no warm-up
    memory = rows(found["memory"].of(Table)[0])
    assert memory["processes (fork)", "4 (> CPUs)"]["3.13 idle"] == "32.0"
    assert memory["threads", "4 (> CPUs)"]["3.13t idle"] == "12.0"


@pytest.mark.parametrize(
    ("model", "between"),
    [("threads", []), ("processes (fork)", ["10 µs", "100 µs"])],
)
def test_the_shortest_task_that_pays_is_named(
    world: Worlds, model: str, between: list[str]
) -> None:
    speedups, begins, dispatch, *_ = sections(world(EVERY))["granularity"].of(Table)
    speedup = rows(speedups)[model, "3.13t"]
    assert list(speedup)[2:] == ["10 µs", "100 µs", "1 ms", "10 ms"]
    expected = ratio_of(
        world(EVERY),
        "grain,task_us=1000/processes-fork/2/3.13t/warm",
        "grain,task_us=1000/serial/1/3.13t/warm",
    )
    if model != "threads":
        assert starts_with(speedup["1 ms"], expected)
    row = rows(begins)[model, "2 (> cores)", "3.13t"]
    assert re.findall(r"\d+ (?:µs|ms)", row["Between"]) == between
    table = pd.read_csv(world(EVERY).results / "tables/crossovers.csv")
    way = (table["model"] == "processes-fork") & (table["arm"] == "3.13t")
    way &= (table["parameter"] == "task_us") & (table["baseline_model"] == "serial")
    about_us = table.loc[way, "crossover_size"].item()
    if model != "threads":
        assert row["About"].startswith(f"{about_us:.0f} µs [")
    serial = world(EVERY).evidence().tables.cell("dispatch/serial/1/3.13/warm")
    assert serial is not None
    assert serial.median_ns is not None
    per_task = rows(dispatch)["serial", "–"]["3.13 per task"]
    assert per_task.startswith(text.time(serial.median_ns / 64).replace(text.SPACE, " ") + " [")


def test_what_each_worker_adds_is_shown_with_its_interval(world: Worlds) -> None:
    table = pd.read_csv(world(EVERY).results / "tables/slopes.csv")
    slopes = table.set_index(["quantity", "model", "arm"])["per_worker"]
    found = sections(world(EVERY))
    added = rows(found["memory"].of(Table)[1])["processes (fork)", "3.13"]
    expected = text.mebibytes(slopes["idle_bytes", "processes-fork", "3.13"])
    assert added["Idle, each worker"].startswith(f"{expected} [")
    starts = rows(found["startup"].of(Table)[1])["processes (spawn)", "3.13"]
    expected = text.time(slopes["first_result_ns", "processes-spawn", "3.13"])
    assert starts["First result, each worker"].startswith(expected.replace(text.SPACE, " "))


def test_payloads_and_ways_are_judged_against_threads(world: Worlds) -> None:
    found = sections(world(EVERY))
    times, ratios, begins, *_ = found["payload"].of(Table)
    assert "threads" in rows(times)["The send_array workload", "4\u202f096"]
    row = rows(ratios)["The send_array workload", "4\u202f096"]
    work = "send_array,kib=4096"
    expected = ratio_of(
        world(EVERY), f"{work}/processes-fork/2/3.13/warm", f"{work}/threads/2/3.13/warm"
    )
    assert expected < 0.8
    assert starts_with(row["processes (fork)"], expected)
    assert "threads" not in row
    crossovers = pd.read_csv(world(EVERY).results / "tables/crossovers.csv")
    of_sizes = crossovers[(crossovers["parameter"] == "kib")]
    assert set(of_sizes["baseline_model"]) == {"threads"}
    assert len(begins.rows) == len(of_sizes)
    ways, *_ = found["apis"].of(Table)
    assert rows(ways)["serial", "–"]["3.13t speed"] == "–"  # no number of workers to share
    assert rows(ways)["threads", "2 (> cores)"]["3.13t speed"] == "–"
    raw = rows(ways)["raw threads", "2 (> cores)"]["3.13t speed"]
    pair = "mandelbrot/raw_threads/2/3.13t/warm", "mandelbrot/threads/2/3.13t/warm"
    assert starts_with(raw, ratio_of(world(EVERY), *pair))


def test_lost_updates_are_counted_and_said(world: Worlds) -> None:
    section = sections(world(EVERY))["shared_state"]
    losing, _, updates, skipped = section.of(Table)
    assert section.blocks[0] == losing  # it is open
    assert {name[1:] for name in rows(losing)} == {("threads", "2 (> cores)", "3.13t")}
    row = rows(updates)["The counter_unlocked workload", "threads", "2 (> cores)", "3.13t"]
    assert (row["With losses"], row["Lost, median"]) == ("30 of 30", "10 %")
    assert numbers(section.answer)[-2:] == ["1", "8"]
    assert [row[2:] for row in skipped.rows] == [
        (
            "The shared_append workload; The counter_locked workload; "
            "The counter_unlocked workload",
            "processes (fork); joblib",
            "12",
        )
    ]


def test_a_cell_against_itself_shows_the_noise(world: Worlds) -> None:
    section = sections(world(EVERY))["control"]
    (table,) = section.of(Table)
    assert len(table.rows) == 6
    control = pd.read_csv(world(EVERY).results / "tables" / "control.csv")
    worst = max(max(ratio, 1 / ratio) - 1 for ratio in control["ratio"])
    assert text.percent(worst) in section.answer
    assert "6" in numbers(section.answer)
    at = [header.header for header in table.columns].index("Ratio")
    shown = sorted(float(row[at].split("×")[0]) for row in table.rows)
    assert shown == sorted(round(ratio, 2) for ratio in control["ratio"])


def test_somebody_s_own_experiment_is_shown_too(world: Worlds) -> None:
    section = sections(world(EVERY))["mine"]
    assert section.title == "Mine"
    row = rows(section.of(Table)[0])["threads", "2 (> cores)"]
    pair = "my_own_work/threads/2/3.13/warm", "my_own_work/serial/1/3.13/warm"
    assert starts_with(row["3.13 speed"], ratio_of(world(EVERY), *pair))


def test_an_added_experiment_is_shown_by_what_it_measures(world: Worlds) -> None:
    found = sections(world("added experiments"))
    assert "MiB" in found["weight"].answer
    assert re.search(r"\d (ms|µs)", plain(found["lives"].answer))
    table = pd.read_csv(world("added experiments").results / "tables" / "startup.csv")
    first_ever_ns = dict(zip(table["cell"], table["first_ever_ns"], strict=True))
    starts = rows(found["lives"].of(Table)[0])["processes (fork)",]
    expected = text.time(first_ever_ns["empty/processes-fork/2/3.13t/cold"])
    assert starts["3.13t first ever"] == expected.replace(text.SPACE, " ")
    assert [figure.drawn.name for one in found.values() for figure in one.of(Figure)] == [
        "weight",
        "lives",
        "sending",
    ]


def test_sending_a_task_has_a_cost_not_a_speedup(world: Worlds) -> None:
    section = sections(world("added experiments"))["sending"]
    (costs,) = section.of(Table)
    cell = world("added experiments").evidence().tables.cell("dispatch/threads/2/3.13/warm")
    assert cell is not None
    assert cell.tasks
    ends = (cell.median_ns, cell.ci_low_ns, cell.ci_high_ns)
    value, low, high = (text.time((end or 0) / cell.tasks) for end in ends)
    expected = plain(f"{value} [{low}, {high}]")
    assert rows(costs)["threads", "2 (> cores)"]["3.13 per task"] == expected
    assert f"with 2 workers: {expected} (threads, 3.13) to" in plain(section.answer)
    assert "×" not in section.answer


def test_scaling_figures_show_the_scaling_experiment_alone(world: Worlds) -> None:
    drawings = world(EVERY).drawings()
    speedups = {name for name in drawings if name.startswith("speedup-")}
    assert speedups == {"speedup-mandelbrot", "speedup-json"}
    assert "joblib" not in drawings["speedup-mandelbrot"]


def test_pinned_workers_are_held_against_free_ones_and_shared_cpus_are_counted(
    world: Worlds,
) -> None:
    section = sections(world("pinned workers"))["placement"]
    speeds, modes = section.of(Table)
    pair = ("json/processes_pinned-fork/2/3.13/warm", "json/processes-fork/2/3.13/warm")
    expected = ratio_of(world("pinned workers"), *pair)
    shown = rows(speeds)
    assert starts_with(shown["processes pinned (fork)", "2 (> cores)"]["3.13 speed"], expected)
    assert shown["processes (fork)", "2 (> cores)"]["3.13 speed"] == "–"
    free = rows(modes)["The json workload", "processes (fork)", "2 (> cores)", "3.13", "1"]
    assert free["Slow trials"].startswith(("1 of 6, 1.9", "1 of 6, 2.0"))
    assert free["Share"] == "17 % [0.42 %, 64 %]"
    assert free["Co-placed"] == "17 % of 30 repetitions"
    paragraphs = plain(" ".join(str(one.words) for one in section.of(Paragraph)))
    assert "repetitions of free processes, 17 % at 1 batch were co-placed" in paragraphs
    pinned = rows(modes)["The json workload", "processes pinned (fork)", "2 (> cores)", "3.13", "1"]
    assert starts_with(pinned["Pinned / free"], expected)
    assert numbers(section.answer)[0] == "1"
