"""Nobody is shut out: accessibility rules, the keyboard alone, no scripts."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Pages, Scheme, from_npm, open_everything, opened

EVERYTHING = "{resultTypes: ['violations']}"
CONTRAST = "{resultTypes: ['violations'], runOnly: ['color-contrast']}"


# Colours are all that differs between light and dark.
@pytest.mark.parametrize(
    "name", ["every experiment", "hostile", "all failed", "two machines", "ten machines"]
)
@pytest.mark.parametrize(
    ("scheme", "rules"), [("light", EVERYTHING), ("dark", CONTRAST)], ids=["light", "dark"]
)
def test_axe_finds_nothing_that_shuts_somebody_out(
    browser: Browser, pages: Pages, name: str, scheme: Scheme, rules: str
) -> None:
    page = opened(browser, pages(name), scheme=scheme)
    open_everything(page)
    page.evaluate(from_npm("axe-core/axe.min.js").read_text(encoding="utf-8"))
    # Of a long page, all that is well would take minutes to be told.
    found: list[dict[str, Any]] = page.evaluate(
        f"async () => (await axe.run(document, {rules})).violations"
    )
    violations = [
        (one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found
    ]
    assert json.dumps(violations, indent=1) == "[]"
    page.context.close()


def test_the_keyboard_alone_reaches_everything(browser: Browser, pages: Pages) -> None:
    page = opened(browser, pages("default"))
    open_everything(page)
    reachable = page.evaluate(
        """() => {
          const all = [...document.querySelectorAll(
            "a[href], summary, select, input, button, [tabindex='0']")]
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


def test_without_scripts_everything_is_there(browser: Browser, pages: Pages) -> None:
    with_scripts = opened(browser, pages("default"))
    without = opened(browser, pages("default"), scripts=False)

    def told(page: Page) -> list[str]:
        """The text of each section, without the tools that scripts add."""
        return [one.inner_text() for one in page.locator("main > section").all()]

    with_scripts.evaluate("document.querySelectorAll('.tools').forEach((one) => one.remove())")
    assert [one.split() for one in told(without)] == [one.split() for one in told(with_scripts)]
    for page in (with_scripts, without):
        page.context.close()
