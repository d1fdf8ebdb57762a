"""The documentation as a site: `make docs` builds it from the Markdown files as they are."""

import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
PARTS = {"README.md", "CHANGELOG.md", "benchmarks", "docs", "results"}

project = "Threads or Processes"
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "*/*.md", "docs/example/*.md"]
exclude_patterns = [*sorted({entry.name for entry in ROOT.iterdir()} - PARTS), "results/*/*"]

myst_heading_anchors = 4  # GitHub's anchors, so a link works in both places
highlight_language = "text"

html_theme = "furo"
html_title = project
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_use_index = False


def contents() -> str:
    """The navigation: the groups and pages of docs/README.md, which is the index on GitHub."""
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    _, *groups = re.split(r"^\*\*(.+?)\*\*", index, flags=re.MULTILINE)
    named = [
        ("Index", "All pages <docs/README>"),
        *zip(groups[::2], map(pages, groups[1::2]), strict=True),
    ]
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{listed}\n```\n"
        for title, listed in named
    )


def pages(text: str) -> str:
    """The pages that a part of docs/README.md links to as a whole, by its words, a line each."""
    links = re.findall(r"\[([^][]+)\]\(([\w./-]+)\.md\)", text)
    return "\n".join(f"{words[0].upper()}{words[1:]} <docs/{page}>" for words, page in links)


def adapt(_: Sphinx, docname: str, source: list[str]) -> None:
    """A link to a folder leads to its README, as on GitHub; the first page has the contents."""
    source[0] = re.sub(r"(\]\([^):]*/)\)", r"\1README.md)", source[0])
    if docname == root_doc:
        source[0] += contents()


def name_first_page(app: Sphinx, exception: Exception | None) -> None:
    """The first page is also where a server and a reader look for it."""
    if exception is None:
        shutil.copyfile(app.outdir / f"{root_doc}.html", app.outdir / "index.html")


def setup(app: Sphinx) -> None:
    """What Sphinx calls."""
    app.connect("source-read", adapt)
    app.connect("build-finished", name_first_page)
