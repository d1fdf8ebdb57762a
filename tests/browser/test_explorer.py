"""The explorer against the tables it shows."""

from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page
from threads_or_processes.reporting import formatting as text

from tests.browser.conftest import Pages, opened


@pytest.fixture
def explorer(browser: Browser, pages: Pages) -> Page:
    return opened(browser, pages("default"))


def table(pages: Pages, name: str) -> pd.DataFrame:
    results: Path = pages("default").parent / "results"
    return pd.read_csv(results / "tables" / f"{name}.csv")


def rows(page: Page) -> dict[tuple[str, ...], list[str]]:
    """Model, arm and workers; then value, low, high and basis."""
    lines = page.locator("#explorer tbody tr").all()
    cells = [[c.strip() for c in line.locator("th, td").all_inner_texts()] for line in lines]
    # A number of workers may be followed by the border of the machine that it crosses.
    return {(row[0], row[1], row[2].split("\u00a0")[0]): row[3:] for row in cells}


def choose(page: Page, **choices: str) -> None:
    for name, value in choices.items():
        if name == "work":
            page.select_option("#explorer-work", value)
        else:
            page.check(f"#explorer input[name={name}][value={value}]")


def test_times_are_those_of_the_cells(explorer: Page, pages: Pages) -> None:
    choose(explorer, work="compress", measure="time")
    cells = table(pages, "cells").set_index("cell")
    shown = rows(explorer)
    row = cells.loc["compress/threads/2/3.13t/warm"].to_dict()
    assert shown["threads", "3.13t", "2"][:3] == [
        text.time(row[name]) for name in ("median_ns", "ci_low_ns", "ci_high_ns")
    ]
    serial = cells["median_ns"].to_dict()["compress/serial/1/3.13/warm"]
    assert shown["serial", "3.13", "–"][0] == text.time(serial)
    assert len(shown) == 3 * 5


@pytest.mark.parametrize(
    ("measure", "contrast"), [("reference", "speedup_reference"), ("own", "speedup_own")]
)
def test_ratios_are_those_of_the_table(
    explorer: Page, pages: Pages, measure: str, contrast: str
) -> None:
    choose(explorer, work="mandelbrot", measure=measure)
    ratios = table(pages, "ratios")
    cell = "mandelbrot/threads/2/3.13t/warm"
    chosen = ratios[(ratios["cell"] == cell) & (ratios["contrast"] == contrast)].iloc[0]
    shown = rows(explorer)["threads", "3.13t", "2"]
    columns = ("ratio", "ci_low_ratio", "ci_high_ratio")
    assert shown[:3] == [f"{chosen[name]:.2f}×" for name in columns]


def test_the_sentence_names_the_fastest_and_the_slowest(explorer: Page, pages: Pages) -> None:
    choose(explorer, work="compress", measure="time")
    cells = table(pages, "cells")
    of_work = cells[(cells["workload"] == "compress") & (cells["timing"] == "warm")]
    said = explorer.locator("#explorer [data-out=sentence]").inner_text()
    fastest, slowest = of_work["median_ns"].min(), of_work["median_ns"].max()
    assert said.startswith("The compress workload: least is ")
    assert said.index(text.time(fastest)) < said.index("most is") < said.index(text.time(slowest))
    assert "overlaps: this alone settles no order" in said


def test_typical_times_have_no_interval_here(explorer: Page, pages: Pages) -> None:
    choose(explorer, work="compress", measure="reference", basis="typical")
    cells = table(pages, "cells").set_index("cell")["typical_ns"]
    expected = cells["compress/serial/1/3.13/warm"] / cells["compress/threads/2/3.13t/warm"]
    assert rows(explorer)["threads", "3.13t", "2"] == [f"{expected:.2f}×", "–", "–", "typical"]


def test_what_is_not_chosen_is_not_shown(explorer: Page) -> None:
    for model in ("threads", "processes-fork"):
        explorer.uncheck(f"#explorer input[name=model][value={model}]")
    assert {row[0] for row in rows(explorer)} == {"serial"}
    explorer.uncheck("#explorer input[name=model][value=serial]")
    assert rows(explorer) == {}
    said = explorer.locator("#explorer [data-out=sentence]").inner_text()
    assert "nothing that was chosen was compared with serial" in said
    assert not explorer.locator("#explorer table").is_visible()
    assert explorer.locator("#explorer figure svg").count() == 0


def test_the_curve_has_a_line_for_each_model_and_arm(explorer: Page) -> None:
    choose(explorer, work="compress")
    assert explorer.locator("#explorer figure polyline").count() == 9
    label = explorer.locator("#explorer figure svg").get_attribute("aria-label")
    assert label == explorer.locator("#explorer [data-out=sentence]").inner_text()
