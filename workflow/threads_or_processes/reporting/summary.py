"""The first screen of a report and its verdicts as Markdown, for a pull request or a job's page."""

from collections.abc import Iterator, Sequence

from threads_or_processes.reporting.page import (
    Code,
    Link,
    Own,
    Page,
    Paragraph,
    Section,
    Table,
    Words,
)
from threads_or_processes.reporting.sections import before_after
from threads_or_processes.reporting.sections.claims import Claims
from threads_or_processes.reporting.sections.decision_table import MARK, HeatCell, HeatTable


def markdown(page: Page) -> str:
    """The answer with its scope and table, what changed, the versions, and each verdict.

    Sections are in the order of the page.
    """
    shown = {
        page.start: _recommendations,
        before_after.ANCHOR: _answer_and_tables,
        "versions": _answer_and_tables,
        "claims": _verdicts,
    }
    blocks = [f"# {page.title}", _escaped(page.lead)]
    for section in page.sections:
        if section.anchor in shown:
            blocks += shown[section.anchor](section)
    return "\n\n".join([*filter(None, blocks), f"Report id `{page.report_id}`"]) + "\n"


def _recommendations(section: Section) -> Iterator[str]:
    yield f"**{_text(section.answer)}**"
    yield from (f"> {_text(caution)}" for caution in section.cautions)
    yield "\n".join(
        f"* {_text(line.words)}" for line in section.blocks if isinstance(line, Paragraph)
    )
    for own in section.of(Own):
        if isinstance(own.value, HeatTable):
            yield from _table(own.value)


def _table(table: HeatTable) -> Iterator[str]:
    ways = [f"{build.name} {family}" for build in table.builds for family in build.families]
    moves = [f"move to {arm}?" for arm in table.moves]
    head = ["workload", *ways, *moves, "use"]
    rows = [
        [
            row.title,
            *map(_number, row.cells),
            *(_number(one, one.word) for one in row.moves),
            row.use,
        ]
        for row in table.rows
    ]
    yield "\n".join(
        _line(cells) for cells in (head, ["---", *["---:"] * (len(head) - 2), "---"], *rows)
    )
    used = "; ".join(f"{symbol} {meaning}" for symbol, meaning in table.used)
    told = f"{table.scale.text} over serial on {table.reference} (1.00)"
    yield "; ".join(filter(None, (told, used))) + "."


def _number(cell: HeatCell, word: str = "") -> str:
    mark = MARK if cell.is_recommended else ""
    return " ".join(filter(None, (mark, cell.shown, cell.symbol, word)))


def _answer_and_tables(section: Section) -> Iterator[str]:
    yield f"## {section.title}"
    yield from (f"> {_text(caution)}" for caution in section.cautions)
    yield _text(section.answer)
    yield from (_text(block.words) for block in section.blocks if isinstance(block, Paragraph))
    for table in section.blocks:
        if isinstance(table, Table):
            head = [column.header for column in table.columns]
            rule = ["---:" if column.numeric else "---" for column in table.columns]
            yield "\n".join(_line(cells) for cells in (head, rule, *table.rows))
            yield _text(table.caption)


def _verdicts(section: Section) -> Iterator[str]:
    yield f"## {section.title}"
    yield from (f"> {_text(caution)}" for caution in section.cautions)
    yield from (_text(block.words) for block in section.blocks if isinstance(block, Paragraph))
    for own in section.of(Own):
        if isinstance(own.value, Claims):
            yield "\n".join(
                f"* {group.icon} {group.verdict}: {_escaped(f'{claim.sentence} ({claim.figures})')}"
                for group in own.value.groups
                for claim in group.claims
            )


def _text(words: Words) -> str:
    """The words, without the links at their end, which lead on within the page."""
    parts = [words] if isinstance(words, str) else list(words)
    while parts and (isinstance(parts[-1], Link) or parts[-1] == " "):
        parts.pop()
    return "".join(
        f"`{part.text}`"
        if isinstance(part, Code) and "`" not in part.text
        else _escaped(part if isinstance(part, str) else part.text)
        for part in parts
    )


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |"


def _escaped(text: str) -> str:
    """Text of a user's or a claim's as Markdown shows it: no table, tag or link ends or begins."""
    return "".join(f"\\{sign}" if sign in "\\|<>[]*_`#" else sign for sign in text)
