"""Pages that are made from the code say what the code says."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_catalogue_page_is_up_to_date() -> None:
    page = runpy.run_path(str(ROOT / "tools/make-docs"))["page"]
    written = (ROOT / "docs/catalogue.md").read_text(encoding="utf-8")
    assert written == page(), "run tools/make-docs"
