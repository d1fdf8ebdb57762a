"""The answer in a few sentences, by rule from the tables of moves and decisions."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from threads_or_processes.records.tables.comparisons import DecisionRow, MoveRow
from threads_or_processes.records.vocabulary import ComparisonResult, Use
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words

MOST_WORDS = 22
MOST_NAMES = 3
NOTHING = "No workload was measured both serially and in parallel, so there is no recommendation."

#: Results of a move, by what it does; `OPEN`: it may be faster.
UP = (ComparisonResult.FASTER, ComparisonResult.FASTER_SOMEWHAT)
DOWN = (ComparisonResult.SLOWER, ComparisonResult.SLOWER_SOMEWHAT)
LEFT = (ComparisonResult.EQUAL, ComparisonResult.NO_SPEEDUP)
OPEN = (ComparisonResult.NO_SLOWDOWN, ComparisonResult.INCONCLUSIVE)
SLIGHTLY = (ComparisonResult.FASTER_SOMEWHAT, ComparisonResult.SLOWER_SOMEWHAT)


def bottom_line(
    moves: Sequence[MoveRow],
    decisions: Iterable[DecisionRow],
    *,
    titles: Mapping[str, str],
    reference: str,
    others: Sequence[str],
    noun: str = "workload",
    more: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, ...]:
    """Whether to move to each of `others`, what that slows down, then what to use on each build.

    Of the workloads in `titles`; `noun`: what they are. Of those in `more`, only what a move speeds
    up: it may be what a reader's own work is like.

    A sentence has at most `MOST_WORDS` words: names are left out, then the counts of what stays.
    """
    moved = [row for row in moves if row.workload in titles]
    apart = [row for row in moves if row.workload in more]
    decided = [row for row in decisions if row.workload in titles and row.use.is_judged]

    def of_move(arm: str, name: str) -> tuple[str, ...]:
        found = [row for row in moved if row.arm == arm]
        if not found:
            return ()
        return (*_move(found, titles, name, noun), *_elsewhere(apart, more, arm))

    of_moves = _of_each(others, of_move, "or")
    is_named = bool(of_moves) and len(titles) == 1

    def of_use(arm: str, name: str) -> tuple[str, ...]:
        rows = [row for row in decided if row.arm == arm]
        return (_use(name, rows, titles, is_named=is_named),) if rows else ()

    return (*of_moves, *_of_each([reference, *others], of_use, "and")) or (NOTHING,)


def _of_each(
    arms: Iterable[str], told: Callable[[str, str], tuple[str, ...]], last: str
) -> list[str]:
    """What is `told` of each arm by a name; of those of which the same is told, once."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for arm in arms:
        alike.setdefault(told(arm, "it"), []).append(arm)
    return [
        sentence for some in alike.values() for sentence in told(some[0], text.listing(some, last))
    ]


def _move(
    moved: Sequence[MoveRow], titles: Mapping[str, str], other: str, noun: str
) -> tuple[str, ...]:
    """`Move to 3.13t? Yes: it speeds up 8 of the 10 workloads.`, then what else it does."""

    def of(results: Sequence[ComparisonResult]) -> list[MoveRow]:
        found = [row for row in moved if row.speedup.reading in results]
        return sorted(found, key=lambda row: -row.speedup.apart)

    if len(moved) == 1:
        return (_only_move(moved[0], titles, other),)
    up, down = of(UP), of(DOWN)
    every = text.count(len(moved), noun)
    if len(of([ComparisonResult.INCONCLUSIVE])) == len(moved):
        return (f"Move to {other}? No verdict yet for any of the {every}.",)

    def speeds_up(names: Sequence[Sequence[str]]) -> str:
        lead = f"Move to {other}? {_lead(len(up), len(down), len(of(OPEN)), len(moved))}"
        if not up:
            return f"{lead}: none of the {every} is shown to be faster."
        some = f"{len(up)} of the {every}" if len(up) < len(moved) else f"all {every}"
        return f"{lead}: it speeds up {some}{some_names(up, names[0])}."

    slight = sum(row.speedup.reading in SLIGHTLY for row in down)

    def slows(names: Sequence[Sequence[str]]) -> str:
        told = f"It slows {len(down) or 'none'}{some_names(down, names[0])}"
        some = f"{slight} of them " if slight < len(down) else ""
        return f"{told}, {some}perhaps only slightly." if slight else f"{told}."

    rest = [_of_result(one, len(rows)) for one in (*LEFT, *OPEN) if (rows := of([one]))]
    return (
        with_names([_names(up, titles)], speeds_up),
        with_names([_names(down, titles)], slows),
        *([f"{text.listing(rest)}."] if rest else []),
    )


def _of_result(result: ComparisonResult, number: int) -> str:
    """So many workloads with a result that is neither faster nor slower: `2 show no speedup`."""
    one, several = ("shows", "show")
    if result is ComparisonResult.INCONCLUSIVE:
        one, several = ("is", "are")
    return f"{number} {one if number == 1 else several} {words.RESULTS[result]}"


