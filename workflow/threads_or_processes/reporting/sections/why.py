"""Where the time of workers went, as a bar for each way, and the likely causes in words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from threads_or_processes.records.tables.groups import Bounded, Ratio
from threads_or_processes.records.tables.parts import PartsRow
from threads_or_processes.records.vocabulary import (
    Cause,
    ComparisonResult,
    Family,
    Part,
    PartsState,
)
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
    SeriesStyle,
    Unit,
)
from threads_or_processes.reporting.limits import largest, told
from threads_or_processes.reporting.page import (
    Block,
    Column,
    Fold,
    Heading,
    Items,
    Number,
    Paragraph,
    Section,
    Table,
    filled,
    not_covered,
    table_of,
)
from threads_or_processes.reporting.palette import PART_COLOURS, PART_LINE
from threads_or_processes.reporting.sections.figure_builders import figure_block

QUESTION = "Where does the time of the workers go?"
READING = (
    "A bar is workers × wall time of a batch, at the largest amount of work. Its parts add up to "
    "it. Useful: CPU time that the same work takes serially on the same build. Inflated: CPU time "
    "above that; negative values are savings or noise. Waiting: inside a task, but neither on a "
    "CPU nor ready for one, as for the GIL, a lock or a disk. Run queue: ready, but without a CPU. "
    "Imbalance: done before another worker. Dispatch: before the first task, between chunks, and "
    "after the last task."
)
LIMITS = "Causes are likely ones. The parts show where time went, not which line of code took it."

MOST_DRAWN = 15
"""With more workloads than this, those without a large loss have no bars."""
MOST_WORKS = 30
MOST_LOST = "workloads with the largest losses"
MOST_CAUSES = 4
"""In the table of the most frequent ones."""
NO_GIL = "processes, or the free-threaded build"
OWN_OBJECT = (
    "share less: give each thread an object of its own and join the results, or use processes"
)

PARTS = {
    Part.USEFUL: "useful",
    Part.INFLATED: "inflated",
    Part.WAITING: "waiting",
    Part.RUN_QUEUE: "run queue",
    Part.IMBALANCE: "imbalance",
    Part.DISPATCH: "dispatch",
}
#: Where the title of a part is no noun: what is lost to it.
LOSSES = {Part.INFLATED: "inflated CPU time", Part.RUN_QUEUE: "the run queue"}
STYLES = {
    Series(title=title): SeriesStyle(PART_COLOURS[part].light, PART_LINE)
    for part, title in PARTS.items()
}

#: The part that each cause explains.
EXPLAINS = {
    Cause.GIL: Part.WAITING,
    Cause.GIL_BETWEEN: Part.DISPATCH,
    Cause.LOCK: Part.WAITING,
    Cause.TAKING_TURNS: Part.WAITING,
    Cause.OWN_WAITING: Part.WAITING,
    Cause.SHARED_MEMORY: Part.INFLATED,
    Cause.SHARED_HARDWARE: Part.INFLATED,
    Cause.LOCK_HANDOVER: Part.INFLATED,
    Cause.KERNEL: Part.INFLATED,
    Cause.COSTLIER: Part.INFLATED,
    Cause.CHEAPER: Part.INFLATED,
    Cause.TAKEN_CPU: Part.RUN_QUEUE,
    Cause.PROGRAMS: Part.RUN_QUEUE,
    Cause.UNEQUAL_TASKS: Part.IMBALANCE,
    Cause.IDLE_WORKERS: Part.IMBALANCE,
    Cause.LATE_TASKS: Part.IMBALANCE,
    Cause.SENDING: Part.DISPATCH,
}

#: The likely cause, and what helps against it.
MEANINGS = {
    # What helps against it was measured here, or was not.
    Cause.GIL: ("only the thread that holds the GIL runs Python code", ""),
    Cause.GIL_BETWEEN: ("one thread has the GIL, and the others wait for it between tasks", ""),
    Cause.LOCK: (
        "threads hand a lock to each other, again and again",
        OWN_OBJECT,
    ),
    Cause.TAKING_TURNS: (
        "workers take turns with something that one of them holds for long, such as a lock, a "
        "file or a device",
        "hold it for less, or give each worker its own",
    ),
    Cause.OWN_WAITING: (
        "the tasks themselves, which wait as long serially, so this is no loss",
        "more workers, unless they wait for the CPUs that the workers use",
    ),
    Cause.SHARED_MEMORY: (
        "threads write to the same memory, above all to the reference counts of objects that all "
        "of them use",
        "give each thread a copy of its own",
    ),
    Cause.SHARED_HARDWARE: (
        "workers share memory bandwidth, caches or cores, processes as much as threads",
        "use fewer workers, or touch less memory at a time",
    ),
    Cause.LOCK_HANDOVER: (
        "the kernel hands a contended lock from thread to thread",
        OWN_OBJECT,
    ),
    Cause.KERNEL: (
        "the kernel takes longer for the same work: new and returned memory, page faults",
        "allocate less, keep buffers, or give each worker a process of its own",
    ),
    Cause.COSTLIER: (
        "workers share memory or hardware; the parts can't distinguish them",
        "measure processes, too, or more blocks: a loss that they share is due to hardware",
    ),
    Cause.CHEAPER: (
        "each worker's share may fit into its caches, or objects are no longer counted once there "
        "are threads",
        "",
    ),
    Cause.TAKEN_CPU: (
        "other programs used the CPUs, or there were fewer CPUs than workers that could run",
        "close other programs, use fewer workers, or let them run on more CPUs",
    ),
    Cause.PROGRAMS: (
        "the programs that the tasks start use the same CPUs, so this is no loss",
        "",
    ),
    Cause.UNEQUAL_TASKS: (
        "some chunks take longer than others",
        "make chunks smaller, or send tasks one by one",
    ),
    Cause.IDLE_WORKERS: (
        "one worker had several chunks and another none",
        "send more and smaller chunks",
    ),
    Cause.LATE_TASKS: (
        "a worker gets its tasks late, because sending other workers' tasks takes long",
        "send less data, or keep it in shared memory",
    ),
    Cause.SENDING: (
        "sending tasks and results takes long for so little work",
        "send more work at a time, send less data, or keep it in shared memory",
    ),
}

STATES = {
    PartsState.SENT_ONE_BY_ONE: "tasks sent one by one report no times",
    PartsState.ONE_THREAD: "all workers share one thread",
    PartsState.NOT_RECORDED: "an earlier version recorded no CPU time of workers",
    PartsState.NO_ACCOUNTS: "the system reports no run-queue wait of threads",
    PartsState.NO_SERIAL: "no serial trial did the same work",
    PartsState.NO_TRIALS: "no trial succeeded",
}

_COLUMNS = {
    "way": "position",
    "part": "series.title",
    "share_ratio": "value",
    "share_low_ratio": "low",
    "share_high_ratio": "high",
}


def build(evidence: Evidence) -> Iterator[Section]:
    """A bar for each way, by work; nothing where no time was taken apart."""
    campaign = evidence.campaign
    shown = shown_rows(campaign, evidence.tables.parts)
    measured = [row for row in shown if row.state is PartsState.MEASURED]
    if not measured:
        return
    works: dict[str, list[PartsRow]] = {}
    for row in measured:
        works.setdefault(campaign.workloads[row.workload].name, []).append(row)
    yield Section(
        anchor="why",
        title="Why some configurations lose",
        nav_title="Why",
        question=QUESTION,
        answer=_answer(measured),
        blocks=filled(
            _losses(measured),
            Fold(
                summary="Each workload: parts, likely causes and what helps",
                content=filled(
                    Paragraph(READING),
                    *(Paragraph(sentence) for sentence in _left_out(shown)),
                    *(
                        block
                        for name, rows in largest(list(works.items()), MOST_WORKS, _lost)
                        for block in _of_work(
                            name,
                            rows,
                            evidence,
                            is_drawn=len(works) <= MOST_DRAWN or any(row.causes for row in rows),
                        )
                    ),
                    *told(min(len(works), MOST_WORKS), len(works), MOST_LOST, "parts"),
                    not_covered(LIMITS),
                ),
            ),
            *_folds(measured, campaign),
        ),
    )


def _lost(work: tuple[str, Sequence[PartsRow]]) -> float:
    """The largest share of the workers' time that some way of doing a work loses."""
    return max(1 - (row.useful.value or 0.0) for row in work[1])


