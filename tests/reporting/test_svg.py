import re
from collections.abc import Callable

import pytest
from threads_or_processes.reporting.svg import NotAFigureError, Styles, embedded, finished

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


def test_a_figure_in_a_page_has_short_ids_and_shapes_and_no_needless_groups() -> None:
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" aria-labelledby="t"> <title id="t">A  b</title>'
        '<g id="unused"> <g> <path id="p" d="M 1.23456 2.0  L 3.999 4 z " /> </g> </g>'
        '<use href="#p" x="12.3456"/><g clip-path="url(#p)"><text>2.50001 s</text></g></svg>'
    )
    svg = embedded(drawn, {}, prefix="f1-")
    assert re.findall(r' id="([^"]+)"', svg) == ["f1-0", "f1-1"]
    assert 'aria-labelledby="f1-0"' in svg
    assert 'href="#f1-1" x="12.35"' in svg
    assert 'clip-path="url(#f1-1)"' in svg
    assert 'd="M 1.23 2 L 4 4 z"' in svg
    assert svg.count("<g") == 1
    assert ">A  b</title>" in svg
    assert ">2.50001 s</text>" in svg


def test_the_legend_of_a_figure_and_its_height_are_known_to_the_page() -> None:
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100" style="a: b">'
        '<g id="fig-legend_1"><text y="88">one</text><text y="95">two</text></g></svg>'
    )
    svg = embedded(drawn, {})
    assert '<g class="legend"><text y="88">' in svg
    assert 'style="a: b; --legend: 10.0%"' in svg


def test_each_style_of_a_page_s_figures_is_declared_once() -> None:
    styles = Styles()
    one = styles.named('<path style="fill: none" d=""/><path style="fill: red" d=""/>')
    two = styles.named('<path style="fill: none" d=""/>')
    assert one == '<path class="d0" d=""/><path class="d1" d=""/>'
    assert two == '<path class="d0" d=""/>'
    assert styles.rules.splitlines() == [".d0 { fill: none }", ".d1 { fill: red }"]


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
    assert World(world("default").results).drawings() == world("default").drawings()


def test_a_title_is_drawn_as_it_is_written(world: Callable[[str], World]) -> None:
    svg = world("hostile").drawings()["speedup-json"]
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg
