"""Speed-up curves, one figure for each workload."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

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
from threads_or_processes.reporting.page import (
    Column,
    Grid,
    Number,
    Paragraph,
    Section,
    Table,
    filled,
    table_of,
)
from threads_or_processes.reporting.palette import series_styles
from threads_or_processes.reporting.sections import laws
from threads_or_processes.reporting.sections.amounts import has_amounts
from threads_or_processes.reporting.sections.figure_builders import figure_block, ratio_mark
from threads_or_processes.reporting.tables import Tables

LIMITS = (
    "More workers than were tried, batches that grow with the workers (weak scaling), and machines "
    "with more CPUs than this one."
)
LINEAR_UP_TO_WORKERS = 8
"""More workers than this and both axes double from tick to tick."""

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
    """The section with every speed-up figure and the numbers in it; nothing if not planned."""
    campaign = evidence.campaign
    experiment = campaign.experiment(SCALING)
    if experiment is None:
        return
    figures = {
        workload.label: speedup(workload, campaign, evidence.tables) for workload in campaign.scaled
    }
    yield Section(
        anchor="scaling",
        title="How much more workers bring",
        nav_title="Speed-up",
        question=experiment.question,
        answer=_answer(figures.values(), campaign),
        limits=LIMITS,
        blocks=filled(
            *map(Paragraph, _paragraphs(figures.values(), evidence)),
            *map(Paragraph, laws.why_none(evidence)),
            Grid(
                tuple(
                    figure_block(
                        figure,
                        _table(figure, workload, campaign),
                        f"Speed-up over serial on {campaign.reference_arm}, with its interval; "
                        "each block's value is in the file of the figure's numbers.",
                    )
                    for workload, figure in figures.items()
                )
            ),
            laws.table(evidence),
            laws.efficiency(evidence),
        ),
    )


def speedup_rows(campaign: Campaign, tables: Tables) -> Iterator[tuple[RatioRow, Ratio]]:
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


def speedup(workload: Workload, campaign: Campaign, tables: Tables) -> FigureSpec:
    """The speed-up figure of a workload, with the value in each block and two bounds."""
    marks = tuple(_marks(workload, campaign, tables))
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
        name=f"speedup-{workload.label}",
        kind=Kind.LINES,
        title=f"Speed-up of {workload.title}",
        drawn_title=workload.title,
        caption=_caption(workload, lines, serial, campaign),
        positions=Axis(label="workers (number)", unit=Unit.COUNT, scale=scale),
        values=Axis(
            label=f"speed-up over serial {campaign.reference_arm}", unit=Unit.RATIO, scale=scale
        ),
        styles=series_styles(marks, campaign, [model.name for model in campaign.drawn_models]),
        marks=marks,
        references=(
            Reference(title="ideal: workers × serial"),
            Reference(title=f"bound of computing: {text.count(cpus, 'CPU')}", value=cpus),
        ),
        borders=tuple(_borders(workload, campaign)),
        opening=f"Line chart: speed-up against serial on {campaign.reference_arm}"
        + (f", which takes {serial}" if serial else "")
        + f", over the number of workers ({text.listing([str(count) for count in counts])}); "
        "points are blocks, whiskers are intervals.",
        summary=tuple(
            f"{_named(series, campaign)}: at most {_figures(best)}, with {_workers(best)}"
            for series, of in lines.items()
            for best in [_best(of)]
        ),
        why_empty="No speed-up can be drawn: no cell can be compared with serial.",
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


def _marks(workload: Workload, campaign: Campaign, tables: Tables) -> Iterator[Mark]:
    """For each model and arm its speed-ups over workers, then that in each block."""
    models, arms = list(campaign.models), [arm.name for arm in campaign.arms]
    rows = [
        found for found in speedup_rows(campaign, tables) if found[0].workload == workload.label
    ]
    rows.sort(key=lambda found: found[0].workers)
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
    return f"{_named(mark.series, campaign)} {_figures(mark)} with {_workers(mark)}"


def _caption(
    workload: Workload, lines: Mapping[Series, Sequence[Mark]], serial: str, campaign: Campaign
) -> str:
    """The baseline's absolute time, and how far the highest and the lowest curve reach."""
    if not lines:
        return f"{workload.title}: no cell can be compared with serial."
    ranked = sorted(map(_best, lines.values()), key=lambda mark: mark.value, reverse=True)
    caption = f"{workload.title}: 1× is {serial or 'serial'}. "
    caption += f"Furthest: {_reach(ranked[0], campaign)}"
    if len(ranked) > 1:
        caption += f"; least far: {_reach(ranked[-1], campaign)}, which is its best"
    return f"{caption}."


def _answer(figures: Iterable[FigureSpec], campaign: Campaign) -> str:
    """How far each kind of work gets, and with what."""
    furthest = [(one.drawn_title, _best(one.estimates)) for one in figures if one.marks]
    if not furthest:
        return "No cell can be compared with serial."
    told = "; ".join(f"{title}: {_reach(mark, campaign)}" for title, mark in furthest)
    return words.sentence(f"furthest over serial – {told}")


def _paragraphs(figures: Iterable[FigureSpec], evidence: Evidence) -> tuple[str, ...]:
    campaign = evidence.campaign
    counts = sorted({workers for figure in figures for workers in figure.sizes})
    if not counts:
        return ("No cell can be compared with serial, so there are no speed-ups.",)
    cpus = text.count(campaign.machine.usable_cpus, "CPU")
    reading = (
        f"How many times faster than the plain loop on {campaign.reference_arm}, by number of "
        "workers. The batch of work is the same for every number of workers (strong scaling)"
        + (", the largest amount measured. " if has_amounts(evidence.tables) else ". ")
        + "Colour tells the model; line and marker tell the interpreter. Small points are single "
        f"blocks, whiskers {text.percent(campaign.confidence)} confidence intervals. The slanted "
        "line is perfect sharing; the dotted one is the number of CPUs that can work at a time "
        f"here ({cpus}), a bound for work that computes but not for work that waits. "
        "Lines between worker counts only guide the eye."
    )
    if len(counts) == 1:
        tried = text.count(int(counts[0]), "worker")
        return (reading, f"Only {tried} were tried, so the figures can't show scaling.")
    borders = dict.fromkeys(border for figure in figures for border in figure.borders)
    return (reading, *_crossed(borders))


def _crossed(borders: Iterable[Border]) -> Iterator[str]:
    """What the vertical lines are; nothing where there are none."""
    meanings = dict(words.BORDERS.values())
    told = [f"{meanings[border.title]} from {border.above:g} on" for border in borders]
    if told:
        yield (
            f"Vertical lines are borders of this machine: workers outnumber {text.listing(told)}. "
            "Tables show the last border that is crossed."
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
            Column("Arm", lambda mark: mark.series.arm or ""),
            Number("Workers", workers),
            Number("Speed-up", lambda mark: text.ratio_cell(mark.value), "×"),
            Number("Low", lambda mark: text.ratio_cell(mark.low), "×"),
            Number("High", lambda mark: text.ratio_cell(mark.high), "×"),
        ),
        caption=figure.title,
        row_headers=3,
    )
