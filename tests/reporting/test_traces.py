from collections.abc import Callable

import pandas as pd
import pytest
from threads_or_processes.reporting import alt_text
from threads_or_processes.reporting.traces import AnyFigure, SpeedupFigure, TimelineFigure

from tests.reporting.worlds import World

Worlds = Callable[[str], World]


def figures(world: World) -> dict[str, AnyFigure]:
    return {figure.name: figure for figure in world.page().figures}


def test_every_block_is_a_point_at_its_own_speed_up(world: Worlds) -> None:
    results = world("default").results
    figure = figures(world("default"))["speedup-mandelbrot"]
    assert isinstance(figure, SpeedupFigure)
    (curve,) = [c for c in figure.curves if (c.model, c.arm) == ("processes-fork", "3.13t")]
    trials = pd.read_parquet(results / "trials.parquet")
    measured = trials[trials["phase"] == "measure"]

    def median_of(cell: str, block: int) -> float:
        chosen = measured[(measured["cell"] == cell) & (measured["block"] == block)]
        return float(chosen["wall_ns"].median())

    for point in curve.points:
        cell = f"mandelbrot/processes-fork/{point.workers}/3.13t/warm"
        serial = median_of("mandelbrot/serial/1/3.13/warm", point.block)
        assert point.speedup_ratio == pytest.approx(serial / median_of(cell, point.block))
    assert len(curve.points) == 2 * 6


def test_estimates_are_the_ratios_of_the_table(world: Worlds) -> None:
    ratios = pd.read_csv(world("default").results / "tables" / "ratios.csv")
    chosen = ratios[ratios["cell"] == "mandelbrot/threads/2/3.13t/warm"].set_index("contrast")
    expected = chosen.loc["speedup_reference"]
    figure = figures(world("default"))["speedup-mandelbrot"]
    assert isinstance(figure, SpeedupFigure)
    (curve,) = [c for c in figure.curves if (c.model, c.arm) == ("threads", "3.13t")]
    (estimate,) = [e for e in curve.estimates if e.workers == 2]
    assert estimate.speedup.value == expected["ratio"]
    assert estimate.speedup.low == expected["ci_low_ratio"]


def test_a_figure_without_trials_says_so_in_its_alternative_text(world: Worlds) -> None:
    for figure in figures(world("all failed")).values():
        assert "can be drawn" in alt_text.description(figure)


def test_alternative_text_names_the_axes_and_the_best_of_each_curve(world: Worlds) -> None:
    figure = figures(world("default"))["speedup-mandelbrot"]
    assert isinstance(figure, SpeedupFigure)
    said = alt_text.description(figure)
    assert "over the number of workers (1 and 2)" in said
    assert said.count("at most") == len(figure.curves) == 6


def test_the_timeline_has_a_bar_for_each_worker_of_each_row(world: Worlds) -> None:
    timeline = figures(world("default"))["notebook-timeline"]
    assert isinstance(timeline, TimelineFigure)
    assert [len(lane.spans) for lane in timeline.lanes] == [2] * 6
    assert timeline.end_ns == max(s.end_ns for lane in timeline.lanes for s in lane.spans)
