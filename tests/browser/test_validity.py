"""Pages as a validator reads them (the Nu Html Checker)."""

import json
import shutil
import subprocess

import pytest

from tests.browser.conftest import Pages, from_npm
from tests.conftest import there

UNKNOWN_TO_IT = (
    "details-content",  # newer than its CSS
    # It does not compute hashes; that the script runs, and no other, is seen in a browser.
    "Inline script violates Content Security Policy",
    # Two kinds of work may have one title.
    "Duplicate “dt” name",
    "The first occurrence of “dt” name",
)


@pytest.mark.parametrize(
    "name",
    ["every experiment", "hostile", "all failed", "one block", "two machines", "ten machines"],
)
def test_a_page_is_valid_html(pages: Pages, name: str) -> None:
    java = there(shutil.which("java"), "no Java (Debian: apt-get install default-jre-headless)")
    checker = from_npm("vnu-jar/build/dist/vnu.jar")
    done = subprocess.run(
        [java, "-jar", checker, "--format", "json", pages(name)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [
        f"{one['type']}, line {one.get('lastLine')}: {one['message']}"
        for one in json.loads(done.stderr)["messages"]
        if not any(name in one["message"] for name in UNKNOWN_TO_IT)
    ]
    assert said == []
