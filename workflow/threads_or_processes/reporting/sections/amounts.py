"""From how much work on a way of working pays: overheads, rates, break-evens."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import median_low

import numpy as np

from threads_or_processes.records.paths import path_key
from threads_or_processes.records.tables.amounts import AmountRow, OverheadRow
from threads_or_processes.records.vocabulary import Family, LineState, Pays
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign, Workload
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.figure_spec import (
    Axis,
    Curve,
    FigureSpec,
    Kind,
    Mark,
    Series,
    Unit,
)
from threads_or_processes.reporting.page import (
    Column,
    Fold,
    Grid,
    Number,
    Paragraph,
    Section,
    Table,
    filled,
    not_covered,
    table_of,
)
from threads_or_processes.reporting.palette import series_styles
from threads_or_processes.reporting.sections.figure_builders import figure_block, ratio_mark
from threads_or_processes.reporting.tables import Tables

QUESTION = "How much work must a batch hold before workers pay?"
LIMITS = (
    "Amounts beyond the largest, and the startup of pools: these were up. Below the smallest "
    "amount, a break-even is an extrapolation of the line."
)
NOTHING = "No break-even amount can be estimated."
CURVE_POINTS = 24
"""So many that a curve looks smooth."""
MOST_WAYS = 6
"""With more models of a workload than this, only the pools are shown; one table has all."""

LINES = {
    LineState.HOLDS: "holds",
    LineState.BENDS: "bends",
    LineState.UNSETTLED: "inconclusive",
    LineState.UNCHECKED: "not checked",
    LineState.ONE_AMOUNT: "one amount",
}


def build(evidence: Evidence) -> Iterator[Section]:
    """Overheads and break-evens of every way; nothing where one amount was measured."""
    campaign, tables = evidence.campaign, evidence.tables
    rows = _rows(campaign, tables)
    if not rows:
        return
    of_cpus = _with_cpus(rows, campaign)
    shown = _pools(of_cpus, campaign)
    has_several = len({row.workload for row in shown}) > 1
    yield Section(
        anchor="amounts",
        title="How much work pays",
        nav_title="Amounts of work",
        question=QUESTION,
        answer=_answer(shown, campaign) if has_several else _of_one(shown, campaign),
        blocks=filled(
            _break_evens(shown, campaign) if has_several else None,
            Fold(
                summary="Each workload: overhead, break-even and speedup",
                content=filled(
                    *map(Paragraph, _paragraphs(of_cpus, campaign)),
                    _table(shown, evidence, "Overhead and break-even of each configuration"),
                    not_covered(LIMITS),
                ),
            ),
            Fold(
                summary="Figures: speedup by amount of work",
                note="Points: measured speedups with "
                f"{words.intervals(campaign, len(tables.sessions))}. Curves: "
                "time = overhead + work ÷ rate, where the third amount agrees with it.",
                content=filled(
                    Grid(
                        tuple(figure_block(one) for one in _figures(shown, campaign, tables)),
                        source="amounts",
                    )
                ),
            ),
            _all_ways(rows, evidence),
        ),
    )


def has_amounts(tables: Tables) -> bool:
    """Whether any cell was measured at several amounts of work."""
    return any(row.state is not LineState.ONE_AMOUNT for row in tables.overheads)


def long_work(row: OverheadRow | None) -> str:
    """The largest amount of work, for a sentence; empty where one amount was measured."""
    if row is None or row.state is LineState.ONE_AMOUNT or row.work_ns is None:
        return ""
    return f"{text.about(row.work_ns)} of work"


def pays(row: OverheadRow) -> str:
    """For which amounts of work a way pays: `from about 2.1 ms of work on [1.8 ms, 2.6 ms]`."""
    found, most = row.break_even, long_work(row)
    match row.pays:
        case Pays.ALWAYS:
            return f"for any amount up to {most}"
        case Pays.NEVER:
            return f"for no amount up to {most}"
        case Pays.BELOW:
            return f"for small amounts only, not for {most}"
        case Pays.FROM if found.high is not None and found.value is None:
            return f"from {text.about(found.high)} of work on at the latest"
        case Pays.FROM if found.high is not None:
            low, value, high = (_about(end or 0.0) for end in (found.low, found.value, found.high))
            return f"from about {value} of work on [{low},{text.SPACE}{high}]"
        case Pays.UNSETTLED if found.low is not None:
            return f"inconclusive, but not below {text.about(found.low)} of work"
        case None if row.state is LineState.BENDS:
            return "unknown: time is not a straight line over the amount"
        case None:
            return text.MISSING
        case _:
            return "inconclusive"


def _rows(campaign: Campaign, tables: Tables) -> list[OverheadRow]:
    """The ways of all works that are decided on, where several amounts were measured."""
    decided = {row.workload for row in tables.decisions}
    return [
        row
        for row in tables.overheads
        if row.workload in decided
        and row.state is not LineState.ONE_AMOUNT
        and campaign.models[row.model].family is not Family.SERIAL
        and row.trials
    ]


def _with_cpus(rows: Sequence[OverheadRow], campaign: Campaign) -> list[OverheadRow]:
    """Of each work, model and arm the row with as many workers as CPUs, or as near as there is."""
    cpus = campaign.machine.usable_cpus
    best: dict[tuple[str, str, str], OverheadRow] = {}
    for row in rows:
        way = (row.workload, row.model, row.arm)
        known = best.get(way)
        if known is None or abs(row.workers - cpus) < abs(known.workers - cpus):
            best[way] = row
    return list(best.values())


def _pools(rows: Sequence[OverheadRow], campaign: Campaign) -> list[OverheadRow]:
    """Without other interfaces to the same workers, of works that were done in many ways."""
    ways = Counter(row.workload for row in rows)
    pools = {
        (row.workload, campaign.models[row.model].family)
        for row in rows
        if campaign.models[row.model].leads_family
    }
    return [
        row
        for row in rows
        if ways[row.workload] <= MOST_WAYS
        or campaign.models[row.model].leads_family
        or (row.workload, campaign.models[row.model].family) not in pools
    ]


def _by_way(
    rows: Sequence[OverheadRow], campaign: Campaign
) -> dict[tuple[str, str], list[OverheadRow]]:
    """The rows that have an answer, by model and arm, in the order of the plan."""
    found = {
        (model, arm.name): [
            row for row in rows if (row.model, row.arm) == (model, arm.name) and row.pays
        ]
        for model in campaign.models
        for arm in campaign.arms
    }
    return {way: of_way for way, of_way in found.items() if of_way}


def _known(rows: Sequence[OverheadRow]) -> list[float]:
    """The known break-evens (ns of work); 0 where the median is faster throughout."""
    return [row.break_even.value or 0.0 for row in rows if row.pays is Pays.FROM]


def _answer(rows: Sequence[OverheadRow], campaign: Campaign) -> str:
    """From which amount on each model pays, on each arm, and for how many of the workloads."""
    parts = [
        f"{campaign.model_title(model)} on {arm} from {_about(median_low(known))} "
        f"({len(known)} of {len(of_way)})"
        for (model, arm), of_way in _by_way(rows, campaign).items()
        if (known := _known(of_way))
    ]
    if not parts:
        return NOTHING
    return words.sentence(
        "break-even amount of work in a batch, median of the workloads that have one: "
        f"{text.listing(parts)}"
    )


def _of_one(rows: Sequence[OverheadRow], campaign: Campaign) -> str:
    """From which amount of the one workload on each model pays, those alike together."""
    ways: dict[str, list[str]] = {}
    for (model, arm), (row,) in _by_way(rows, campaign).items():
        ways.setdefault(pays(row), []).append(f"{campaign.model_title(model)} on {arm}")
    told = (words.sentence(f"{one}: {text.listing(of)}") for one, of in ways.items())
    return " ".join(told) or NOTHING


def _about(work_ns: float) -> str:
    return text.about(work_ns) if work_ns else "0"


def _break_evens(rows: Sequence[OverheadRow], campaign: Campaign) -> Table:
    """How many workloads pay from which amount, for each model and arm."""

    def among(*pays: Pays) -> Callable[[tuple[tuple[str, str], list[OverheadRow]]], str]:
        return lambda item: text.fixed(sum(row.pays in pays for row in item[1]), 0)

    def reach(item: tuple[tuple[str, str], list[OverheadRow]]) -> str:
        count = text.fixed(sum(row.pays is Pays.FROM for row in item[1]), 0)
        known = sorted(_known(item[1]))
        if not known:
            return count
        ends = dict.fromkeys(_about(end) for end in (known[0], known[-1]))
        return f"{count} ({'–'.join(ends)})"

    return table_of(
        _by_way(rows, campaign).items(),
        (
            Column("Execution model", lambda item: campaign.model_title(item[0][0])),
            Column("Build", lambda item: item[0][1]),
            Number("Always pays", among(Pays.ALWAYS)),
            Number("Pays from", reach),
            Number("Never pays", among(Pays.NEVER, Pays.BELOW)),
            Number("Inconclusive", among(Pays.UNSETTLED)),
        ),
        caption="Number of workloads by whether workers beat serial on the same build, "
        "and the range of their break-even amounts",
        row_headers=2,
    )


def _paragraphs(rows: Sequence[OverheadRow], campaign: Campaign) -> tuple[str, ...]:
    states = Counter(row.state for row in rows)
    holds, bends, unsettled = (
        states[state] for state in (LineState.HOLDS, LineState.BENDS, LineState.UNSETTLED)
    )
    straight = (
        f" In {text.part(holds, holds + bends + unsettled, 'configuration')}, the time at a third "
        f"amount is within {text.percent(campaign.margin)} of the line"
        + (f"; {unsettled} {text.agreeing(unsettled, 'are')} inconclusive" if unsettled else "")
        + (
            f"; {bends} {text.agreeing(bends, 'deviate')} by more, and we show only measured points"
            if bends
            else ""
        )
        + "."
        if holds + bends + unsettled
        else ""
    )
    return (
        "An amount of work is the time that serial "
        f"{campaign.reference_arm} takes for all tasks of a batch. We fit a straight line to time "
        "over amount: a fixed overhead plus work at a constant rate." + straight,
        "The overhead is the cost of dispatch: sending chunks, waking workers, collecting results. "
        "A negative one means a better rate in short batches, as on a CPU that slows down under "
        f"load. Workers pay where they are faster than serial by {text.percent(campaign.margin)}. "
        "This is about a whole batch, not about the length of one task.",
    )


def _table(
    rows: Sequence[OverheadRow], evidence: Evidence, caption: str, *, has_line: bool = False
) -> Table:
    """Where ways pay and what they gain; with `has_line` also how well their lines hold."""
    campaign, tables = evidence.campaign, evidence.tables

    def gain(row: OverheadRow, amount: int) -> str:
        found = tables.at_amount(row.cell, amount)
        return words.compared_briefly(found.speedup if found else None)

    line: tuple[Column[OverheadRow], ...] = (
        Number("Without overhead", lambda row: text.bounded(row.rate, text.ratio_cell), "×"),
        Column("Line", lambda row: LINES[row.state]),
        Number("Deviation at third amount", lambda row: text.bounded(row.miss, _hundredths), "%"),
    )
    return table_of(
        rows,
        (
            Column("Work", lambda row: campaign.title(row.workload)),
            Column("Model", lambda row: campaign.model_title(row.model)),
            Number("Workers", lambda row: words.workers(row.workers, row.worker_kind)),
            Column("Build", lambda row: row.arm),
            Column("Pays", pays),
            Number("Overhead per batch", lambda row: text.bounded(row.overhead, text.time)),
            Number("Smallest amount", lambda row: _work(row, tables, row.least_amount)),
            Number("speedup", lambda row: gain(row, row.least_amount)),
            Number("Largest amount", lambda row: _work(row, tables, row.largest_amount)),
            Number("speedup", lambda row: gain(row, row.largest_amount)),
            *(line if has_line else ()),
        ),
        caption=caption,
        row_headers=4,
        source="overheads",
    )


def _hundredths(share: float) -> str:
    return text.fixed(100 * share, 1)


def _work(row: OverheadRow, tables: Tables, amount: int) -> str:
    found = tables.at_amount(row.cell, amount)
    return text.MISSING if found is None or found.work_ns is None else text.about(found.work_ns)


def _all_ways(rows: Sequence[OverheadRow], evidence: Evidence) -> Fold:
    caption = "Every configuration, and how well the line fits"
    return Fold(
        summary=caption, on_paper=False, content=(_table(rows, evidence, caption, has_line=True),)
    )


def _figures(
    rows: Sequence[OverheadRow], campaign: Campaign, tables: Tables
) -> Iterator[FigureSpec]:
    """A figure for each work of which the amounts are known as time on the reference arm."""
    for label in dict.fromkeys(row.workload for row in rows):
        of_work = [row for row in rows if row.workload == label]
        figure = _figure(campaign.workloads[label], of_work, campaign, tables)
        if figure.marks:
            yield figure


def _figure(
    work: Workload, rows: Sequence[OverheadRow], campaign: Campaign, tables: Tables
) -> FigureSpec:
    marks: list[Mark] = []
    curves: list[Curve] = []
    for row in rows:
        title = f"{campaign.model_title(row.model)}, {row.arm}"
        series = Series(title=title, model=row.model, arm=row.arm)
        points = [one for one in tables.amounts_of(row.cell) if one.work_ns and one.speedup]
        marks += [ratio_mark(one.speedup, series, _place(one)) for one in points if one.speedup]
        if points and row.state is LineState.HOLDS:
            curves += _curve(row, series, points)
    finding = words.sentence(
        "; ".join(f"{campaign.model_title(row.model)}, {row.arm}, pays {pays(row)}" for row in rows)
    )
    return FigureSpec(
        name=f"amounts-{path_key(work.label)}",
        kind=Kind.LINES,
        title=f"Speedup of {work.title} by amount of work",
        drawn_title=work.title,
        finding=finding,
        caption=f"{work.title}: speedup over serial on the same build.",
        positions=Axis(
            label=f"work in a batch (time of serial {campaign.reference_arm})", unit=Unit.TIME
        ),
        values=Axis(
            label="speedup over serial, same build", unit=Unit.RATIO, margin=campaign.margin
        ),
        styles=series_styles(marks, campaign),
        marks=tuple(marks),
        curves=tuple(curves),
        is_joined=False,
        columns=_COLUMNS,
    )


_COLUMNS = {
    "model": "series.model",
    "arm": "series.arm",
    "work_ns": "position",
    "speedup_ratio": "value",
    "speedup_low_ratio": "low",
    "speedup_high_ratio": "high",
}


def _place(row: AmountRow) -> float:
    """The amount of work to two digits, which all arms and models share."""
    return float(f"{row.work_ns:.2g}")


def _curve(row: OverheadRow, series: Series, points: Sequence[AmountRow]) -> list[Curve]:
    """Speed-up over the amounts that were measured, by the lines of the way and of serial."""
    if row.overhead.value is None or row.batch.value is None or row.rate.value is None:
        return []
    amounts = np.geomspace(points[0].amount, points[-1].amount, CURVE_POINTS)
    serial_ns = amounts * row.batch.value * row.rate.value
    speedups = serial_ns / (row.overhead.value + amounts * row.batch.value)
    works = np.geomspace(_place(points[0]), _place(points[-1]), CURVE_POINTS)
    return [Curve(series=series, positions=tuple(works), values=tuple(speedups))]
