import re
from collections.abc import Callable

import pytest
from threads_or_processes.reporting.svg import NotAFigureError, embedded, finished

from tests.reporting.worlds import World

RAW = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    "<metadata>when</metadata><style>*{}</style>"
    '<defs><path id="m1"/></defs><g id="a" clip-path="url(#m1)"><use xlink:href="#m1" '
    'style="fill: #123456; font-family: Here, There"/></g></svg>'
)


def test_a_finished_figure_has_ids_of_its_own_and_a_text_for_those_who_cannot_see() -> None:
    svg = finished(RAW, name="fig", title="A < B", description="Rises.")
    assert re.findall(r' id="([^"]+)"', svg) == ["fig-title", "fig-desc", "fig-m1", "fig-a"]
    assert 'xlink:href="#fig-m1"' in svg
    assert "url(#fig-m1)" in svg
    assert 'role="img"' in svg
    assert 'aria-labelledby="fig-title fig-desc"' in svg
    assert ">A &lt; B</title>" in svg
    assert "metadata" not in svg
    assert "<style" not in svg
    assert "font-family: sans-serif" in svg


def test_colours_become_those_of_the_page() -> None:
    assert "fill: currentColor" in embedded(RAW, {"#123456": "currentColor"})


@pytest.mark.parametrize(
    "evil",
    [
        "not xml",
        "<html/>",
        '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://x"/></svg>',
    ],
)
def test_what_could_run_or_fetch_is_refused(evil: str) -> None:
    with pytest.raises(NotAFigureError):
        embedded(evil, {})


def test_drawing_twice_gives_the_same_bytes(world: Callable[[str], World]) -> None:
    assert world("default").drawings() == world("default").drawings()


def test_a_title_is_drawn_as_it_is_written(world: Callable[[str], World]) -> None:
    svg = world("hostile").drawings()["speedup-json"]
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg
