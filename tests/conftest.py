"""What all tests share: the real interpreters under test, provided once a session."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.decoding import read_as
from threads_or_processes.records.interpreter import Identity

from tests.managed import settings_of, write_mirror
from tests.shelf import Shelf

# In the background of a shell SIGINT is ignored, and all that the tests start would inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]
# Every command that a test starts finds the package.
os.environ["PYTHONPATH"] = str(ROOT / "workflow")
ARMS = ("3.13", "3.13t", "3.13t-gil")
#: The longest files come first, so that at the end no worker is left alone with one.
BEGINNING = ("cluster", "pipeline", "trial", "browser")


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One more than CPUs: trials take turns, and tests of a cluster wait for its jobs."""
    return (yield) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the folders."""

    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        return BEGINNING.index(folder) if folder in BEGINNING else len(BEGINNING)

    items.sort(key=turn)


def interpreter_request(**changes: Any) -> dict[str, Any]:
    """What the pipeline asks the interpreters package for, for the three arms."""
    from threads_or_processes.plan.spelling import parse_arm

    return {
        "arms": [asdict(parse_arm(name)) for name in ARMS],
        "provider": "auto",
        "build": "optimised_if_cached",
        "paths": {},
        "tarball": None,
        "requirements": [],
        **changes,
    }


def there(path: str | Path | None, what: str) -> Path:
    """A thing that a test needs; without it the test is skipped, on the build server it fails."""
    if path is None:
        assert "CI" not in os.environ, what
        pytest.skip(what)
    return Path(path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of hypothesis counts each of its inputs (tests/faults.py)."""
    inputs = re.findall(r"(\d+) passing", getattr(item, "hypothesis_statistics", ""))
    if call.when == "call" and inputs:
        item.user_properties.append(("times", sum(map(int, inputs))))
    return (yield)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The one shelf of this test run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shelf"
    folder.mkdir(exist_ok=True)
    return Shelf(folder)


@pytest.fixture(scope="session")
def interpreters(shelf: Shelf) -> Path:
    """A folder with the identity of each arm; builds the interpreters where they are not cached."""
    command = (sys.executable, "-m", "threads_or_processes.interpreters")
    request = ("--request", json.dumps(interpreter_request()))
    return shelf.made(
        "interpreters",
        lambda folder: subprocess.run(
            [*command, *request, "--out", str(folder)], check=True, cwd=ROOT
        ),
    )


@pytest.fixture(scope="session")
def identities(interpreters: Path) -> dict[str, Identity]:
    """Each arm's identity."""
    return {arm: read_as(interpreters / f"{arm}.json", Identity) for arm in ARMS}


@pytest.fixture(scope="session")
def uv_mirror(shelf: Shelf, identities: dict[str, Identity]) -> dict[str, str]:
    """Settings of uv with which it finds the real builds in a local folder."""
    builds = [identities["3.13"], identities["3.13t"]]
    return settings_of(shelf.made("uv-mirror", lambda folder: write_mirror(folder, builds)))
