"""Fixtures of the interpreters' tests."""

import io
from collections.abc import Iterator

import pytest
from threads_or_processes.interpreters.process import Processes, Progress

from tests.interpreters.builders import open_processes


@pytest.fixture
def processes() -> Iterator[Processes]:
    with open_processes() as opened:
        yield opened


@pytest.fixture
def terminal() -> io.StringIO:
    """What the person sees."""
    return io.StringIO()


@pytest.fixture
def progress(terminal: io.StringIO) -> Progress:
    return Progress(stream=terminal, clock_s=lambda: 0.0)
