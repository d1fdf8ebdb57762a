"""Results folders, made once a session: the analysis takes a moment for each."""

from collections.abc import Callable

import pytest

from tests.reporting.worlds import WORLDS, World, write_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], World]:
    """A world of `WORLDS` by name."""
    made: dict[str, World] = {}

    def of(name: str) -> World:
        if name not in made:
            made[name] = write_world(tmp_path_factory.mktemp("world"), WORLDS[name]())
        return made[name]

    return of


@pytest.fixture(scope="session")
def page(world: Callable[[str], World]) -> Callable[[str], str]:
    """The page of a world by name."""
    pages: dict[str, str] = {}

    def of(name: str) -> str:
        if name not in pages:
            pages[name] = world(name).html()
        return pages[name]

    return of
