"""What is open and what folds, what can be copied and saved, and how much there is to read."""

import csv
import io
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Pages, open_everything, opened

MOST_WORDS = 2500
MOST_BYTES = 2_000_000

#: Words outside closed folds, without drawings, buttons, and what is for screen readers alone.
VISIBLE_WORDS = """
() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let words = 0;
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent.closest("svg, script, style, .tools, .aloud") || !parent.checkVisibility()) continue;
    words += walker.currentNode.data.split(/\\s+/).filter(Boolean).length;
  }
  return words;
}
"""

#: Keeps what is copied, where a test can read it.
CLIPBOARD = """
Object.defineProperty(navigator, "clipboard", {
  value: { writeText: async (text) => { window.copied = text; } },
});
"""


def with_clipboard(browser: Browser, file: Path) -> Page:
    context = browser.new_context(accept_downloads=True)
    context.add_init_script(CLIPBOARD)
    page = context.new_page()
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("name", ["every experiment", "several amounts", "full"])
def test_a_page_is_short_until_it_is_opened(browser: Browser, pages: Pages, name: str) -> None:
    assert pages(name).stat().st_size < MOST_BYTES
    page = opened(browser, pages(name))
    shown = page.evaluate(VISIBLE_WORDS)
    assert shown <= MOST_WORDS
    open_everything(page)
    assert page.evaluate(VISIBLE_WORDS) > 2 * shown  # so the rest is there, in folds
    page.context.close()


def test_an_open_glossary_takes_the_width_of_the_page(browser: Browser, pages: Pages) -> None:
    page = opened(browser, pages("every experiment"))
    page.set_viewport_size({"width": 1280, "height": 800})
    width = "document.getElementById('reference').offsetWidth"
    whole = page.evaluate("document.querySelector('main').offsetWidth")
    assert page.evaluate(width) < 0.7 * whole
    page.goto(pages("every experiment").as_uri() + "#term-batch")
    assert page.locator("#term-batch").is_visible()
    assert page.evaluate(width) == whole
    page.context.close()


def test_a_link_into_a_fold_opens_it(browser: Browser, pages: Pages) -> None:
    file = pages("every experiment")
    for scripts in (True, False):
        page = opened(browser, file, scripts=scripts)
        assert not page.locator("#glossary dl").first.is_visible()
        page.goto(f"{file.as_uri()}#glossary")
        assert page.locator("#glossary dl").first.is_visible()
        page.context.close()


def test_every_fold_opens_by_the_keyboard(browser: Browser, pages: Pages) -> None:
    page = opened(browser, pages("default"))
    summaries = page.locator("summary")
    for index in range(summaries.count()):
        summary = summaries.nth(index)
        fold = summary.locator("..")
        if not summary.is_visible():
            continue
        was_open = fold.evaluate("one => one.open")
        summary.focus()
        page.keyboard.press("Enter")
        assert fold.evaluate("one => one.open") is not was_open
        fold.evaluate("one => { one.open = true; }")  # and those within come next
    assert page.evaluate("[...document.querySelectorAll('details')].every((one) => one.open)")
    page.context.close()


def test_a_copied_table_can_be_parsed_and_is_the_table(browser: Browser, pages: Pages) -> None:
    page = with_clipboard(browser, pages("every experiment"))
    open_everything(page)
    tables = page.locator("main table:has(.tools)")
    assert tables.count() == page.locator("main table:has(caption)").count()
    for table in (tables.nth(0), page.locator("#workers table").first, tables.last):
        table.get_by_role("button", name="CSV").click()
        page.wait_for_function("window.copied !== undefined")
        head, *body = csv.reader(io.StringIO(page.evaluate("window.copied")))
        assert body
        assert {len(row) for row in body} == {len(head)}
        page.evaluate("window.copied = undefined")
        table.get_by_role("button", name="Markdown").click()
        page.wait_for_function("window.copied !== undefined")
        lines = page.evaluate("window.copied").splitlines()
        assert len(lines) == len(body) + 2
        page.evaluate("window.copied = undefined")
    table = page.locator("#workers table").first
    table.get_by_role("button", name="CSV").click()
    copied = list(csv.reader(io.StringIO(page.evaluate("window.copied"))))
    shown = table.locator("tbody tr").first.locator("th, td").all_inner_texts()
    assert copied[1] == [" ".join(cell.split()) for cell in shown]
    page.context.close()


def test_a_saved_figure_stands_alone(browser: Browser, pages: Pages, tmp_path: Path) -> None:
    page = with_clipboard(browser, pages("every experiment"))
    open_everything(page)
    figure = page.locator("figure").first
    for word in ("SVG", "PNG"):
        with page.expect_download() as found:
            figure.get_by_role("button", name=word).click()
        found.value.save_as(tmp_path / word)
        assert found.value.suggested_filename.endswith(f".{word.lower()}")
    svg = (tmp_path / "SVG").read_text(encoding="utf-8")
    root = ET.fromstring(svg)
    assert root.get("width")
    assert "var(" not in svg
    assert "currentColor" not in svg
    content = (tmp_path / "PNG").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 5000  # there is something on it
    page.context.close()


def test_the_citation_can_be_copied(browser: Browser, pages: Pages) -> None:
    page = with_clipboard(browser, pages("default"))
    open_everything(page)
    page.locator("#cite .tools button").first.click()
    page.wait_for_function("window.copied !== undefined")
    assert page.evaluate("window.copied") == page.locator(".citation").inner_text()
    page.context.close()


def test_without_scripts_there_are_no_buttons_that_need_them(
    browser: Browser, pages: Pages
) -> None:
    page = opened(browser, pages("default"), scripts=False)
    assert page.locator(".tools").count() == 0
    page.context.close()
