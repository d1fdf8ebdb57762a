"""Speedup curves of several machines."""

from collections.abc import Mapping, Sequence

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Model
from threads_or_processes.reporting.comparison_data import Machines, work_of
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Kind, Mark, Series, Unit
from threads_or_processes.reporting.palette import machine_styles
from threads_or_processes.reporting.sections.figure_builders import ratio_mark
from threads_or_processes.reporting.sections.scaling import speedup_rows


def build(machines: Machines) -> tuple[FigureSpec, ...]:
    """Speedup over the machine's own serial, one figure for each work and arm, machines over it.

    A series is a machine (as its `arm`, which has the line) with a model (which has the colour).
    """
    lines: dict[tuple[str, str], dict[Series, list[Mark]]] = {}
    for name, evidence in machines.items():
        campaign = evidence.campaign
        for row, ratio in speedup_rows(campaign, evidence.tables):
            title = f"{campaign.model_title(row.model)}, {text.plain(name, 40)}"
            series = Series(title=title, model=row.model, arm=name)
            mark = ratio_mark(ratio, series, row.workers)
            lines.setdefault((row.workload, row.arm), {}).setdefault(series, []).append(mark)
    return tuple(
        _curves(workload, arm, of, machines)
        for (workload, arm), of in lines.items()
        if len({series.arm for series in of}) > 1
    )


def _curves(
    workload: str, arm: str, lines: Mapping[Series, Sequence[Mark]], machines: Machines
) -> FigureSpec:
    marks = tuple(
        mark for of in lines.values() for mark in sorted(of, key=lambda mark: mark.position)
    )
    models: dict[str, Model] = {}
    for evidence in machines.values():
        models |= evidence.campaign.models
    furthest = _furthest(lines)
    return FigureSpec(
        name=f"compare-{workload}-{arm}",
        kind=Kind.LINES,
        title=f"{work_of(workload, machines).title} on {arm}",
        finding=furthest,
        caption=furthest,
        positions=Axis(label="workers (number)", unit=Unit.COUNT),
        values=Axis(label="speedup over the machine's own serial", unit=Unit.RATIO),
        styles=machine_styles(marks, list(models.values()), list(machines)),
        marks=marks,
    )


def _furthest(lines: Mapping[Series, Sequence[Mark]]) -> str:
    parts = []
    for series, marks in lines.items():
        best = max(marks, key=lambda mark: mark.value)
        figure = f"{text.fixed(best.value, 2)}× with {text.count(int(best.position), 'worker')}"
        parts.append(f"{series.title}: {figure}")
    return words.sentence(f"furthest over serial – {'; '.join(parts)}")
