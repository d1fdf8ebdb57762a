"""From how much work on a way of working pays: overheads, rates, break-evens."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

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
    table_of,
)
from threads_or_processes.reporting.palette import series_styles
from threads_or_processes.reporting.sections.figure_builders import figure_block, ratio_mark
from threads_or_processes.reporting.tables import Tables

QUESTION = "How much work must there be for workers to pay?"
LIMITS = (
    "Amounts of work beyond the largest, and workers that first have to be started: these were up. "
    "Below the least amount a break-even rests on the line alone."
)
CURVE_POINTS = 24
"""So many that a curve looks smooth."""
MOST_WAYS = 6
"""Of a work with more of them the pools alone are shown; a table that folds out has all."""

LINES = {
    LineState.HOLDS: "holds",
    LineState.BENDS: "bends",
    LineState.UNSETTLED: "not settled",
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
    yield Section(
        anchor="amounts",
        title="How much work is worth sending",
        nav_title="Amounts of work",
        question=QUESTION,
        answer=_answer(of_cpus, campaign),
        limits=LIMITS,
        blocks=filled(
            *map(Paragraph, _paragraphs(of_cpus, campaign)),
            _table(shown, evidence, "What each way costs, and from which amount of work it pays"),
            Grid(tuple(figure_block(one) for one in _figures(shown, campaign, tables))),
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
        case Pays.FROM if found.high is not None:
            if found.low is None or found.value is None:
                return f"from {text.about(found.high)} of work on at the latest"
            ends = f"[{text.about(found.low)},{text.SPACE}{text.about(found.high)}]"
            return f"from about {text.about(found.value)} of work on {ends}"
        case Pays.UNSETTLED if found.low is not None:
            return f"not settled, but not below {text.about(found.low)} of work"
        case None if row.state is LineState.BENDS:
            return "not known: time is no straight line over the amount"
        case None:
            return text.MISSING
        case _:
            return "not settled"


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


def _answer(rows: Sequence[OverheadRow], campaign: Campaign) -> str:
    """From which amounts on each model pays, over works and arms, and in how many of them."""
    parts = []
    for model in campaign.models.values():
        of_model = [row for row in rows if row.model == model.name and row.pays is not None]
        known = [
            row.break_even.value
            for row in of_model
            if row.pays is Pays.FROM and row.break_even.value is not None
        ]
        ends = dict.fromkeys(text.about(pick(known)) for pick in (min, max) if known)
        reach = " to ".join(ends) or text.MISSING
        counted = f"{text.fixed(len(known), 0)} of {text.fixed(len(of_model), 0)}"
        if of_model:
            parts.append(f"{model.title}: {reach} ({counted})")
    if not parts:
        return "No way has a line, so no amount can be named."
    return words.sentence(
        "from this much work in a batch on, workers beat serial on the same interpreter – "
        f"{'; '.join(parts)}. In brackets: in how many kinds of work and interpreters there is "
        "such an amount, of those with a line"
    )


def _paragraphs(rows: Sequence[OverheadRow], campaign: Campaign) -> tuple[str, ...]:
    checked = [row for row in rows if row.miss.low is not None and row.miss.high is not None]
    within = sum((row.miss.low or 0) <= 0 <= (row.miss.high or 0) for row in checked)
    bends = sum(row.state is LineState.BENDS for row in rows)
    straight = (
        f" In {text.fixed(within, 0)} of {text.count(len(checked), 'way')}, the time at an "
        "amount between agrees with the line as far as noise allows"
        + (
            f"; {text.fixed(bends, 0)} bend by more than {text.percent(campaign.margin)}, and of "
            "these only the measured points are shown."
            if bends
            else "."
        )
        if checked
        else ""
    )
    return (
        "The same tasks, each executed once or several times in a row: an amount of work is the "
        f"time that serial on {campaign.reference_arm} takes for all of a batch. Time is taken to "
        "be a straight line over it: an overhead that every batch costs, and work at a rate."
        + straight,
        "The overhead is what the line has left without any work: sending the chunks, waking the "
        "workers, collecting. Below 0 it says that a short batch runs at a better rate than a long "
        "one, as on a CPU that slows down under load; its interval mostly holds 0 then. Each "
        f"“pays” is against serial on the same interpreter, by {text.percent(campaign.margin)}, "
        "and about the work of a whole batch; how long one task must be when tasks are sent one "
        "by one is another question.",
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
        Number("Off it between", lambda row: text.bounded(row.miss, _hundredths), "%"),
    )
    return table_of(
        rows,
        (
            Column("Work", lambda row: campaign.title(row.workload)),
            Column("Model", lambda row: campaign.model_title(row.model)),
            Number("Workers", lambda row: words.workers(row.workers, row.worker_kind)),
            Column("Arm", lambda row: row.arm),
            Column("Pays", pays),
            Number("Overhead a batch", lambda row: text.bounded(row.overhead, text.time)),
            Number("Burst of", lambda row: _work(row, tables, row.least_amount)),
            Number("gains", lambda row: gain(row, row.least_amount)),
            Number("Long work of", lambda row: _work(row, tables, row.largest_amount)),
            Number("gains", lambda row: gain(row, row.largest_amount)),
            *(line if has_line else ()),
        ),
        caption=caption,
        row_headers=4,
    )


def _hundredths(share: float) -> str:
    return text.fixed(100 * share, 1)


def _work(row: OverheadRow, tables: Tables, amount: int) -> str:
    found = tables.at_amount(row.cell, amount)
    return text.MISSING if found is None or found.work_ns is None else text.about(found.work_ns)


def _all_ways(rows: Sequence[OverheadRow], evidence: Evidence) -> Fold:
    caption = "Every way and number of workers, and how well lines hold"
    return Fold(summary=caption, content=_table(rows, evidence, caption, has_line=True))


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
        name=f"amounts-{work.label}",
        kind=Kind.LINES,
        title=f"Speed-up of {work.title} by the amount of work",
        drawn_title=work.title,
        finding=finding,
        caption=f"{work.title}: points are measured, whiskers are intervals; a curve is time = "
        "overhead + work ÷ rate, drawn where the amount between agrees with it.",
        positions=Axis(
            label=f"work in a batch (time of serial {campaign.reference_arm})", unit=Unit.TIME
        ),
        values=Axis(
            label="speed-up over serial, same arm", unit=Unit.RATIO, margin=campaign.margin
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
