"""The notebook replay next to the notebook's own figures."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from threads_or_processes.records.tables.experiments import NotebookRow
from threads_or_processes.records.vocabulary import NOTEBOOK, Family
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.figure_spec import (
    Axis,
    FigureSpec,
    Kind,
    Mark,
    Scale,
    Series,
    Unit,
)
from threads_or_processes.reporting.page import (
    Column,
    Number,
    Paragraph,
    Section,
    Table,
    filled,
    not_covered,
    table_of,
)
from threads_or_processes.reporting.palette import series_styles
from threads_or_processes.reporting.sections.figure_builders import figure_block
from threads_or_processes.reporting.tables import Tables


@dataclass(frozen=True, kw_only=True)
class CallTimes:
    """How long a call took, as `%%time` prints it: wall in seconds, CPU in milliseconds."""

    where: str = "the notebook"
    call: str
    workers: int
    wall: str
    user: str
    system: str
    trials: int = 1


#: Of the teaching notebook, by the model that replays the call.
NOTEBOOK_TIMES = {
    "processes-fork": CallTimes(
        call="Pool(N).map", workers=32, wall="2.05", user="3.94", system="44.5"
    ),
    "raw_threads": CallTimes(
        call="N × Thread", workers=32, wall="2.01", user="13.4", system="8.66"
    ),
}

TIMELINE_TITLE = "Start and finish of each worker in the notebook replay"
_COLUMNS = {
    "arm": "series.arm",
    "model": "series.model",
    "worker": "position",
    "start_ns": "low",
    "end_ns": "high",
}

LIMITS = "CPU-bound work; see scaling."


def build(evidence: Evidence) -> Iterator[Section]:
    """The section, or nothing when the replay was not planned."""
    campaign = evidence.campaign
    experiment = campaign.experiment(NOTEBOOK)
    if experiment is None:
        return
    rows = evidence.tables.notebook
    measured = [row for row in rows if row.wall_ns is not None]
    figure = timeline(campaign, evidence.tables)
    yield Section(
        anchor="notebook",
        title="The teaching notebook, repeated",
        nav_title="Notebook",
        question=experiment.question,
        answer=_overlap(measured, _seconds(campaign))
        if measured
        else "No trial succeeded; only the notebook's own figures are shown.",
        blocks=filled(
            *map(Paragraph, _paragraphs(campaign, rows)),
            _times(rows, campaign),
            figure_block(
                figure,
                _timeline_table(figure, campaign),
                "Time since the start of the timed region.",
            ),
            _lists(rows, campaign),
            not_covered(LIMITS),
        ),
    )


def _call(model: str, campaign: Campaign) -> str:
    """The notebook's own call where the model replays it, else the model."""
    known = NOTEBOOK_TIMES.get(model)
    return known.call if known else campaign.model_title(model)


def _seconds(campaign: Campaign) -> float | None:
    """How long each worker sleeps, where the plan says so."""
    labels = {cell.workload for cell in campaign.cells_of(campaign.experiment(NOTEBOOK))}
    sleeps = [campaign.workloads[label].params.get("seconds") for label in sorted(labels)]
    return next((float(sleep) for sleep in sleeps if sleep is not None), None)


def _paragraphs(campaign: Campaign, rows: Sequence[NotebookRow]) -> tuple[str, ...]:
    seconds = _seconds(campaign)
    sleep = f"sleeps {text.seconds(seconds)}" if seconds else "sleeps"
    opening = (
        f"The notebook starts one worker for each CPU, with one task each, which {sleep}, once in "
        "multiprocess.Pool(N).map and once in N threading.Thread. The timed region is the same "
        "here: it includes startup and shutdown."
    )
    measured = [row for row in rows if row.wall_ns is not None]
    return tuple(p for p in (opening, _memory(measured, campaign)) if p)


def _overlap(rows: Sequence[NotebookRow], seconds: float | None) -> str:
    """Whether the sleeps overlapped, judged from the wall times themselves."""
    walls = [row.wall_ns for row in rows if row.wall_ns is not None]
    workers = max(row.workers for row in rows)
    span = f"{text.time(min(walls))} to {text.time(max(walls))}"
    if not seconds or workers < 2:
        return f"Wall times: {span}."
    in_turn = workers * seconds
    apart = f"one after the other, {text.count(workers, 'sleep')} take {text.seconds(in_turn)}"
    if max(walls) < 0.75 * in_turn * text.SECONDS.ns:
        return (
            f"Wall times: {span}; {apart}. Sleeping workers release the GIL, so sleeps overlap in "
            "threads and in processes."
        )
    return f"Wall times: {span}; {apart}."


def _memory(rows: Sequence[NotebookRow], campaign: Campaign) -> str:
    """What became of the global list, as the replay recorded it."""
    pools, threads = (
        [
            row
            for row in rows
            if campaign.models[row.model].family is family and row.data is not None
        ]
        for family in (Family.PROCESSES, Family.THREADS)
    )
    parts = []
    if pools and all(row.data == [] for row in pools):
        parts.append(
            "With processes, data stays empty in the parent: each worker appends to its own copy."
        )
    if threads and all(row.data for row in threads):
        parts.append("Threads append to one shared list.")
    return " ".join(parts)


