"""Figures as data, as files, and in words."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.text import Annotation
from threads_or_processes.analysis.dataset import read_dataset
from threads_or_processes.records.vocabulary import Basis
from threads_or_processes.reporting import drawing, palette
from threads_or_processes.reporting.drawing import lines
from threads_or_processes.reporting.drawing.axes import size_ends, size_ticks, ticks_of
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Scale, Unit
from threads_or_processes.reporting.figure_text import alt_text, csv_text
from threads_or_processes.reporting.sections import quality

from tests.reporting.sentences import arms, numbers, plain
from tests.reporting.worlds import WORLDS, World, campaign, write_world

Worlds = Callable[[str], World]
EVERY = "every experiment"


def drawn(world: World) -> dict[str, FigureSpec]:
    return {figure.name: figure for figure in world.page().figures}


def test_every_experiment_has_a_figure(world: Worlds) -> None:
    assert set(drawn(world(EVERY))) == {
        "notebook-timeline",
        *("speedup-mandelbrot", "speedup-json"),
        *("build_tax", "startup", "memory", "granularity", "shared_state", "apis", "control"),
        *("payload-send_array", "payload-send_array-over-threads"),
        *("payload-send_objects", "payload-send_objects-over-threads", "mine", "order"),
        *(f"why-{work}" for work in ("mandelbrot", "json", "compress", "sleep", "pillow")),
        *("why-grain", "why-dispatch", "why-my_own_work"),
        *("why-shared_append", "why-counter_locked", "why-counter_unlocked"),
    }


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_names_are_unique_and_every_figure_says_something(world: Worlds, name: str) -> None:
    every = world(name).page().figures
    assert len({figure.name for figure in every}) == len(every)
    for figure in every:
        assert figure.title
        assert alt_text(figure).endswith((".", "?", "!"))


def test_every_block_is_a_point_at_its_own_speed_up(world: Worlds) -> None:
    results = world("default").results
    figure = drawn(world("default"))["speedup-mandelbrot"]
    points = [
        mark
        for mark in figure.marks
        if mark.block and (mark.series.model, mark.series.arm) == ("processes-fork", "3.13t")
    ]
    trials = read_dataset(results / "trials.parquet")
    measured = trials[trials["phase"] == "measure"]

    def median_of(cell: str, block: int | None) -> float:
        chosen = measured[(measured["cell"] == cell) & (measured["block"] == block)]
        return float(chosen["wall_ns"].median())

    for point in points:
        cell = f"mandelbrot/processes-fork/{point.position}/3.13t/warm"
        serial = median_of("mandelbrot/serial/1/3.13/warm", point.block)
        assert point.value == pytest.approx(serial / median_of(cell, point.block))
    assert len(points) == 2 * 6


def test_estimates_are_the_ratios_of_the_table(world: Worlds) -> None:
    ratios = pd.read_csv(world("default").results / "tables" / "ratios.csv")
    chosen = ratios[ratios["cell"] == "mandelbrot/threads/2/3.13t/warm"].set_index("contrast")
    expected = chosen.loc["speedup_reference"]
    figure = drawn(world("default"))["speedup-mandelbrot"]
    (estimate,) = [
        mark
        for mark in figure.estimates
        if (mark.series.model, mark.series.arm, mark.position) == ("threads", "3.13t", 2)
    ]
    assert (estimate.value, estimate.low) == (expected["ratio"], expected["ci_low_ratio"])


def test_a_figure_without_trials_says_so_in_its_alternative_text(world: Worlds) -> None:
    missing = {
        "notebook-timeline": "trial of the notebook",
        "speedup-mandelbrot": "compared with serial",
        "speedup-compress": "compared with serial",
    }
    figures = drawn(world("all failed"))
    assert set(figures) == set(missing)
    for name, figure in figures.items():
        nothing, _, why = alt_text(figure).partition(": ")
        assert re.fullmatch(r"No .+ can be drawn", nothing)
        assert why.startswith("no ")
        assert missing[name] in why


def test_alternative_text_names_the_axes_and_the_best_of_each_curve(world: Worlds) -> None:
    figure = drawn(world("default"))["speedup-mandelbrot"]
    said = alt_text(figure)
    assert "(1 and 2)" in said
    parts = re.split(r"[;.] ", plain(said).lower())
    assert len(figure.styles) == 6
    for series in figure.styles:
        model, arm = series.title.split(", ")
        (part,) = (one for one in parts if one.startswith(f"{model} on {arm}: "))
        best = max(figure.of(series), key=lambda mark: mark.value)
        shown, _, _, workers = numbers(part)
        decimals = len(shown.partition(".")[2])
        assert (shown, workers) == (f"{best.value:.{decimals}f}", f"{best.position}")
        assert decimals >= 1


def test_the_timeline_has_a_bar_for_each_worker_of_each_row(world: Worlds) -> None:
    timeline = drawn(world("default"))["notebook-timeline"]
    assert [len(timeline.of(series)) for series in timeline.styles] == [2] * 6
    assert all(0 <= (mark.low or 0) < mark.value == mark.high for mark in timeline.marks)


def test_the_build_is_told_from_its_lock(world: Worlds) -> None:
    figure = drawn(world(EVERY))["build_tax"]
    assert [arms(series.title) for series in figure.styles] == [
        ["3.13t", "3.13"],
        ["3.13t", "3.13t-gil"],
        ["3.13t-gil", "3.13"],
    ]


def test_brackets_are_the_crossovers_of_the_table(world: Worlds) -> None:
    figure = drawn(world(EVERY))["granularity"]
    table = pd.read_csv(world(EVERY).results / "tables/crossovers.csv")
    known = table.dropna(subset=["baseline_to_size", "faster_from_size"])
    of_tasks = known[known["parameter"] == "task_us"]
    assert len(figure.crossovers) == len(of_tasks) > 0
    assert {(b.low, b.high) for b in figure.crossovers} == set(
        zip(of_tasks["baseline_to_size"], of_tasks["faster_from_size"], strict=True)
    )


def test_a_model_keeps_its_colour_where_threads_are_not_drawn(world: Worlds) -> None:
    campaign = world(EVERY).evidence().campaign
    figures = [drawn(world(EVERY))[f"payload-send_array{of}"] for of in ("", "-over-threads")]
    times, speeds = (
        {colour for colour in palette.PALETTE if colour.light in drawing.draw_for_page(one)}
        for one in figures
    )
    threads = palette.model_colours([campaign.models["threads"]])["threads"]
    assert speeds == times - {threads}


def test_the_blocks_stand_in_the_order_in_which_they_ran(world: Worlds) -> None:
    figure = drawn(world(EVERY))["order"]
    table = pd.read_csv(world(EVERY).results / "tables/order.csv")
    told = {(mark.series.title, mark.position, mark.value) for mark in figure.marks}
    assert told == {
        (quality.BASES[Basis(basis)], place, ratio)
        for basis, place, ratio in zip(
            table["basis"], table["place"], table["median_ratio"], strict=True
        )
    }


def test_a_figure_s_file_has_its_numbers_with_their_units(world: Worlds) -> None:
    figure = drawn(world(EVERY))["memory"]
    rows = list(csv.DictReader(io.StringIO(csv_text(figure))))
    assert set(rows[0]) == {"label", "series", "value_bytes", "low_bytes", "high_bytes"}
    memory = pd.read_csv(world(EVERY).results / "tables/memory.csv").set_index("cell")
    (row,) = [r for r in rows if (r["label"], r["series"]) == ("threads, 4\u00a0workers", "3.13t")]
    assert float(row["value_bytes"]) == memory.loc["json/threads/4/3.13t/memory", "idle_bytes"]


@pytest.mark.parametrize("name", [EVERY, "all failed", "hostile"])
def test_every_figure_has_a_file_of_numbers_where_it_has_numbers(world: Worlds, name: str) -> None:
    for figure in drawn(world(name)).values():
        rows = list(csv.reader(io.StringIO(csv_text(figure))))
        assert len({len(row) for row in rows}) <= 1
        assert len(rows) == (len(figure.marks) + 1 if figure.marks else 0)


def test_a_drawing_for_papers_is_the_same_bytes_again(world: Worlds) -> None:
    figure = drawn(world(EVERY))["granularity"]
    png = drawing.draw(figure).png
    assert png.startswith(b"\x89PNG")
    assert png == drawing.draw(figure).png


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((0.9, 1.15), [1 / 1.1, 1 / 1.05, 1, 1.05, 1.1]),
        ((0.45, 2.1), [0.5, 1 / 1.5, 1, 1.5, 2.0]),
        ((0.01, 3.0), [0.01, 0.1, 1]),
    ],
)
def test_ticks_of_ratios_are_as_far_below_one_as_above(
    ends: tuple[float, float], ticks: list[float]
) -> None:
    found = ticks_of(Axis(label="", unit=Unit.RATIO), ends)
    assert 1 in found
    assert len(found) <= 7
    assert all(ends[0] <= tick <= ends[1] for tick in found)
    assert found == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("sizes", "ticks"),
    [
        ((1, 2, 4, 8, 16, 32, 64, 128, 256), (1, 2, 4, 8, 16, 32, 64, 128, 256)),
        ((1, 2, 4, 8, 16, 24, 32, 64), (1, 2, 4, 8, 16, 24, 64)),
        ((1, 2, 4, 8, 10, 20), (1, 2, 4, 8, 10, 20)),
    ],
)
def test_every_number_of_workers_has_a_tick_unless_words_would_touch(
    sizes: tuple[int, ...], ticks: tuple[int, ...]
) -> None:
    axis = Axis(label="workers", unit=Unit.COUNT, scale=Scale.LOG2)
    assert tuple(size_ticks(axis, size_ends(axis, sizes), sizes)) == ticks


def test_of_amounts_near_each_other_only_the_first_has_a_tick() -> None:
    axis = Axis(label="work", unit=Unit.TIME, scale=Scale.LOG)
    sizes = tuple(ms * 1e6 for ms in (20, 60, 160, 170))
    assert tuple(size_ticks(axis, size_ends(axis, sizes), sizes)) == sizes[:3]


# seaborn 0.13 passes pandas a keyword that does nothing; `drawing.draw` is silent about it.
@pytest.mark.filterwarnings("ignore:The copy keyword is deprecated")
@pytest.mark.parametrize(("number", "before"), [(3, ""), (1, "> ")])
def test_a_border_is_drawn_between_the_sizes_beside_it(
    world: Worlds, number: int, before: str
) -> None:
    figure = drawn(world("two sockets"))["speedup-mandelbrot"]
    assert len(figure.borders) == 3
    figure = replace(figure, borders=figure.borders[:number])
    (axes,) = lines.draw(figure, "A figure").axes
    titles = {text.get_text(): text.xy[0] for text in axes.texts if isinstance(text, Annotation)}
    assert len(titles) == len(figure.borders) == number
    for border in figure.borders:
        assert border.below < titles[before + border.title] < border.above


def test_a_label_of_any_text_gives_plain_names_and_stays_text(tmp_path: Path) -> None:
    label = "json,pattern=\\d+ {workers} ../a/b $x^2$</script>" + "x" * 300
    made = campaign(workloads=[label], blocks=2, notebook=False, arms=["3.13"])
    world = write_world(tmp_path, made)
    drawings = world.drawings()
    assert drawings
    assert all(re.fullmatch(r"[A-Za-z0-9_.,=+~-]{1,120}", name) for name in drawings)
    html = world.html()
    assert html.count("<script") == html.count("</script>")
    assert "&lt;/script" in html
