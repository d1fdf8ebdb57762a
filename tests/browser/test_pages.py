"""Pages as a browser shows them: nothing cut off, nothing fetched, nobody shut out."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import SCREENSHOTS, Pages

WIDTHS = (390, 1280, 1920)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SHOWN = ("every experiment", "sixteen workers", "hostile", "all failed", "two machines")

#: Text of figures that lies outside its drawing or on other text, and boxes wider than the page.
MISPLACED = """
() => {
  const found = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(`the page scrolls sideways by ${wide} px`);
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
    if (box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0) {
      found.push(`cut off: ${box.tagName} ${box.textContent.trim().slice(0, 60)}`);
    }
  }
  return found;
}
"""


def opened(
    browser: Browser,
    file: Path,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    scripts: bool = True,
) -> Page:
    """A page in a window of its own; close its context afterwards."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(file.as_uri())
    return page


def open_everything(page: Page) -> None:
    """Open every fold."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_covered_or_off_the_page(
    browser: Browser, pages: Pages, name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = opened(browser, pages(name), width=width, scheme=scheme)
    SCREENSHOTS.mkdir(exist_ok=True)
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


@pytest.mark.parametrize("name", [*SHOWN, "default"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_that_shuts_somebody_out(
    browser: Browser, pages: Pages, name: str, scheme: Literal["light", "dark"]
) -> None:
    page = opened(browser, pages(name), scheme=scheme)
    open_everything(page)
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("() => axe.run(document)")
    violations = [
        (one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found["violations"]
    ]
    assert json.dumps(violations, indent=1) == "[]"
    page.context.close()


def test_the_keyboard_alone_reaches_everything(browser: Browser, pages: Pages) -> None:
    page = opened(browser, pages("default"))
    open_everything(page)
    reachable = page.evaluate(
        """() => {
          const all = [...document.querySelectorAll(
            "a[href], summary, select, input, [tabindex='0']")]
            .filter((one) => one.offsetParent !== null || one.classList.contains("skip"));
          all.forEach((one, index) => { one.dataset.place = index; });
          // A group of radio buttons is one stop: the arrows go on from there.
          return all.filter((one) => one.type !== "radio" || one.checked)
            .map((one) => Number(one.dataset.place));
        }"""
    )
    reached = []
    for _ in reachable:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("Number(document.activeElement.dataset.place)"))
    assert reached == reachable
    page.context.close()


def test_without_scripts_everything_but_the_explorer_is_there(
    browser: Browser, pages: Pages
) -> None:
    with_scripts = opened(browser, pages("default"))
    without = opened(browser, pages("default"), scripts=False)
    assert with_scripts.locator("#explorer").is_visible()
    assert not without.locator("#explorer").is_visible()
    sections = "main > section:not(#explorer)"
    assert without.locator(sections).all_inner_texts() == (
        with_scripts.locator(sections).all_inner_texts()
    )
    for page in (with_scripts, without):
        page.context.close()