def shown_rows(campaign: Campaign, rows: Iterable[PartsRow]) -> list[PartsRow]:
    """One row for each work, model and arm: the most work, with as many workers as have CPUs.

    The build with its lock on is a control, and is left out where there are others.
    """
    arms = {arm.name for arm in campaign.decision_arms} or {arm.name for arm in campaign.arms}
    best: dict[tuple[str, str, str], PartsRow] = {}
    for row in rows:
        if row.arm not in arms:
            continue
        place = row.workload, row.model, row.arm
        best[place] = max(best.get(place, row), row, key=_rank)
    return list(best.values())


def _rank(row: PartsRow) -> tuple[bool, bool, int, int]:
    fits = not row.worker_kind.is_over
    return row.state is PartsState.MEASURED, fits, row.workers if fits else -row.workers, row.amount


def _answer(rows: Sequence[PartsRow]) -> str:
    """How often which part stands out."""
    counts = {
        LOSSES.get(part, title): sum(
            any(EXPLAINS[cause] is part for cause in row.causes if _is_loss(cause)) for row in rows
        )
        for part, title in PARTS.items()
    }
    by_number = sorted(counts.items(), key=lambda item: -item[1])
    told = [f"{number} to {title}" for title, number in by_number if number]
    if not told:
        ways = text.count(len(rows), "configuration")
        return f"Of {ways}, none loses a large share of its workers' time."
    losing = sum(any(map(_is_loss, row.causes)) for row in rows)
    lose = words.capital(text.part(losing, len(rows), "configuration", "lose"))
    whose = "its" if losing == 1 else "their"
    overlap = " (some to several parts)" if sum(counts.values()) > losing else ""
    parts = text.listing(told)
    return f"{lose} a large share of {whose} workers' time{overlap}: {parts}."