def _only_move(row: MoveRow, titles: Mapping[str, str], other: str) -> str:
    """The same for a single workload: `Move to 3.13t? Yes: it speeds up “JSON” (1.30×)`."""
    result = row.speedup.reading
    if result in UP:
        told = "Yes: it speeds up"
    elif result in DOWN:
        told = "No: it slows"
    elif result is ComparisonResult.INCONCLUSIVE:
        told = "No verdict yet for"
    else:
        told = f"{'No' if result in LEFT else 'Unclear'}: {words.RESULTS[result]} for"
    slight = ", perhaps only slightly" if result in SLIGHTLY else ""

    def sentence(names: Sequence[Sequence[str]]) -> str:
        named = "".join(names[0]) or "the workload"
        return f"Move to {other}? {told} {named} ({text.times_as_fast(row.speedup)}){slight}."

    return with_names([[text.quoted(words.short_title(titles[row.workload]))]], sentence)


def _elsewhere(moved: Sequence[MoveRow], titles: Mapping[str, str], other: str) -> tuple[str, ...]:
    """`Of 13 other rows, it speeds up 1 (NumPy in blocks 1.13×).`; nothing if it speeds up none."""
    of_arm = [row for row in moved if row.arm == other]
    up = [row for row in of_arm if row.speedup.reading in UP]
    if not up:
        return ()
    most_first = sorted(up, key=lambda row: -row.speedup.apart)

    def sentence(names: Sequence[Sequence[str]]) -> str:
        rows = text.count(len(of_arm), "other row")
        slight = sum(row.speedup.reading in SLIGHTLY for row in up)
        some = f"{slight} of them " if slight < len(up) else ""
        perhaps = f", {some}perhaps only slightly" if slight else ""
        return f"Of {rows}, it speeds up {len(up)}{some_names(up, names[0])}{perhaps}."

    return (with_names([_names(most_first, titles)], sentence),)


def _names(rows: Sequence[MoveRow], titles: Mapping[str, str]) -> list[str]:
    return [
        f"{words.short_title(titles[row.workload])} {text.times_as_fast(row.speedup)}"
        for row in rows
    ]


def _lead(up: int, down: int, open_: int, all_: int) -> str:
    """The answer in a word."""
    if 2 * open_ > all_:
        return "Unclear"
    if up:
        return "It depends" if down else "Yes"
    return "No"


def _use(
    arm: str, rows: Sequence[DecisionRow], titles: Mapping[str, str], *, is_named: bool
) -> str:
    """What to use on a build: `On 3.13, use processes for 5 (JSON, …)`.

    `is_named`: an earlier sentence names the only workload, so that this one need not.
    """
    groups: dict[str, list[str]] = {}
    for row in rows:
        if row.use is not Use.INCONCLUSIVE:
            title = words.short_title(titles[row.workload])
            groups.setdefault(words.use(row.use, row.families), []).append(title)
    unsure = sum(row.use is Use.INCONCLUSIVE for row in rows)
    if not groups:
        every = f" for any of the {text.count(unsure, 'workload')}" if unsure > 1 else ""
        return f"On {arm}, no verdict yet on what to use{every}."
    most_first = sorted(groups.items(), key=lambda item: -len(item[1]))
    if is_named:
        return f"On {arm}, use {most_first[0][0]}."

    def sentence(names: Sequence[Sequence[str]]) -> str:
        parts = [
            f"{use} for {one_or_some(of, some)}"
            for (use, of), some in zip(most_first, names, strict=True)
        ]
        end = f"; {unsure} inconclusive" if unsure else ""
        return f"On {arm}, use {text.listing(parts)}{end}."

    return with_names([of if len(of) > 1 else [] for _, of in most_first], sentence)


def one_or_some(of: Sequence[str], names: Sequence[str]) -> str:
    """The only one by its name, `“JSON”`; else how many, with some names: `5 (JSON, …)`."""
    return text.quoted(of[0]) if len(of) == 1 else f"{len(of)}{some_names(of, names)}"


def some_names(of: Sequence[object], names: Sequence[str]) -> str:
    """The names that there is room for: ` (JSON, Pickling, …)`."""
    if not names:
        return ""
    return f" ({', '.join([*names, text.ELLIPSIS] if len(names) < len(of) else names)})"


def with_names(
    groups: Sequence[Sequence[str]], sentence: Callable[[Sequence[Sequence[str]]], str]
) -> str:
    """The sentence with as many names as it may have, by turns from each group.

    A group has all its names, or at least two are left out: an ellipsis is as long as one.
    """
    chosen: list[list[str]] = [[] for _ in groups]
    for turn in range(MOST_NAMES):
        for names, group in zip(chosen, groups, strict=True):
            if turn == len(names):
                names.extend(group[turn:] if len(group) == turn + 2 else group[turn : turn + 1])
                if length(sentence(chosen)) > MOST_WORDS:
                    del names[turn:]
    return sentence(chosen)


def length(sentence: str) -> int:
    """How many words a sentence has, numbers included."""
    return sum(bool(re.search(r"\w", word)) for word in sentence.split())
