"""Speedup by worker count, one figure for each workload."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from threads_or_processes.records.paths import path_key
from threads_or_processes.records.tables.comparisons import RatioRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import (
    SCALING,
    ContrastKind,
    Family,
    Timing,
    WorkerKind,
)
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign, Workload
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.figure_spec import (
    Axis,
    Border,
    FigureSpec,
    Kind,
    Mark,
    Reference,
    Scale,
    Series,
    Unit,
)
from threads_or_processes.reporting.limits import MOST_WORKLOADS, largest, told
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
from threads_or_processes.reporting.sections import laws
from threads_or_processes.reporting.sections.amounts import has_amounts
from threads_or_processes.reporting.sections.figure_builders import figure_block, ratio_mark
from threads_or_processes.reporting.tables import Tables

LIMITS = (
    "Other worker counts, batches that grow with the workers (weak scaling), and machines with "
    "more CPUs."
)
MOST_TOLD = 10
"""In one sentence."""
FEWEST_COUNTS = 2
"""With a single worker count a table says all that a figure could."""
LINEAR_UP_TO_WORKERS = 8
"""More workers than this and both axes double from tick to tick."""

Speedup = tuple[RatioRow, Ratio]
"""A row of the table of ratios, and its ratio."""

_COLUMNS = {
    "model": "series.model",
    "arm": "series.arm",
    "workers": "position",
    "block": "block",
    "speedup_ratio": "value",
    "speedup_low_ratio": "low",
    "speedup_high_ratio": "high",
}
"""A row without a block is an estimate over all of them."""


def build(evidence: Evidence) -> Iterator[Section]:
    """The section with every speedup figure and the numbers in it; nothing if not planned."""
    campaign = evidence.campaign
    experiment = campaign.experiment(SCALING)
    if experiment is None:
        return
    speedups: dict[str, list[Speedup]] = {}
    for row, ratio in speedup_rows(campaign, evidence.tables):
        speedups.setdefault(row.workload, []).append((row, ratio))
    figures = {
        workload.label: speedup(
            workload, speedups.get(workload.label, ()), campaign, evidence.tables
        )
        for workload in campaign.scaled
    }
    counts = sorted({int(size) for figure in figures.values() for size in figure.sizes})
    undrawn = [
        (workload, figure)
        for workload, figure in figures.items()
        if 0 < len(figure.sizes) < FEWEST_COUNTS
    ]
    yield Section(
        anchor="scaling",
        title="Speedup by worker count",
        nav_title="Scaling",
        question=experiment.question,
        answer=_answer(figures.values(), campaign),
        blocks=filled(
            _only(counts),
            laws.beyond_workers(evidence),
            Grid(
                tuple(
                    figure_block(
                        figure,
                        _table(figure, workload, campaign),
                        f"Speedup over serial on {campaign.reference_arm}, with its interval; "
                        "the file of the figure's numbers has the value of each block.",
                    )
                    for workload, figure in figures.items()
                    if len(figure.sizes) >= FEWEST_COUNTS or not figure.marks
                ),
                source="ratios",
            ),
            Fold(
                summary="How to read this, laws of scaling, efficiency",
                content=filled(
                    *map(Paragraph, _paragraphs(figures.values(), evidence)),
                    *(
                        _table(figure, workload, campaign)
                        for workload, figure in undrawn[:MOST_WORKLOADS]
                    ),
                    *told(
                        min(len(undrawn), MOST_WORKLOADS),
                        len(undrawn),
                        "workloads, the first",
                        "ratios",
                    ),
                    *map(Paragraph, laws.why_none(evidence)),
                    laws.table(evidence),
                    *laws.efficiency(evidence),
                    not_covered(LIMITS),
                ),
            ),
        ),
    )


def speedup_rows(campaign: Campaign, tables: Tables) -> Iterator[Speedup]:
    """The speed-ups of the scaling experiment: warm cells against serial on the reference arm."""
    cells = {cell.id for cell in campaign.cells_of(campaign.experiment(SCALING))}
    for row in tables.ratios:
        if (
            (row.contrast, row.timing) == (ContrastKind.SPEEDUP_REFERENCE, Timing.WARM)
            and row.cell in cells
            and campaign.models[row.model].family is not Family.SERIAL
            and (ratio := row.estimate) is not None
        ):
            yield row, ratio


def speedup(
    workload: Workload, speedups: Iterable[Speedup], campaign: Campaign, tables: Tables
) -> FigureSpec:
    """The speedup figure of a workload, with the value in each block and two bounds."""
    marks = tuple(_marks(speedups, campaign, tables))
    lines: dict[Series, list[Mark]] = {}
    for mark in marks:
        if mark.block is None:
            lines.setdefault(mark.series, []).append(mark)
    counts = sorted({int(mark.position) for of in lines.values() for mark in of})
    scale = Scale.LINEAR if counts and counts[-1] <= LINEAR_UP_TO_WORKERS else Scale.LOG2
    cpus = campaign.machine.usable_cpus
    baseline = tables.serial(workload.label, campaign.reference_arm)
    serial = text.time(baseline.median_ns) if baseline and baseline.median_ns is not None else ""
    return FigureSpec(
        name=f"speedup-{path_key(workload.label)}",
        kind=Kind.LINES,
        title=f"Speedup of {workload.title}",
        drawn_title=workload.title,
        caption=_caption(workload, serial, campaign, tables),
        positions=Axis(label="workers (number)", unit=Unit.COUNT, scale=scale),
        values=Axis(
            label=f"speedup over serial {campaign.reference_arm}", unit=Unit.RATIO, scale=scale
        ),
        styles=series_styles(marks, campaign, [model.name for model in campaign.drawn_models]),
        marks=marks,
        references=(
            Reference(title="ideal linear speedup"),
            Reference(title=f"CPU-bound limit: {text.count(cpus, 'CPU')}", value=cpus),
        ),
        borders=tuple(_borders(workload, campaign)),
        opening=f"Line chart: speedup over serial on {campaign.reference_arm}"
        + (f", which takes {serial}" if serial else "")
        + f", by worker count ({text.listing([str(count) for count in counts])}); "
        "points are blocks, whiskers are intervals.",
        summary=tuple(
            f"{_named(series, campaign)}: at most {_figures(best)}, with {_workers(best)}"
            for series, of in lines.items()
            for best in [_best(of)]
        ),
        why_empty="No speedup can be drawn: no configuration can be compared with serial.",
        columns=_COLUMNS,
    )


def _borders(workload: Workload, campaign: Campaign) -> Iterator[Border]:
    """Between which of the numbers of workers a border of the machine lies."""
    kinds = sorted(
        {
            (cell.workers, cell.worker_kind)
            for cell in campaign.cells_of(campaign.experiment(SCALING))
            if cell.workload == workload.label
        }
    )
    for (below, before), (above, kind) in itertools.pairwise(kinds):
        if kind is not before and kind in words.BORDERS:
            yield Border(title=words.BORDERS[kind][0], below=below, above=above)


def _marks(speedups: Iterable[Speedup], campaign: Campaign, tables: Tables) -> Iterator[Mark]:
    """For each model and arm its speed-ups over workers, then that in each block."""
    models, arms = list(campaign.models), [arm.name for arm in campaign.arms]
    rows = sorted(speedups, key=lambda found: found[0].workers)
    for model, arm in itertools.product(models, arms):
        series = Series(title=f"{campaign.model_title(model)}, {arm}", model=model, arm=arm)
        line = [found for found in rows if (found[0].model, found[0].arm) == (model, arm)]
        yield from (ratio_mark(ratio, series, row.workers) for row, ratio in line)
        for row, _ in line:
            yield from _points(row, series, tables)


def _points(row: RatioRow, series: Series, tables: Tables) -> Iterator[Mark]:
    """Speed-up in each block that has both the cell and its baseline."""
    own_ns = tables.block_values(row.cell, row.basis)
    baseline_ns = tables.block_values(row.baseline_cell, row.basis)
    for block in sorted(own_ns.keys() & baseline_ns.keys()):
        value = baseline_ns[block] / own_ns[block]
        yield Mark(series=series, position=row.workers, value=value, block=block)


def _best(marks: Iterable[Mark]) -> Mark:
    return max(marks, key=lambda mark: mark.value)


def _named(series: Series, campaign: Campaign) -> str:
    return f"{campaign.model_title(series.model or '')} on {series.arm}"


def _figures(mark: Mark) -> str:
    return words.figures(Ratio(value=mark.value, low=mark.low, high=mark.high))


def _workers(mark: Mark) -> str:
    return text.count(int(mark.position), "worker")


def _reach(mark: Mark, campaign: Campaign) -> str:
    return f"{_named(mark.series, campaign)}, {_figures(mark)} with {_workers(mark)}"


def _caption(workload: Workload, serial: str, campaign: Campaign, tables: Tables) -> str:
    """What is plotted, the baseline's absolute time, and what whiskers are."""
    takes = f", which takes {serial}" if serial else ""
    return (
        f"{workload.title}: speedup over serial {campaign.reference_arm}{takes}; "
        f"{words.intervals(campaign, len(tables.sessions))}."
    )


