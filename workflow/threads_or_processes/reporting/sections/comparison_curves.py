"""Speedup curves of several machines: a line for each of a few, the range of many."""

from collections.abc import Mapping, Sequence
from itertools import chain
from statistics import median

from threads_or_processes.records.paths import path_key
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Model
from threads_or_processes.reporting.comparison_data import Machines, work_of
from threads_or_processes.reporting.figure_spec import (
    Axis,
    FigureSpec,
    Kind,
    Mark,
    Scale,
    Series,
    Unit,
)
from threads_or_processes.reporting.page import Column, Number, Table, table_of
from threads_or_processes.reporting.palette import machine_styles
from threads_or_processes.reporting.sections.figure_builders import ratio_mark
from threads_or_processes.reporting.sections.scaling import (
    FEWEST_COUNTS,
    LINEAR_UP_TO_WORKERS,
    speedup_rows,
)

#: With more machines than this, lines of their own would cover each other.
MOST_LINES = 3
RANGE = "all machines"


def build(machines: Machines) -> tuple[tuple[FigureSpec, Table], ...]:
    """Speedup over the machine's own serial: a figure for each work and arm, with its numbers.

    A series is a machine (as its `arm`, which has the line) with a model (which has the colour).
    """
    lines: dict[tuple[str, str], dict[Series, list[Mark]]] = {}
    for name, evidence in machines.items():
        campaign = evidence.campaign
        for row, ratio in speedup_rows(campaign, evidence.tables):
            title = f"{campaign.model_title(row.model)}, {name}"
            series = Series(title=title, model=row.model, arm=name)
            mark = ratio_mark(ratio, series, row.workers)
            lines.setdefault((row.workload, row.arm), {}).setdefault(series, []).append(mark)
    return tuple(
        _curves(workload, arm, of, machines)
        for (workload, arm), of in lines.items()
        if len({series.arm for series in of}) > 1
        and len({mark.position for marks in of.values() for mark in marks}) >= FEWEST_COUNTS
    )


def reading(machines: Machines) -> str:
    """How to read the curves."""
    own = "Each machine is compared with its own serial on the reference build."
    if len(machines) <= MOST_LINES:
        return f"{own} Colour is the model, line and marker are the machine."
    return (
        f"{own} The line is the median of the machines that ran so many workers. "
        "A bar reaches from the slowest machine to the fastest."
    )


def _curves(
    workload: str, arm: str, lines: Mapping[Series, Sequence[Mark]], machines: Machines
) -> tuple[FigureSpec, Table]:
    every = tuple(chain.from_iterable(lines.values()))
    models: dict[str, Model] = {}
    for evidence in machines.values():
        models |= evidence.campaign.models
    has_lines = len(machines) <= MOST_LINES
    marks = every if has_lines else tuple(_ranges(every, models))
    marks = tuple(sorted(marks, key=lambda mark: (mark.series.title, mark.position)))
    furthest = _furthest(marks)
    is_small = max(float(mark.position) for mark in marks) <= LINEAR_UP_TO_WORKERS
    figure = FigureSpec(
        name=f"compare-{path_key(workload)}-{arm}",
        kind=Kind.LINES,
        title=f"{work_of(workload, machines).title} on {arm}",
        finding=furthest,
        caption=furthest,
        positions=Axis(
            label="workers (number)",
            unit=Unit.COUNT,
            scale=Scale.LINEAR if is_small else Scale.LOG2,
        ),
        values=Axis(label="speedup over the machine's own serial", unit=Unit.RATIO),
        styles=machine_styles(marks, list(models.values()), [*machines] if has_lines else [RANGE]),
        marks=marks,
    )
    return figure, _numbers(figure, every)


def _ranges(marks: Sequence[Mark], models: Mapping[str, Model]) -> list[Mark]:
    """The median machine at each number of workers, from the slowest to the fastest."""
    found: dict[tuple[str, float | str], list[float]] = {}
    for mark in marks:
        found.setdefault((mark.series.model or "", mark.position), []).append(mark.value)
    return [
        Mark(
            series=Series(title=models[model].title, model=model, arm=RANGE),
            position=workers,
            value=median(values),
            low=min(values),
            high=max(values),
        )
        for (model, workers), values in found.items()
    ]


def _furthest(marks: Sequence[Mark]) -> str:
    best: dict[Series, Mark] = {}
    for mark in marks:
        if mark.series not in best or mark.value > best[mark.series].value:
            best[mark.series] = mark
    parts = [
        f"{series.title}: {text.fixed(mark.value, 2)}× "
        f"with {text.count(int(mark.position), 'worker')}"
        for series, mark in best.items()
    ]
    return words.sentence(f"max speedup – {'; '.join(parts)}")


def _numbers(figure: FigureSpec, marks: Sequence[Mark]) -> Table:
    """Each machine's own numbers."""
    shown = figure.values.shown
    return table_of(
        sorted(marks, key=lambda mark: (mark.position, mark.series.model or "")),
        (
            Column("Workers", lambda mark: figure.positions.shown(mark.position)),
            Column("Series", lambda mark: mark.series.title),
            Number("Value", lambda mark: shown(mark.value)),
            Number("Low", lambda mark: shown(mark.low)),
            Number("High", lambda mark: shown(mark.high)),
        ),
        caption=f"{figure.title}: {figure.values.label}",
        row_headers=2,
    )