def _losses(rows: Sequence[PartsRow]) -> Table:
    """The likely causes of losses, the most frequent first, with what helps."""
    counts = Counter(cause for row in rows for cause in row.causes if _is_loss(cause))
    return table_of(
        counts.most_common(MOST_CAUSES),
        (
            Column("Part", lambda item: words.capital(PARTS[EXPLAINS[item[0]]])),
            Column("Likely cause", lambda item: words.capital(MEANINGS[item[0]][0])),
            Column("What helps", lambda item: words.capital(MEANINGS[item[0]][1] or NO_GIL)),
            Number("Configurations", lambda item: str(item[1])),
        ),
        caption="Most frequent likely causes of lost worker time",
    )


def _is_loss(cause: Cause) -> bool:
    return cause not in (Cause.OWN_WAITING, Cause.PROGRAMS, Cause.CHEAPER)


def _left_out(rows: Sequence[PartsRow]) -> Iterator[str]:
    """Why some ways have no bar."""
    why = {state: sum(row.state is state for row in rows) for state in STATES}
    told = [f"{number} ({STATES[state]})" for state, number in why.items() if number]
    if told:
        yield f"Configurations without a breakdown: {text.listing(told)}."


def _of_work(
    name: str, rows: Sequence[PartsRow], evidence: Evidence, *, is_drawn: bool
) -> Iterator[Block]:
    """The heading, the bars and the sentences of one kind of work."""
    campaign = evidence.campaign
    title = campaign.workloads[rows[0].workload].plain_title
    yield Heading(text=title)
    if is_drawn:
        yield figure_block(_figure(name, title, rows, campaign))
    causes = [_sentence(row, evidence) for row in rows if row.causes]
    quiet = [row for row in rows if not row.causes]
    if quiet:
        least, most = (
            _percent(end(row.useful.value or 0.0 for row in quiet)) for end in (min, max)
        )
        useful = least if least == most else f"{least} to {most}"
        ways = "; ".join(_way(row, campaign) for row in quiet)
        causes.append(f"No large loss, {useful} of the time is useful: {ways}.")
    yield Items(items=tuple(causes))