def _answer(figures: Iterable[FigureSpec], campaign: Campaign) -> str:
    """The best speedup of each workload, and with what."""
    best = [(one.drawn_title, _best(one.estimates)) for one in figures if one.marks]
    if not best:
        return "No configuration can be compared with serial."
    shown = largest(best, MOST_TOLD, lambda found: found[1].value)
    some = f" (the largest {MOST_TOLD} of {len(best)})" if len(shown) < len(best) else ""
    each = "; ".join(f"{title}: {_reach(mark, campaign)}" for title, mark in shown)
    return words.sentence(
        f"best speedup in these figures, over serial {campaign.reference_arm}{some} – {each}"
    )


def _only(counts: Sequence[int]) -> Paragraph | None:
    """That too few worker counts were tried to show scaling."""
    if not 0 < len(counts) < FEWEST_COUNTS:
        return None
    tried = text.listing([text.fixed(count, 0) for count in counts])
    return Paragraph(f"Worker counts tried: {tried}. That is too few to show scaling.")


def _paragraphs(figures: Iterable[FigureSpec], evidence: Evidence) -> tuple[str, ...]:
    campaign = evidence.campaign
    if not any(figure.sizes for figure in figures):
        return ()
    cpus = text.count(campaign.machine.usable_cpus, "CPU")
    reading = (
        "The batch of work is the same for every worker count (strong scaling)"
        + (", the largest amount measured. " if has_amounts(evidence.tables) else ". ")
        + "Colour: execution model; line and marker: build. Small points: single blocks. "
        f"Diagonal: ideal linear speedup. Dotted: number of CPUs ({cpus}), the limit for "
        "CPU-bound work. Lines between worker counts only guide the eye."
    )
    borders = dict.fromkeys(border for figure in figures for border in figure.borders)
    return (reading, *_crossed(borders))


