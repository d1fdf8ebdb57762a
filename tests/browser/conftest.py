"""A real browser, and the pages of synthetic campaigns on disk for it."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import ROOT, there
from tests.reporting.worlds import page_file
from tests.shelf import Shelf

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SHOWN = (
    "every experiment",
    "two sockets",
    "before and after",
    "two versions",
    "hostile",
    "all failed",
    "two machines",
    "ten machines",
    "thirty machines",
)
"""The worlds whose pages are looked at."""

SCREENSHOTS = ROOT / "tests" / "browser" / "screenshots"
"""Where pictures go, to be looked at; not in git."""

NODE_MODULES = ROOT / "tests" / "browser" / "node_modules"
Pages = Callable[[str], Path]


def from_npm(path: str) -> Path:
    """A file of a package in package.json; the test is skipped where npm has not put it."""
    file = NODE_MODULES / path
    return there(file if file.exists() else None, f"no {path} (npm ci --prefix tests/browser)")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; its sandbox needs rights that a container's root lacks."""
    found = next((found for name in NAMES if (found := shutil.which(name))), None)
    path = there(found, "no Chromium (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def pages(shelf: Shelf) -> Pages:
    """The file of a page by the name of its world."""
    return partial(page_file, shelf)


def opened(
    browser: Browser,
    file: Path,
    *,
    width: int = 1280,
    scheme: Scheme = "light",
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
