"""The page on many machines: a wide table scrolls in its own box, and keeps what names a row."""

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page

from tests.browser.conftest import Pages, opened
from tests.browser.test_pages import WIDTHS


def box(locator: Locator) -> FloatRect:
    found = locator.bounding_box()
    assert found is not None
    return found


def scrolled(page: Page) -> Locator:
    """The first table's box, scrolled to its end; the same table's rows are within."""
    heat = page.locator("#decision .heat")
    assert heat.evaluate("one => one.scrollWidth > one.clientWidth")
    heat.evaluate("one => { one.scrollLeft = one.scrollWidth; }")
    return heat


@pytest.mark.parametrize("width", WIDTHS)
def test_workload_and_agreement_stay_in_view_when_a_wide_table_is_scrolled(
    browser: Browser, pages: Pages, width: int
) -> None:
    page = opened(browser, pages("thirty machines"), width=width)
    heat = scrolled(page)
    row = heat.locator("tbody tr[id]").first
    title, agreement, last = (
        box(row.locator("th")),
        box(row.locator("td.use")),
        box(row.locator("td.n").last),
    )
    assert title["x"] == pytest.approx(box(heat)["x"], abs=1)
    assert agreement["x"] + agreement["width"] <= width
    assert title["x"] + title["width"] <= last["x"]
    assert last["x"] + last["width"] <= agreement["x"] + 1
    page.context.close()


def test_a_cell_tells_what_it_rests_on_within_the_window(browser: Browser, pages: Pages) -> None:
    page = opened(browser, pages("thirty machines"), width=390)
    cell = scrolled(page).locator("tbody tr[id] td.n:has(button)").last
    cell.locator("button").focus()
    told = cell.locator(".more")
    assert told.is_visible()
    found = box(told)
    assert found["x"] >= 0
    assert found["x"] + found["width"] <= 390
    page.context.close()


def test_each_table_sorts_for_itself(browser: Browser, pages: Pages) -> None:
    page = opened(browser, pages("ten machines"))
    tables = page.locator("[data-heat]")
    assert tables.count() > 2
    for index in range(2):
        tables.nth(index).locator("thead button", has_text="cloud-vm").click()
        ratios = [
            float(cell.get_attribute("data-sort") or "nan")
            for cell in tables.nth(index).locator("tbody td[data-label=cloud-vm]").all()
            if cell.get_attribute("data-sort")
        ]
        assert len(ratios) > 1
        assert ratios == sorted(ratios, reverse=True)
    page.context.close()


@pytest.mark.parametrize("name", ["two machines", "ten machines", "thirty machines"])
def test_a_phone_shows_a_machine_between_workload_and_agreement(
    browser: Browser, pages: Pages, name: str
) -> None:
    page = opened(browser, pages(name), width=390)
    for table in ("#decision", "#moves"):
        row = page.locator(f"{table} .heat tbody tr[id]").first
        machine, agreement = box(row.locator("td.n").first), box(row.locator("td.use"))
        assert machine["x"] + 40 < agreement["x"], table
    page.context.close()
