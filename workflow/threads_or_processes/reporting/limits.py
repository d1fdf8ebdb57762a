"""What a page shows of a large campaign: the largest differences, and the first rows of tables.

All numbers of thousands of configurations would make it too large to load and to read. They are in
the tables of the analysis, which each limit names.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import (
    Block,
    Facts,
    Figure,
    Fold,
    Grid,
    Page,
    Paragraph,
    Parts,
    Table,
)

MOST_FIGURES = 30
"""Of one kind."""
MOST_ROWS = 300
MOST_FACTS = 100
MOST_WORKLOADS = 60
"""Where each has a paragraph, a table or a row of its own."""

One = TypeVar("One")


def limited(page: Page) -> Page:
    """The page without the figures and rows beyond the limits, and how many these are."""
    return replace(
        page,
        sections=tuple(
            replace(section, blocks=_limited(section.blocks)) for section in page.sections
        ),
    )


def largest(found: Sequence[One], most: int, key: Callable[[One], float | None]) -> tuple[One, ...]:
    """Those with the largest values, at most so many, in the order that they had."""
    values = [key(one) or 0.0 for one in found]
    kept = sorted(range(len(found)), key=lambda place: -values[place])[:most]
    return tuple(found[place] for place in sorted(kept))


def told(shown: int, of: int, what: str, source: str = "") -> tuple[Paragraph, ...]:
    """How many there are, and which table has them all; nothing where all are shown."""
    if shown == of:
        return ()
    tables = f"tables/{source}.csv" if source else "The folder tables/"
    return (
        Paragraph(
            f"Shown: {text.whole(shown)} of {text.whole(of)} {what}. {tables} has all numbers."
        ),
    )


def _limited(blocks: Iterable[Block]) -> tuple[Block, ...]:
    return tuple(one for block in blocks for one in _of(block))


def _of(block: Block) -> Iterator[Block]:
    """The block within its limit, and what it lacks."""
    match block:
        case Grid():
            figures = largest(block.figures, MOST_FIGURES, lambda one: one.drawn.effect)
            yield replace(block, figures=tuple(map(_figure, figures)))
            what = "figures with the largest differences"
            yield from told(len(figures), len(block.figures), what, block.source)
        case Figure():
            yield _figure(block)
        case Table():
            yield replace(block, rows=block.rows[:MOST_ROWS])
            yield from told(
                min(len(block.rows), MOST_ROWS), len(block.rows), "rows, the first", block.source
            )
        case Facts():
            yield replace(block, facts=block.facts[:MOST_FACTS])
            if len(block.facts) > MOST_FACTS:
                yield Paragraph(f"Shown: the first {MOST_FACTS} of {len(block.facts)}.")
        case Fold():
            yield replace(block, content=_limited(block.content))
        case Parts():
            yield replace(block, parts=tuple(map(_limited, block.parts)))
        case _:
            yield block


def _figure(figure: Figure) -> Figure:
    return replace(figure, data=replace(figure.data, content=_limited(figure.data.content)))
