"""The first screen as a reader meets it: it fits, answers without scripts, sorts and filters."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page
from threads_or_processes.reporting import render, report

from tests import factories
from tests.browser.conftest import Pages, opened
from tests.reporting.worlds import write_world

#: As many workloads as the default sweep decides on first, and a laptop's window.
WORKLOADS = 11
LAPTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def default_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with as many main workloads as that of the default sweep, and others below."""
    folder = tmp_path_factory.mktemp("page")
    names = [f"work_{number}" for number in range(WORKLOADS)]
    arms = ("3.13", "3.13t")
    models = ("serial", "threads", "processes-fork")
    main = factories.grid(names, models, arms=arms)
    others = factories.grid([f"other_{number}" for number in range(4)], models, arms=arms)
    campaign = factories.make_campaign(
        [*main, *others],
        experiments=[
            factories.make_experiment("kinds", "Which?", main),
            factories.make_experiment("libraries", "Which libraries?", others),
        ],
    )
    world = write_world(folder / "results", campaign)
    page = report.build(world.evidence())
    file = folder / "report.html"
    file.write_text(render.html(page, world.drawings()), encoding="utf-8")
    return file


@pytest.fixture
def page(browser: Browser, default_sweep: Path) -> Iterator[Page]:
    made = opened(browser, default_sweep)
    made.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    yield made
    made.context.close()


def titles(page: Page) -> list[str]:
    """The workloads in the order shown."""
    return [one.strip() for one in page.locator(".heat tbody tr[id]:visible th").all_inner_texts()]


def heading(page: Page, name: str) -> Locator:
    return page.locator(".heat thead button", has_text=name).first


def test_head_answer_limits_and_main_rows_fit_a_laptop_without_scrolling(page: Page) -> None:
    main = page.locator(".heat tbody").first
    assert main.locator("tr[id]").count() == WORKLOADS
    box = main.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= LAPTOP["height"]
    for above in ("h1", ".lead", "#decision > .answer", "#decision .scope >> nth=0"):
        found = page.locator(above).bounding_box()
        assert found is not None
        assert 0 <= found["y"] < box["y"]
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == LAPTOP["width"]


@pytest.mark.parametrize(("width", "is_beside"), [(1280, True), (390, False)])
def test_a_long_machine_s_name_moves_no_link_below_it(
    page: Page, width: int, *, is_beside: bool
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.locator(".lead").evaluate(
        "(lead) => { lead.textContent = 'A CPU with a name '.repeat(9) }"
    )
    heading, lead, links = (
        page.locator(part).bounding_box() for part in ("h1", ".lead", "header .links")
    )
    assert heading is not None
    assert lead is not None
    assert links is not None
    if is_beside:
        assert links["x"] >= lead["x"] + lead["width"]
        assert links["y"] + links["height"] <= heading["y"] + heading["height"] + 2
        assert links["x"] + links["width"] <= width
    else:
        assert links["y"] >= lead["y"] + lead["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scripts", [True, False])
def test_a_number_tells_its_interval_on_hover_focus_and_tap(
    browser: Browser, default_sweep: Path, *, scripts: bool
) -> None:
    page = opened(browser, default_sweep, scripts=scripts)
    cells = page.locator(".heat tbody tr[id] td.n")
    one, other = cells.nth(2), cells.nth(8)
    assert not one.locator(".more").is_visible()
    one.hover()
    assert one.locator(".more").is_visible()
    assert "trials" in one.locator(".more").inner_text()
    page.mouse.move(0, 0)
    assert not one.locator(".more").is_visible()
    other.locator("button").focus()
    assert other.locator(".more").is_visible()
    described = other.locator("button").get_attribute("aria-describedby")
    assert other.locator(".more").get_attribute("id") == described
    page.context.close()


def test_escape_closes_what_focus_opened(page: Page) -> None:
    cell = page.locator(".heat tbody tr[id] td.n").nth(2)
    cell.locator("button").focus()
    page.keyboard.press("Escape")
    assert not cell.locator(".more").is_visible()


def test_a_click_sorts_a_second_one_turns_it_round_and_a_third_restores(page: Page) -> None:
    before = titles(page)

    def moves() -> list[float]:
        shown = page.locator(".heat tbody tr[id] td.move").all()
        return [float(cell.get_attribute("data-sort") or "nan") for cell in shown]

    head = heading(page, "Move to")
    head.click()
    assert moves() == sorted(moves(), reverse=True)
    assert page.locator(".heat th[aria-sort=descending]").count() == 1
    assert not page.locator(".heat tr.group").first.is_visible()
    head.click()
    assert moves() == sorted(moves())
    head.click()
    assert titles(page) == before
    assert page.locator(".heat th[aria-sort]").count() == 0
    assert page.locator(".heat tr.group").first.is_visible()


def test_a_filter_leaves_the_rows_that_have_its_text(page: Page) -> None:
    everything = titles(page)
    page.locator(".heat [type=search]").fill("OTHER_")
    assert titles(page) == [one for one in everything if "other_" in one]
    assert page.locator(".heat tr.group").first.is_visible()
    other = next(one for one in everything if "other_" not in one)
    page.locator(".heat [type=search]").fill(f"OTHER_, {other}")
    assert titles(page) == [one for one in everything if "other_" in one or one == other]
    status = page.locator(".heat [role=status] p")
    first, *told = status.all_inner_texts()
    assert sum(int(number) for number in re.findall(r"(\d+) [a-z]", first)) == len(titles(page))
    assert [text.split(":")[0] for text in told] == [
        title
        for title in titles(page)
        if page.locator(f"tr:has-text('{title}') .move .more").count()
    ]
    page.locator(".heat [type=search]").fill(f"OTHER_ {other.split()[1]}")
    assert titles(page) == [one for one in everything if "other_" in one or one == other]
    page.locator(".heat [type=search]").fill("none#such")
    assert titles(page) == []
    assert status.all_inner_texts() == ["No row matches “none#such”."]
    assert not page.locator(".heat tr.group").first.is_visible()
    page.locator(".heat [type=search]").fill("")
    assert titles(page) == everything
    assert not status.count()


def test_a_row_has_an_address(browser: Browser, pages: Pages) -> None:
    page = opened(browser, pages("default"))
    page.goto(pages("default").as_uri() + "#work-compress")
    assert page.locator("#work-compress").is_visible()
    page.context.close()