def _milliseconds(value_ns: float | None) -> str:
    """As `%%time` prints it: three significant digits."""
    if value_ns is None:
        return text.MISSING
    scaled = value_ns / text.MILLISECONDS.ns
    return text.fixed(scaled, text.significant_decimals(scaled))


def _measured(row: NotebookRow, campaign: Campaign) -> CallTimes:
    return CallTimes(
        where=f"here, {row.arm}",
        call=_call(row.model, campaign),
        workers=row.workers,
        wall=text.MISSING if row.wall_ns is None else text.fixed(row.wall_ns / text.SECONDS.ns, 2),
        user=_milliseconds(row.user_ns),
        system=_milliseconds(row.system_ns),
        trials=row.trials,
    )


def _times(rows: Sequence[NotebookRow], campaign: Campaign) -> Table:
    return table_of(
        [*NOTEBOOK_TIMES.values(), *(_measured(row, campaign) for row in rows)],
        (
            Column("Where", lambda times: times.where),
            Column("Call", lambda times: times.call),
            Number("Workers N", lambda times: str(times.workers)),
            Number("Wall", lambda times: times.wall, "s"),
            Number("User", lambda times: times.user, "ms"),
            Number("Sys", lambda times: times.system, "ms"),
            Number("Trials", lambda times: str(times.trials)),
        ),
        caption="Times as %%time prints them: wall time, and CPU time of the parent process. "
        "Here: medians of the trials.",
        row_headers=2,
    )


def _lists(rows: Sequence[NotebookRow], campaign: Campaign) -> Table:
    return table_of(
        [row for row in rows if row.results is not None or row.data is not None],
        (
            Column("Build", lambda row: row.arm),
            Column("Call", lambda row: _call(row.model, campaign)),
            Column("Returned", lambda row: words.shown_list(row.results)),
            Column("data in the parent", lambda row: words.shown_list(row.data)),
        ),
        caption="What the batch returned, and the global list data in the parent afterwards "
        "(first trial of each).",
        row_headers=2,
    )


def timeline(campaign: Campaign, tables: Tables) -> FigureSpec:
    """Start and finish of each worker: a panel for each row of the notebook's table."""
    ways = Counter((row.model, row.arm) for row in tables.notebook)
    rows = {
        Series(
            title=f"{campaign.model_title(row.model)} on {row.arm}"
            + (f", {text.count(row.workers, 'worker')}" if ways[row.model, row.arm] > 1 else ""),
            model=row.model,
            arm=row.arm,
        ): row
        for row in tables.notebook
        if row.spans
    }
    marks = tuple(
        Mark(
            series=series,
            position=span["worker"],
            value=span["end_ns"],
            low=span["start_ns"],
            high=span["end_ns"],
        )
        for series, row in rows.items()
        for span in row.spans or ()
    )
    last_starts = {
        series: max(span["start_ns"] for span in row.spans or ()) for series, row in rows.items()
    }
    caption = "Start and finish of each worker, first trial of each."
    if last_starts:
        latest = text.time(max(last_starts.values()))
        caption += f" The latest start of any worker came {latest} into the region."
    return FigureSpec(
        name="notebook-timeline",
        kind=Kind.BARS,
        title=TIMELINE_TITLE,
        drawn_title="The notebook replay",
        caption=caption,
        positions=Axis(label="Worker", unit=Unit.COUNT, scale=Scale.LINEAR),
        values=Axis(
            label="time since the start of the timed region", unit=Unit.TIME, scale=Scale.LINEAR
        ),
        styles=series_styles(marks, campaign, [model.name for model in campaign.drawn_models]),
        marks=marks,
        opening="Timeline: one bar for each worker, over seconds since the start of the timed "
        "region.",
        summary=tuple(
            f"{series.title}: {text.count(len(row.spans or ()), 'worker')}, "
            f"the last started after {text.time(last_starts[series])}, "
            f"the whole took {text.time(row.wall_ns)}"
            for series, row in rows.items()
        ),
        why_empty="No timeline can be drawn: no trial of the notebook replay succeeded.",
        columns=_COLUMNS,
    )


def _timeline_table(figure: FigureSpec, campaign: Campaign) -> Table:
    def milliseconds(value_ns: float | None) -> str:
        return text.fixed((value_ns or 0) / text.MILLISECONDS.ns, 1)

    return table_of(
        figure.marks,
        (
            Column("Build", lambda mark: mark.series.arm or ""),
            Column("Call", lambda mark: _call(mark.series.model or "", campaign)),
            Number("Worker", lambda mark: str(mark.position)),
            Number("Start", lambda mark: milliseconds(mark.low), "ms"),
            Number("Finish", lambda mark: milliseconds(mark.high), "ms"),
        ),
        caption=TIMELINE_TITLE,
        row_headers=3,
    )