def _figure(name: str, title: str, rows: Sequence[PartsRow], campaign: Campaign) -> FigureSpec:
    """The bars of one kind of work."""
    marks = tuple(
        Mark(
            series=series,
            position=_way(row, campaign),
            value=share.value or 0.0,
            low=share.low,
            high=share.high,
        )
        for row in rows
        for series, share in zip(STYLES, row.parts.values(), strict=True)
    )
    return FigureSpec(
        name=f"why-{name}",
        kind=Kind.STACKS,
        title=f"Where the workers' time goes: {title}",
        drawn_title=title,
        caption=f"{title}: shares of workers × wall time.",
        positions=Axis(label="Configuration", unit=Unit.NAME),
        values=Axis(label="share of workers × wall time", unit=Unit.SHARE, scale=Scale.LINEAR),
        styles=STYLES,
        marks=marks,
        opening="Stacked bars, one for each configuration: shares of workers × wall time.",
        summary=tuple(
            f"{_way(row, campaign)}: "
            + ", ".join(
                f"{PARTS[part]} {_percent(share.value or 0.0)}" for part, share in row.parts.items()
            )
            for row in rows
        ),
        columns=_COLUMNS,
    )


def _way(row: PartsRow, campaign: Campaign) -> str:
    """A way of working: `threads, 2 workers, 3.13t`; with the parameters that vary."""
    varied = campaign.workloads[row.workload].varied
    with_ = "".join(f", {name}{text.SPACE}={text.SPACE}{value}" for name, value in varied.items())
    return f"{words.choice(campaign.model_title(row.model), row.workers)}, {row.arm}{with_}"


def _sentence(row: PartsRow, evidence: Evidence) -> str:
    """What a way gains, where its time goes, the likely causes and what helps."""
    campaign = evidence.campaign
    way = _way(row, campaign)
    ratio = evidence.tables.ratio(row.cell, row.baseline_cell or "")
    effect = way
    if ratio:
        effect += f": {words.RESULTS[ratio.reading]} ({words.figures(ratio)} over serial)"
    told = (part for cause in row.causes for part in _explained(cause, row, evidence))
    return " ".join(words.sentence(part) for part in (effect, *told))


def _explained(cause: Cause, row: PartsRow, evidence: Evidence) -> Iterator[str]:
    """One cause: the part in numbers, what it is likely to be, and what helps."""
    meaning, remedy = MEANINGS[cause]
    yield f"{_picture(cause, row)}; likely cause: {meaning}"
    if not MEANINGS[cause][1] and _is_loss(cause):
        yield _without_gil(row, evidence)
    elif remedy:
        yield f"what helps: {remedy}"


def _picture(cause: Cause, row: PartsRow) -> str:
    """The part that a cause explains, in numbers."""
    part = EXPLAINS[cause]
    share = _share(row.parts[part])
    match part:
        case Part.INFLATED:
            scaling = row.efficiencies.computation_scaling_ratio
            cost = f"{text.fixed(1 / scaling, 2)} times the" if scaling else "more"
            kernel = row.inflated_system_ratio or 0.0
            of_kernel = f" ({_percent(kernel)} of that in the kernel)" if kernel >= 0.005 else ""
            return (
                f"the same work takes {cost} CPU time, so {share} of the workers' time is "
                f"inflated{of_kernel}"
            )
        case Part.WAITING:
            switches = text.fixed(row.voluntary_switches or 0.0, 0)
            return f"workers wait inside tasks for {share} of their time, {switches} times a batch"
        case Part.RUN_QUEUE:
            return f"workers are ready and have no CPU for {share} of their time"
        case _ if cause is Cause.GIL_BETWEEN:
            outside = (row.parts[Part.DISPATCH].value or 0) + (row.parts[Part.IMBALANCE].value or 0)
            return f"workers are outside tasks for {_percent(outside)} of their time"
        case Part.IMBALANCE:
            return f"workers are done before the others for {share} of their time"
        case _:
            return f"dispatch takes {share} of the workers' time"


