"""What changed since a baseline; nothing where the campaign is compared with none."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from threads_or_processes.records.baseline import BaselineNote, EarlierState, Together
from threads_or_processes.records.tables.changes import ChangeRow, DifferenceRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, Basis, ComparisonResult
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence, SinceBaseline
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Series, Unit
from threads_or_processes.reporting.page import (
    Block,
    Code,
    Column,
    Fold,
    Link,
    Number,
    Paragraph,
    Section,
    Table,
    Words,
    filled,
    not_covered,
    table_of,
)
from threads_or_processes.reporting.sections.figure_builders import dots, figure_block, ratio_mark

ANCHOR = "before-after"
TITLE = "Before and after"
#: More configurations than this and only those that changed are shown at once.
MOST_SHOWN = 16

#: What a configuration is now, the worst first.
RESULTS = {
    ComparisonResult.SLOWER: "slower",
    ComparisonResult.SLOWER_SOMEWHAT: words.RESULTS[ComparisonResult.SLOWER_SOMEWHAT],
    ComparisonResult.FASTER: "faster",
    ComparisonResult.FASTER_SOMEWHAT: words.RESULTS[ComparisonResult.FASTER_SOMEWHAT],
    ComparisonResult.EQUAL: "no difference",
    ComparisonResult.NO_SPEEDUP: "not faster",
    ComparisonResult.NO_SLOWDOWN: "not slower",
    ComparisonResult.INCONCLUSIVE: "inconclusive",
}
SLOWER, FASTER = tuple(RESULTS)[:2], tuple(RESULTS)[2:4]
CHANGED = (*SLOWER, *FASTER)
#: The same in a sentence: what is slower or faster counts with what is so perhaps slightly.
RESULTS_IN_BRIEF: dict[tuple[ComparisonResult, ...], str] = {
    SLOWER: "slower",
    FASTER: "faster",
    (ComparisonResult.EQUAL,): "as fast as before",
    **{(one,): RESULTS[one] for one in tuple(RESULTS)[5:]},
}


def build(evidence: Evidence) -> Iterator[Section]:
    """Time now over time before, by configuration, and what the two states differ in."""
    if (since := evidence.baseline) is None:
        return
    campaign = evidence.campaign
    rows = sorted(since.changes, key=_place)
    changed = [row for row in rows if row.reading in CHANGED]
    first = rows if len(rows) <= MOST_SHOWN else changed
    named = _names(rows, campaign)
    yield Section(
        anchor=ANCHOR,
        title=TITLE,
        question="What changed on this machine, and by how much?",
        cautions=_cautions(rows),
        answer=_answer(since.note, rows, named),
        blocks=filled(
            *_surroundings(since),
            _table(first, named, caption=_caption(rows)),
            *(
                figure_block(one)
                for one in _figure(first[:MOST_SHOWN], named, since.note, campaign)
            ),
            *_every(rows, first, named),
            _differences(since.differences),
            *_states(since.note),
            *(() if since.note.is_itself else (not_covered(_limits(since)),)),
        ),
    )


def in_brief(since: SinceBaseline) -> tuple[str | Code | Link, ...]:
    """What the configurations are now, with a link to the section; empty where none is compared."""
    if not (rows := since.changes):
        return ()
    return (
        Link(text=TITLE, address=f"#{ANCHOR}"),
        f": of {text.count(len(rows), 'configuration')} ",
        *_since(since.note),
        f", {_counted(rows)}.",
    )


def _names(rows: Sequence[ChangeRow], campaign: Campaign) -> Callable[[ChangeRow], str]:
    """How a configuration is called: without its workload where all have the same."""
    if len({row.workload for row in rows}) > 1:
        return lambda row: campaign.described(row.cell)
    return lambda row: campaign.way(row.model, row.workers, row.arm)


def _cautions(rows: Sequence[ChangeRow]) -> tuple[str, ...]:
    few = sum(row.blocks < FEWEST_BLOCKS for row in rows)
    if not few:
        return ()
    some = words.capital(text.part(few, len(rows), "configuration", "have"))
    return (
        f"{some} fewer than {FEWEST_BLOCKS} successful trials in one of the states: too few to "
        "call anything slower.",
    )


def _place(row: ChangeRow) -> tuple[int, float, str]:
    return list(RESULTS).index(row.reading), -row.estimate.apart, row.cell


def _since(note: BaselineNote) -> tuple[str | Code, ...]:
    """Since which state: `since baseline v1`, `since the state of 18 November 2026, 21:14 UTC`."""
    if note.states is None:
        return ("since baseline ", Code(text=text.plain(note.name, 60)))
    return (f"since the state of {text.moment(note.last_unix_ns)}",)


def _answer(
    note: BaselineNote, rows: Sequence[ChangeRow], named: Callable[[ChangeRow], str]
) -> Words:
    if note.is_itself and note.states is not None:
        return "There is no earlier state to compare with."
    when = "" if note.states is not None else f"{text.moment(note.last_unix_ns)}, "
    since = (*_since(note), f" ({when}data {note.trials_csv_sha256[:8]})")
    if note.is_itself:
        return ("Nothing was measured ", *since, ", so there is nothing to compare.")
    if not rows:
        return ("No configuration was measured again ", *since, ".")
    most = ""
    if rows[0].reading in CHANGED:
        change = "slowdown" if rows[0].reading in SLOWER else "speedup"
        took = f"{named(rows[0])} took {words.figures(rows[0].estimate)} the time"
        most = f" The largest {change}: {took}."
    of = text.count(len(rows), "configuration")
    return (f"Of {of} measured again ", *since, f", {_counted(rows)}.{most}")


def _counted(rows: Sequence[ChangeRow]) -> str:
    """What all of them are now: `all are slower`, `2 are slower (1.1× to 2× the time) and ...`."""
    found = Counter(row.reading for row in rows)
    counted = []
    for alike, word in RESULTS_IN_BRIEF.items():
        if number := sum(found[one] for one in alike):
            lead = "all" if number == len(rows) > 1 else text.fixed(number, 0)
            told = []
            if alike in (SLOWER, FASTER):
                told.append(f"{_extent([row for row in rows if row.reading in alike])} the time")
            if slightly := sum(found[one] for one in alike[1:]):
                told.append(f"{text.fixed(slightly, 0)} perhaps slightly")
            some = f" ({', '.join(told)})" if told else ""
            counted.append(f"{lead} {text.agreeing(number, 'are')} {word}{some}")
    is_open = not any(one in found for one in (*CHANGED, ComparisonResult.EQUAL))
    none = "none is shown to have changed: " if is_open and len(rows) > 1 else ""
    return f"{none}{text.listing(counted)}"


def _extent(rows: Sequence[ChangeRow]) -> str:
    """From the least to the most: `0.31× to 0.36×`, or only one."""
    ends = sorted((row.estimate for row in rows), key=lambda one: one.value)
    return " to ".join(dict.fromkeys(text.times_as_fast(one) for one in (ends[0], ends[-1])))


def _surroundings(since: SinceBaseline) -> Iterator[Block]:
    """What differs in a sentence, and whether all workloads moved together."""
    if since.note.is_itself:
        return
    yield Paragraph(_differing(since))
    together, sentinel = since.note.together, since.note.sentinel_ratio
    told = [] if together is None else list(_together(together))
    if sentinel is not None:
        told.append(
            "The sentinel, which is the same small task in both states, at its best took "
            f"{text.ratio(sentinel)}× the time."
        )
    if told:
        yield Paragraph(" ".join(told))


def _together(found: Together) -> Iterator[str]:
    """How far all workloads moved, if that says something: the unchanged ones always do."""
    mean = Ratio(value=found.ratio, low=found.low, high=found.high)
    time = f"{words.figures(mean)} the time"
    if found.unchanged:
        yield (
            f"The {found.workloads} workloads whose code and interpreters did not change took "
            f"{time}."
        )
        if found.moved:
            yield "They moved together: that is probably the machine."
    elif found.moved:
        yield (
            f"All {found.workloads} workloads moved together: {time}. That is the change, or the "
            "machine."
        )


def _differing(since: SinceBaseline) -> str:
    rows = since.differences
    if not rows:
        but = ", but batches of another size" if _scaled(since.changes) else ""
        return (
            "Both states have the same interpreters, libraries, machine, code and "
            f"settings{but}. So what differs is noise, or something that the data do not record."
        )
    kinds = Counter(text.plain(row.kind) for row in rows)
    listed = [f"{kind} ({number})" if number > 1 else kind for kind, number in kinds.items()]
    some = "; ".join(_difference(row) for row in rows[:3])
    more = f"; {len(rows) - 3} more below" if len(rows) > 3 else ""
    return f"The two states differ in {text.listing(listed)}: {some}{more}."


def _scaled(rows: Sequence[ChangeRow]) -> str:
    """What was done with the times of another amount of work; empty where all are of the same."""
    ratios = sorted({row.work_ratio for row in rows} - {1.0})
    if not ratios:
        return ""
    ends = dict.fromkeys(f"{text.ratio(one)}×" for one in (ratios[0], ratios[-1]))
    return (
        f". Batches were sized again and are {' to '.join(ends)} as large as before; the times "
        "before are scaled to that"
    )


def _caption(rows: Sequence[ChangeRow]) -> str:
    return (
        f"Time of the same work, before and after{_scaled(rows)}. Results follow from intervals, "
        "before rounding"
    )


def _difference(row: DifferenceRow) -> str:
    before, after = (text.plain(one, 40) if one else "none" for one in (row.before, row.after))
    return f"{_what(row, 60)} ({before} before, {after} now)"


def _what(row: DifferenceRow, limit: int) -> str:
    return text.plain(row.what, limit) + (", by hash of its code" if row.kind == "code" else "")


def _table(rows: Sequence[ChangeRow], named: Callable[[ChangeRow], str], *, caption: str) -> Table:
    return table_of(
        rows,
        (
            Column("Configuration", named),
            Number("Before", lambda row: text.time(row.before_ns)),
            Number("After", lambda row: text.time(row.after_ns)),
            Number("After / before", lambda row: words.figures(row.estimate)),
            Column(
                "Now",
                lambda row: f"{words.RESULT_SYMBOLS[row.reading]} {RESULTS[row.reading]}",
            ),
        ),
        caption=caption,
    )


def _figure(
    rows: Sequence[ChangeRow],
    named: Callable[[ChangeRow], str],
    note: BaselineNote,
    campaign: Campaign,
) -> tuple[FigureSpec, ...]:
    return dots(
        (
            ratio_mark(
                row.estimate,
                Series(title=row.arm, arm=row.arm),
                named(row).replace(f", {row.arm})", ")").replace(f" ({row.arm})", ""),
            )
            for row in rows
        ),
        campaign,
        name="before-after",
        title="Time after / before",
        finding=words.sentence(
            f"{text.part(sum(row.reading in CHANGED for row in rows), len(rows), 'configuration')} "
            "changed"
        ),
        caption=f"Dots: time now over time before. Lines: {text.percent(campaign.confidence)} "
        "intervals, which include how far times move between sessions. Grey band: no difference.",
        values=Axis(label="time after / before", unit=Unit.RATIO, margin=note.margin),
    )


def _every(
    rows: Sequence[ChangeRow], first: Sequence[ChangeRow], named: Callable[[ChangeRow], str]
) -> Iterator[Block]:
    if len(first) < len(rows):
        yield Fold(
            summary="Every configuration",
            content=(_table(rows, named, caption="All configurations, the worst first"),),
        )


def _differences(rows: Sequence[DifferenceRow]) -> Fold:
    table = table_of(
        rows,
        (
            Column("Kind", lambda row: text.plain(row.kind)),
            Column("What", lambda row: _what(row, 80)),
            Column("Before", lambda row: text.plain(row.before or text.MISSING, 120)),
            Column("After", lambda row: text.plain(row.after or text.MISSING, 120)),
        ),
        caption="In what the two states differ",
        row_headers=2,
    )
    return Fold(summary="What differs between the two states", content=filled(table))


def _states(note: BaselineNote) -> Iterator[Fold]:
    """The states that were kept, where one of them is the baseline."""
    if not note.states:
        return
    yield Fold(
        summary="Earlier states",
        content=(
            Paragraph(
                (
                    "Each run keeps its finished data as a state. The latest one that differs from "
                    "now is compared. To compare with another, add ",
                    words.option("baseline=NAME"),
                    " with its name.",
                )
            ),
            table_of(
                note.states,
                (
                    Column("State", lambda one: text.plain(one.name)),
                    Column("Differs from now in", lambda one: _listed(one.differs)),
                    Column("Compared", _compared),
                ),
                caption="The states before this one, the latest first",
            ),
        ),
    )


def _listed(names: Sequence[str]) -> str:
    first = [text.plain(name, 60) for name in names[:3]]
    more = [f"{len(names) - 3} more"] if len(names) > 3 else []
    return text.listing([*first, *more]) if names else text.MISSING


def _compared(state: EarlierState) -> str:
    if state.left_out:
        return f"no: {text.plain(state.left_out, 120)}"
    return "yes" if state.is_compared else "no: not the latest"


def _limits(since: SinceBaseline) -> str:
    note = since.note
    spread = [sd for row in since.changes if (sd := row.intervals.beyond_trials_sd) is not None]
    between = ""
    if spread:
        ends = dict.fromkeys(text.percent(one) for one in (min(spread), max(spread)))
        sources = text.listing(["this project's own campaigns", *map(text.plain, note.spread_from)])
        between = (
            " The intervals allow for the usual: from session to session, times move by "
            f"{' to '.join(ends)} (standard deviation). The figure is from {sources}."
        )
    left = "".join(
        f" Left out: {text.count(number, 'configuration')}, {reason}."
        for reason, number in note.left_out.items()
    )
    quiet = sum(row.basis is Basis.QUIET for row in since.changes)
    some = text.part(quiet, len(since.changes), "ratio")
    basis = f" Undisturbed repetitions are behind {some}."
    return (
        "The two states were measured at different times, so each ratio also includes what "
        "happened to the machine in between."
        f"{between}{basis if since.changes else ''}{left}"
    )
