"""The documentation as a site: it builds without a network, and what it links to is there."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import ROOT

#: What a browser fetches by itself when it shows a page.
FETCHED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("link", "href")}


class Page(HTMLParser):
    """The anchors of a page, and what it links to or fetches."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: set[str] = set()
        self.fetched: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if value and (tag, name) in {*FETCHED, ("a", "href")}:
                self.targets.add(value)
            if value and (tag, name) in FETCHED:
                self.fetched.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it; a proxy that isn't there stands for no network."""
    folder = tmp_path_factory.mktemp("site")
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ndocs:")[2].splitlines()[1]
    _, *options = recipe.split()
    command = [option.replace("site", str(folder), 1) for option in options]
    nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    subprocess.run(
        [sys.executable, "-m", "sphinx", *command], cwd=ROOT, env=nowhere, check=True, timeout=120
    )
    return folder


def test_each_link_and_anchor_of_the_site_leads_somewhere(site: Path) -> None:
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in written(site)}
    broken = {
        f"{path.relative_to(site)}: {target}"
        for path, page in pages.items()
        for target in page.targets
        if not leads_somewhere(path, target, pages)
    }
    assert len(pages) > 20
    assert not broken


def written(site: Path) -> list[Path]:
    """The pages; reports in an example's downloads have tests of their own."""
    return [path for path in site.rglob("*.html") if "_downloads" not in path.parts]


def leads_somewhere(path: Path, target: str, pages: dict[Path, Page]) -> bool:
    """Whether a link within the site has its file, and in that page its anchor."""
    address = urlsplit(target)
    if address.scheme or address.netloc:
        return True
    found = (path.parent / unquote(address.path)).resolve() if address.path else path
    if not found.is_file():
        return False
    return not address.fragment or found not in pages or address.fragment in pages[found].anchors


def test_the_site_shows_itself_without_a_network(site: Path) -> None:
    for path in written(site):
        fetched = Page(path.read_text(encoding="utf-8")).fetched
        assert fetched, path
        assert not [target for target in fetched if urlsplit(target).netloc], path
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(.?(?:https?:)?//|@import", style.read_text("utf-8")), style


def test_the_first_page_is_where_a_server_looks_for_it(site: Path) -> None:
    assert (site / "index.html").read_text() == (site / "README.html").read_text()