def _share(share: Bounded) -> str:
    return text.bounded(share, _percent)


def _percent(share: float) -> str:
    """Whole percents: noise is about one."""
    return f"{text.fixed(share * 100, 0)}{text.SPACE}%"


def _without_gil(row: PartsRow, evidence: Evidence) -> str:
    """The best that was measured to gain for the same work: processes, and threads without GIL."""
    campaign, tables = evidence.campaign, evidence.tables
    gil = {arm.name: arm.gil for arm in campaign.arms}
    found: dict[bool, tuple[float, str]] = {}
    tried = set()
    of_work = (one for one in tables.parts if one.workload == row.workload)
    for one in shown_rows(campaign, of_work):
        is_process = campaign.models[one.model].family is Family.PROCESSES
        waits = not (is_process and one.arm == row.arm) and (one.model != row.model or gil[one.arm])
        ratio = tables.ratio(one.cell, one.baseline_cell or "")
        if (one.workload, one.workers) != (row.workload, row.workers) or waits or ratio is None:
            continue
        tried.add("processes" if is_process else "threads without the GIL")
        if _is_faster(ratio):
            told = ratio.value, f"{_way(one, campaign)}, {words.figures(ratio)}"
            found[is_process] = max(found.get(is_process, told), told)
    if not found:
        return (
            f"not shown to be faster than serial here: {text.listing(sorted(tried))}"
            if tried
            else "no other way was measured for this"
        )
    return f"faster than serial here: {'; '.join(told for _, told in found.values())}"


def _is_faster(ratio: Ratio) -> bool:
    return ratio.has_interval and ratio.reading is ComparisonResult.FASTER


def _folds(rows: Sequence[PartsRow], campaign: Campaign) -> Iterator[Fold]:
    """The parts of every way, and its efficiencies."""
    way: tuple[Column[PartsRow], ...] = (
        Column("Work", lambda row: campaign.title(row.workload)),
        Column("Model", lambda row: campaign.model_title(row.model)),
        Number("Workers", lambda row: words.workers(row.workers, row.worker_kind)),
        Column("Build", lambda row: row.arm),
    )
    yield Fold(
        summary="Parts of every configuration",
        on_paper=False,
        note="Shares of workers × wall time; tables/parts.csv has their intervals.",
        content=(
            table_of(
                rows,
                (*way, *(_part_column(part) for part in Part)),
                caption="Where the workers' time went",
                row_headers=len(way),
                source="parts",
            ),
        ),
    )
    yield Fold(
        summary="Efficiencies of every configuration",
        on_paper=False,
        note="Efficiencies are those of the POP project: parallel efficiency is load balance × "
        "communication efficiency; times computation scaling it is the useful share. Switches are "
        "context switches of the workers in a batch.",
        content=(
            table_of(
                rows,
                (
                    *way,
                    Number("Load balance", lambda row: _ratio(row.efficiencies.load_balance_ratio)),
                    Number(
                        "Communication",
                        lambda row: _ratio(row.efficiencies.communication_efficiency_ratio),
                    ),
                    Number(
                        "Computation",
                        lambda row: _ratio(row.efficiencies.computation_scaling_ratio),
                    ),
                    Number("Switches", _switches),
                    Number("In the kernel", lambda row: _percent(row.system_ratio or 0.0)),
                ),
                caption="Efficiencies of the workers",
                row_headers=len(way),
                source="parts",
            ),
        ),
    )


def _part_column(part: Part) -> Number[PartsRow]:
    return Number(words.capital(PARTS[part]), lambda row: _percent(row.parts[part].value or 0.0))


def _ratio(value: float | None) -> str:
    return text.MISSING if value is None else text.fixed(value, 2)


def _switches(row: PartsRow) -> str:
    return text.whole((row.voluntary_switches or 0.0) + (row.involuntary_switches or 0.0))
