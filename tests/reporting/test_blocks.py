"""Each kind of block as the template sets it."""

from dataclasses import replace
from typing import get_args

import pytest
from threads_or_processes.reporting import render
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Kind, Unit
from threads_or_processes.reporting.page import (
    Block,
    Code,
    Column,
    Fact,
    Facts,
    Figure,
    Fold,
    Grid,
    Heading,
    Items,
    Link,
    Number,
    Own,
    Page,
    Paragraph,
    Parts,
    Preformatted,
    Section,
    Strong,
    as_fold,
    filled,
    table_of,
)
from threads_or_processes.reporting.sections.claims import Claim, Claims, Group
from threads_or_processes.reporting.words import Status

EMPTY = table_of((), (Column("A", str),), caption="Nothing")
TABLE = table_of(
    ["a < b"],
    (Column("Name", str), Number("Time", lambda _: "1", "ms")),
    caption="Some & more",
)
FIGURE = Figure(
    drawn=FigureSpec(
        name="curve",
        kind=Kind.LINES,
        title="A curve",
        caption="How to read it.",
        positions=Axis(label="size", unit=Unit.COUNT),
        values=Axis(label="ratio", unit=Unit.RATIO),
        styles={},
        marks=(),
    ),
    data=Fold(summary="Its numbers", content=(TABLE,)),
)
WITHOUT_NUMBERS = replace(FIGURE, data=Fold(summary="Its numbers", content=(EMPTY,)))
DRAWINGS = {"curve": '<svg xmlns="http://www.w3.org/2000/svg"><title>A curve</title></svg>'}
WORDS = ("See ", Link(text="here", address="#x"), ": ", Strong(text="now"), Code(text="a<b"))
CLAIMS = Claims(
    groups=(
        Group(
            status=Status.GAIN,
            icon="✓",
            verdict="Supported",
            title="1 sentence",
            claims=(Claim(sentence="1 < 2", figures="2× [1, 3]", lines=("Measured.",)),),
            is_open=True,
        ),
    ),
    untested_summary="One more",
    untested=("3 < 4",),
    how_to_read=("With care.",),
)
OWN = Own(template="claims.html", value=CLAIMS)

SET = [
    (Paragraph("a < b", style="note"), '<p class="note">a &lt; b</p>'),
    (Paragraph(WORDS), '<p>See <a href="#x">here</a>: <strong>now</strong><code>a&lt;b</code></p>'),
    (Heading(text="H", note="n", anchor="x"), '<h3 id="x">H <span class="unit">n</span></h3>'),
    (Preformatted("$ a < b"), "<pre><code>$ a &lt; b</code></pre>"),
    (Items(items=("one",)), "<ul> <li>one</li> </ul>"),
    (
        Items(items=((Link(text="f", address="data:,", download="f.csv"),),), is_numbered=True),
        '<ol> <li><a href="data:," download="f.csv">f</a></li> </ol>',
    ),
    (Facts((Fact(term="T", text="t"),)), "<div><dt>T</dt><dd>t</dd></div>"),
    (TABLE, '<th scope="row">a &lt; b</th> <td>1</td>'),
    (
        Fold(summary="S", note="N", content=(TABLE,)),
        '<details> <summary>S</summary> <div> <p class="note">N</p>',
    ),
    (
        Fold(summary="S", anchor="x", on_paper=False, content=(Preformatted("c"), Paragraph("p"))),
        '<details class="screen"> <summary>S</summary> <div id="x"> <pre><code>c</code></pre>',
    ),
    (
        FIGURE,
        "</svg> <figcaption> <p>How to read it.</p> <details> <summary>Its numbers</summary> <div> "
        "<div",
    ),
    (FIGURE, "</table> </div> </div> </details> </figcaption> </figure>"),
    (WITHOUT_NUMBERS, "</svg> <figcaption> <p>How to read it.</p> </figcaption>"),
    (Grid((FIGURE,)), '<div class="grid"> <figure data-name="curve"> <svg'),
    (Parts(((Paragraph("p"),),)), '<div class="parts"> <div> <p>p</p> </div> </div>'),
    (
        OWN,
        '<details open> <summary><span class="badge gain"><span aria-hidden="true">✓</span> '
        "Supported</span> 1 sentence</summary>",
    ),
    (OWN, '<summary>1 &lt; 2 <span class="figures">2× [1, 3]</span></summary> <p>Measured.</p>'),
    (OWN, "<summary>One more</summary> <ul> <li>3 &lt; 4</li> </ul>"),
    (OWN, "<li>With care.</li>"),
]


def html(block: Block) -> str:
    """A page of one section with one block, without needless space."""
    section = Section(anchor="only", title="Only", blocks=(block,))
    page = Page(title="P", document_title="D", lead="L", start="only", sections=(section,))
    return " ".join(render.html(page, DRAWINGS).split())


@pytest.mark.parametrize(("block", "markup"), SET)
def test_a_block_is_set_as_its_kind_asks_for(block: Block, markup: str) -> None:
    assert markup in html(block)


def test_every_kind_of_block_is_among_these() -> None:
    assert {type(block) for block, _ in SET} == set(get_args(Block))


def test_what_has_nothing_to_show_is_left_out() -> None:
    shown = (Paragraph("Words"), TABLE, Grid((FIGURE,)))
    fold = Fold(summary="Nothing", content=(EMPTY, Grid(())))
    assert filled(shown[0], None, EMPTY, fold, Grid(()), *shown[1:]) == shown


def test_figures_are_found_wherever_they_are() -> None:
    fold = Fold(summary="More", content=(Fold(summary="Still more", content=(FIGURE,)),))
    blocks = (FIGURE, Grid((FIGURE,)), fold, Parts(((FIGURE,), (Paragraph("p"), FIGURE))))
    section = Section(anchor="a", title="A", blocks=blocks)
    page = Page(title="", document_title="", lead="", start="a", sections=(section,))
    assert [figure.name for figure in page.figures] == ["curve"] * 5


def test_a_section_can_be_a_fold_of_another_one() -> None:
    section = Section(
        anchor="a", title="A", question="Why?", answer="So.", blocks=(Paragraph("p"),)
    )
    fold = as_fold(section)
    assert (fold.summary, fold.anchor, len(fold.content)) == ("A", "a", 3)
