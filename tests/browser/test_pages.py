"""Pages as a browser shows them: nothing cut off, nothing covered, nothing fetched."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import SCHEMES, SCREENSHOTS, SHOWN, Pages, open_everything, opened

WIDTHS = (390, 1280, 1920)

#: Text of figures that lies outside its drawing or on other text, and boxes wider than the page.
#: Tables in folds and on phones may scroll; those that stand open on a larger screen must fit.
MISPLACED = """
() => {
  const found = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const right = (box) => box.getBoundingClientRect().right;
  const tables = [...document.querySelectorAll("table")];
  const widest = tables.reduce((a, b) => (right(b) > right(a) ? b : a), tables[0]);
  const where = widest?.caption?.textContent.trim();
  if (wide > 0) found.push(`the page scrolls sideways by ${wide} px (table: ${where})`);
  for (const box of innerWidth < 1280 ? [] : document.querySelectorAll(".scroll")) {
    if (!box.closest("details") && box.scrollWidth > box.clientWidth) {
      const hidden = box.scrollWidth - box.clientWidth;
      found.push(`${hidden} px of a table are hidden: ${box.textContent.trim().slice(0, 60)}`);
    }
  }
  for (const svg of document.querySelectorAll("figure svg")) {
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].filter((t) => t.textContent.trim());
    const boxes = texts.map((t) => [t.textContent.trim(), t.getBoundingClientRect()]);
    for (const [words, box] of boxes) {
      if (box.left < frame.left - 2 || box.right > frame.right + 2 ||
          box.top < frame.top - 2 || box.bottom > frame.bottom + 2) {
        found.push(`${svg.querySelector("title")?.textContent}: "${words}" is cut off`);
      }
    }
    boxes.forEach(([words, a], index) => boxes.slice(index + 1).forEach(([others, b]) => {
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (width > 1.5 && height > 0.25 * Math.min(a.height, b.height)) {
        found.push(`${svg.querySelector("title")?.textContent}: "${words}" lies on "${others}"`);
      }
    }));
  }
  const boxes = "p, li, dd, dt, h1, h2, h3, summary, pre, figcaption, td, th";
  for (const box of document.querySelectorAll(boxes)) {
    if (box.closest("svg") || !box.offsetParent) continue;
    const isForReadersAloud = box.offsetWidth <= 2 || getComputedStyle(box).clipPath !== "none" ||
      box.closest("thead")?.offsetWidth <= 2;
    if (!isForReadersAloud && box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0) {
      found.push(`cut off: ${box.tagName} ${box.textContent.trim().slice(0, 60)}`);
    }
  }
  return found;
}
"""


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_covered_or_off_the_page(
    browser: Browser, pages: Pages, name: str, width: int
) -> None:
    page = opened(browser, pages(name), width=width)
    SCREENSHOTS.mkdir(exist_ok=True)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
    assert page.evaluate(MISPLACED) == []
    open_everything(page)
    assert page.evaluate(MISPLACED) == []
    page.context.close()


@pytest.mark.parametrize("name", SHOWN)
def test_print_fits_the_paper(browser: Browser, pages: Pages, name: str) -> None:
    page = opened(browser, pages(name), width=688)  # A4 within its margins
    page.emulate_media(media="print")
    assert page.evaluate(MISPLACED) == []
    SCREENSHOTS.mkdir(exist_ok=True)
    printed = page.pdf(path=SCREENSHOTS / f"{name}.pdf", format="A4", prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    page.context.close()


@pytest.mark.parametrize("name", SHOWN)
def test_nothing_is_fetched_and_nothing_complains(
    browser: Browser, pages: Pages, name: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(pages(name).as_uri())
    open_everything(page)
    assert [url for url in asked if not url.startswith("data:")] == [pages(name).as_uri()]
    assert said == []
    context.close()


def test_the_policy_of_the_page_stops_what_is_not_its_own(browser: Browser, pages: Pages) -> None:
    page = opened(browser, pages("default"))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    ran = page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.intruded = true";
          document.body.append(script);
          return window.intruded === true;
        }"""
    )
    assert ran is False
    assert any("Content Security Policy" in words for words in said)
    page.context.close()
