"""A real browser, and the pages of synthetic campaigns on disk for it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import ROOT
from tests.reporting.worlds import COMPARISONS, WORLDS, write_world

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENSHOTS = ROOT / "tests" / "browser" / "screenshots"
"""Where pictures go, to be looked at; not in git."""

Pages = Callable[[str], Path]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; its sandbox needs rights that a container's root lacks."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        assert "CI" not in os.environ, "no Chromium"
        pytest.skip("no Chromium (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """The file of a page by the name of its world."""
    made: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name not in made:
            folder = tmp_path_factory.mktemp("page")
            if name in COMPARISONS:
                html = COMPARISONS[name](folder)
            else:
                html = write_world(folder / "results", WORLDS[name]()).html()
            made[name] = folder / "report.html"
            made[name].write_text(html, encoding="utf-8")
        return made[name]

    return of