def _crossed(borders: Iterable[Border]) -> Iterator[str]:
    """What the vertical lines are; nothing where there are none."""
    meanings = dict(words.BORDERS.values())
    told = [f"{meanings[border.title]} from {border.above:g} on" for border in borders]
    if told:
        yield (
            f"Vertical lines: workers outnumber {text.listing(told)}. "
            "Tables show the last of these limits that is exceeded."
        )


def _table(figure: FigureSpec, workload: str, campaign: Campaign) -> Table:
    kinds: dict[tuple[object, ...], WorkerKind] = {
        (cell.model, cell.arm, cell.workers): cell.worker_kind
        for cell in campaign.cells_of(campaign.experiment(SCALING))
        if cell.workload == workload
    }

    def workers(mark: Mark) -> str:
        kind = kinds[mark.series.model, mark.series.arm, mark.position]
        return words.workers(int(mark.position), kind)

    return table_of(
        figure.estimates,
        (
            Column("Model", lambda mark: campaign.model_title(mark.series.model or "")),
            Column("Build", lambda mark: mark.series.arm or ""),
            Number("Workers", workers),
            Number("Speedup", lambda mark: text.ratio_cell(mark.value), "×"),
            Number("Low", lambda mark: text.ratio_cell(mark.low), "×"),
            Number("High", lambda mark: text.ratio_cell(mark.high), "×"),
        ),
        caption=figure.title,
        row_headers=3,
    )
