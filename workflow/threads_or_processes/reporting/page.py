"""A page as a value: sections of blocks with finished text. Templates only set it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from threads_or_processes.reporting.figure_spec import FigureSpec


@dataclass(frozen=True, kw_only=True)
class Strong:
    """Emphasised words."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link to a section (`#anchor`), or to data that are saved as the file `download`."""

    text: str
    address: str
    download: str = ""


@dataclass(frozen=True, kw_only=True)
class Code:
    """Words of a machine, such as a path or a hash."""

    text: str


Words = str | tuple[str | Strong | Link | Code, ...]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `style` is its class in the style sheet."""

    words: Words
    style: str = ""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading within a section, with an explanation in grey."""

    text: str
    note: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Preformatted:
    """Commands, settings, citations: set as they are."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Items:
    """A list; `style` is its class in the style sheet."""

    items: tuple[Words, ...]
    style: str = ""
    is_numbered: bool = False


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A term and what there is to say about it; links lead to its `anchor`."""

    term: str
    text: str
    anchor: str = ""


@dataclass(frozen=True)
class Facts:
    """Terms, each with what there is to say about it."""

    facts: tuple[Fact, ...]


Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column of text: its header, what it shows of a row, and the unit in its header."""

    header: str
    show: Callable[[Row], str]
    unit: str = ""
    numeric: ClassVar[bool] = False


class Number(Column[Row]):
    """A column of numbers."""

    numeric = True


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; the first `row_headers` cells of a row name it.

    `source`: the table of the analysis that it is from, where that has more.
    """

    caption: str
    columns: tuple[Column[Any], ...]
    rows: tuple[tuple[str, ...], ...]
    row_headers: int = 1
    source: str = ""

    def __post_init__(self) -> None:
        widths = {len(row) for row in self.rows} | {len(self.columns)}
        assert len(widths) == 1, f"ragged table: {self.caption}"


def table_of(
    rows: Iterable[Row],
    columns: Sequence[Column[Row]],
    *,
    caption: str,
    row_headers: int = 1,
    source: str = "",
) -> Table:
    """A table whose columns say what they show of each row."""
    return Table(
        caption=caption,
        columns=tuple(columns),
        rows=tuple(tuple(column.show(row) for column in columns) for row in rows),
        row_headers=row_headers,
        source=source,
    )


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Blocks that open on demand, or when a link leads to `anchor` or into them.

    `on_paper`: whether they are printed.
    """

    summary: str
    note: str = ""
    anchor: str = ""
    on_paper: bool = True
    content: "tuple[Block, ...]"

    @property
    def is_empty(self) -> bool:
        """Whether none of its blocks has anything to show."""
        return not filled(*self.content)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What to draw, and the numbers in it."""

    drawn: FigureSpec
    data: Fold


@dataclass(frozen=True)
class Grid:
    """Figures beside each other; `source`: the table of the analysis that has their numbers."""

    figures: tuple[Figure, ...]
    source: str = ""

    @property
    def has_one_legend(self) -> bool:
        """Whether the legend of the first will do for all."""
        legends = [(list(one.drawn.styles.items()), one.drawn.references) for one in self.figures]
        return len(legends) > 1 and all(legend == legends[0] for legend in legends)


@dataclass(frozen=True)
class Parts:
    """Groups of blocks, next to each other where there is room."""

    parts: "tuple[tuple[Block, ...], ...]"


@dataclass(frozen=True)
class Own:
    """What is unlike anything else: set by a template of its own, which calls it `value`."""

    template: str
    value: object


Block = (
    Paragraph | Heading | Preformatted | Items | Facts | Table | Fold | Figure | Grid | Parts | Own
)
Kind = TypeVar("Kind", bound=Block)


def filled(*blocks: Block | None) -> tuple[Block, ...]:
    """The blocks without those that are missing or have nothing to show."""
    return tuple(block for block in blocks if block is not None and not _is_empty(block))


def _is_empty(block: Block) -> bool:
    match block:
        case Table():
            return not block.rows
        case Fold():
            return block.is_empty
        case Grid():
            return not block.figures
        case _:
            return False


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section: its opening (question, cautions, answer) and its blocks.

    `nav_title`: its name in the navigation where that is not its title. `script`: the file that
    adds to it where scripts run; without them it is complete.
    """

    anchor: str
    title: str
    nav_title: str = ""
    question: str = ""
    cautions: tuple[Words, ...] = ()
    answer: Words = ""
    blocks: tuple[Block, ...] = ()
    script: str = ""

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Its blocks of one kind, in their order, those of grids, parts and folds included."""
        return tuple(block for block in _walk(self.blocks) if isinstance(block, kind))


def _walk(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Grid):
            yield from block.figures
        if isinstance(block, Fold):
            yield from _walk(block.content)
        if isinstance(block, Parts):
            for part in block.parts:
                yield from _walk(part)


def as_fold(section: Section, *, on_paper: bool = True) -> Fold:
    """A section as a fold of another one, found under its own anchor."""
    return Fold(
        summary=section.title, anchor=section.anchor, on_paper=on_paper, content=opened(section)
    )


def opened(section: Section) -> tuple[Block, ...]:
    """All of a section but its title, as blocks."""
    return (
        *((Paragraph(section.question, style="question"),) if section.question else ()),
        *((Paragraph(section.answer, style="answer"),) if section.answer else ()),
        *section.blocks,
    )


def not_covered(limits: str) -> Paragraph:
    """What a section does not show."""
    return Paragraph((Strong(text="Not covered:"), f" {limits}"), style="limits")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A whole page; `start` is the anchor of the section that a keyboard can skip to.

    `lead`: one line below the title, with `links` next to it.
    """

    title: str
    document_title: str
    lead: str
    links: tuple[Link, ...] = ()
    answer: str = ""
    start: str
    sections: tuple[Section, ...]
    report_id: str = ""

    @property
    def figures(self) -> tuple[FigureSpec, ...]:
        """Everything to draw, in the order of the page."""
        return tuple(figure.drawn for section in self.sections for figure in section.of(Figure))
