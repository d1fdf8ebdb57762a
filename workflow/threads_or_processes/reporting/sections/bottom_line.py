"""The answer in a few sentences, by rule from the tables of moves and decisions."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from threads_or_processes.records.tables.comparisons import DecisionRow, MoveRow
from threads_or_processes.records.vocabulary import ComparisonResult, Use
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words

MOST_WORDS = 22
MOST_NAMES = 3
NOTHING = "No workload was measured both serially and in parallel, so there is no recommendation."

_UP = (ComparisonResult.FASTER, ComparisonResult.FASTER_SOMEWHAT)
_DOWN = (ComparisonResult.SLOWER, ComparisonResult.SLOWER_SOMEWHAT)
_LEFT = (ComparisonResult.EQUAL, ComparisonResult.NO_SPEEDUP)


def bottom_line(
    moves: Iterable[MoveRow],
    decisions: Iterable[DecisionRow],
    *,
    titles: Mapping[str, str],
    reference: str,
    others: Sequence[str],
) -> tuple[str, ...]:
    """What moving to each of `others` does, then what to use on each build.

    Of the workloads in `titles`.

    A sentence has at most `MOST_WORDS` words: names are left out, then the counts of what stays.
    """
    moved = [row for row in moves if row.workload in titles]
    decided = [row for row in decisions if row.workload in titles and row.use is not Use.NO_DATA]
    sentences = [
        *(
            _move(found, titles, arm)
            for arm in others
            if (found := [row for row in moved if row.arm == arm])
        ),
        *(
            _use(arm, rows, titles)
            for arm in (reference, *others)
            if (rows := [row for row in decided if row.arm == arm])
        ),
    ]
    return tuple(sentences) or (NOTHING,)


def _move(moved: Sequence[MoveRow], titles: Mapping[str, str], other: str) -> str:
    def of(results: Sequence[ComparisonResult]) -> list[MoveRow]:
        found = [row for row in moved if row.speedup.reading in results]
        return sorted(found, key=lambda row: -row.speedup.apart)

    up, down, left = of(_UP), of(_DOWN), of(_LEFT)
    unsure = len(moved) - len(up) - len(down) - len(left)
    if unsure == len(moved):
        return f"Whether {other} is faster is inconclusive for {_all(unsure)}."

    def sentence(names: Sequence[Sequence[str]], *, is_whole: bool = True) -> str:
        faster, slower = (_named(*one) for one in zip((up, down), names, strict=True))
        told = f"speeds up {len(up) or 'none'} of {text.count(len(moved), 'workload')}{faster}"
        if down:
            told += f", slows {len(down)}{slower}"
        rest = [
            f"{number} {result}"
            for number, result in ((len(left), "without speedup"), (unsure, "inconclusive"))
            if number
        ]
        end = f"; {', '.join(rest)}" if rest and is_whole else ""
        return f"Moving to {other} {told}{end}."

    names = [
        [
            f"{words.short_title(titles[row.workload])} {text.times_as_fast(row.speedup)}"
            for row in rows
        ]
        for rows in (up, down)
    ]
    whole = _filled(names, sentence)
    if "(" in whole or not (up or down):
        return whole
    return _filled(names, partial(sentence, is_whole=False))


def _use(arm: str, rows: Sequence[DecisionRow], titles: Mapping[str, str]) -> str:
    """What to use on a build: `On 3.13, use processes for 5 (JSON, …)`."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        if row.use is not Use.INCONCLUSIVE:
            title = words.short_title(titles[row.workload])
            groups.setdefault(words.use(row.use, row.families), []).append(title)
    unsure = sum(row.use is Use.INCONCLUSIVE for row in rows)
    if not groups:
        return f"On {arm}, what to use is inconclusive for {_all(unsure)}."
    most_first = sorted(groups.items(), key=lambda item: -len(item[1]))

    def sentence(names: Sequence[Sequence[str]]) -> str:
        parts = [
            f"{use} for {of[0]}" if len(of) == 1 else f"{use} for {len(of)}{_named(of, some)}"
            for (use, of), some in zip(most_first, names, strict=True)
        ]
        end = f"; {unsure} inconclusive" if unsure else ""
        return f"On {arm}, use {text.listing(parts)}{end}."

    return _filled([of if len(of) > 1 else [] for _, of in most_first], sentence)


def _all(number: int) -> str:
    return "the only workload" if number == 1 else f"all {text.count(number, 'workload')}"


def _named(of: Sequence[object], names: Sequence[str]) -> str:
    """The names that there is room for: ` (JSON, Pickling, …)`."""
    if not names:
        return ""
    return f" ({', '.join([*names, text.ELLIPSIS] if len(names) < len(of) else names)})"


def _filled(
    groups: Sequence[Sequence[str]], sentence: Callable[[Sequence[Sequence[str]]], str]
) -> str:
    """The sentence with as many names as it may have, by turns from each group."""
    chosen: list[list[str]] = [[] for _ in groups]
    for turn in range(MOST_NAMES):
        for names, group in zip(chosen, groups, strict=True):
            if turn == len(names) and turn < len(group):
                names.append(group[turn])
                if length(sentence(chosen)) > MOST_WORDS:
                    names.pop()
    return sentence(chosen)


def length(sentence: str) -> int:
    """How many words a sentence has, numbers included."""
    return sum(bool(re.search(r"\w", word)) for word in sentence.split())
