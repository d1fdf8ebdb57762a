"""The report of many workers beside neighbours."""

from pathlib import Path

from tests.factories import beside_neighbours, make_campaign, make_cell
from tests.reporting.worlds import write_world


def test_the_report_says_in_how_many_repetitions_chunks_stand_for_others(tmp_path: Path) -> None:
    cells = [
        make_cell("mandelbrot", model, workers, "3.13t", blocks=6)
        for model, workers in (("serial", 1), ("threads", 64))
    ]
    said = "In 30\N{NO-BREAK SPACE}repetitions, undisturbed chunks of the same trial replace"
    disturbed = [place % 5 == 1 for place in range(64)]
    noisy = beside_neighbours(make_campaign(cells), disturbed)
    assert said in write_world(tmp_path / "noisy", noisy).html()
    calm = beside_neighbours(make_campaign(cells), [False] * 64)
    assert "replace disturbed ones" not in write_world(tmp_path / "calm", calm).html()
