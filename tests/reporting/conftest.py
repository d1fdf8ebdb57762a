"""Results folders and pages by the name of their world: the analysis takes a moment for each."""

from collections.abc import Callable
from functools import cache, partial

import pytest

from tests.reporting.worlds import World, page_file, world_of
from tests.shelf import Shelf


@pytest.fixture(scope="session")
def world(shelf: Shelf) -> Callable[[str], World]:
    """A world of `WORLDS` by name."""
    return cache(partial(world_of, shelf))


@pytest.fixture(scope="session")
def page(shelf: Shelf) -> Callable[[str], str]:
    """The page of a world by name."""
    return cache(lambda name: page_file(shelf, name).read_text(encoding="utf-8"))
