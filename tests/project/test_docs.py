"""Pages that are made from the code say what the code says."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_pages_that_are_made_from_the_code_are_up_to_date() -> None:
    pages = runpy.run_path(str(ROOT / "tools/make-docs"))["pages"]
    for path, text in pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run tools/make-docs"
